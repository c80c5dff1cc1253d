/** Registers over a network, and the clients that use them: each client writes a value of its own once, then reads. */

import { always, defineScenario, sometimes, type Scenario } from "@mmrace/scheduler";
import type { Program } from "../program.ts";
import { History, UNWRITTEN, type RegisterMessage } from "./history.ts";
import { Actor, Network, serve, type Answer, type Message, type Receive } from "./network.ts";

/** A server: what it starts with, and how it answers. */
export interface Server<S, I extends Message> {
  readonly start: S;
  receive(state: S, from: number, message: I | RegisterMessage): Answer<S, I | RegisterMessage> | undefined;
}

/** The fewest servers that are more than half of them. */
export function majorityOf(servers: number): number {
  return Math.floor(servers / 2) + 1;
}

/** A register on several servers, with clients. */
export interface RegisterWorld<S, I extends Message> {
  readonly network: Network<I | RegisterMessage>;
  readonly servers: readonly Actor<S, I | RegisterMessage>[];
  readonly clients: readonly Actor<ClientState, I | RegisterMessage>[];
  readonly history: History;
}

interface ClientState {
  /** The request whose answer the client waits for. */
  readonly awaits: number | undefined;
  /** Requests that were sent. */
  readonly requests: number;
}

/** Clients have the numbers after those of the servers; each asks one server after the other. */
function client<I extends Message>(id: number, servers: number): Receive<ClientState, I | RegisterMessage> {
  return ({ awaits, requests }, _from, message): Answer<ClientState, I | RegisterMessage> | undefined => {
    const { kind, request } = message as RegisterMessage;
    if (awaits === undefined || request !== awaits) return undefined;
    if (kind === "getOk") return { state: { awaits: undefined, requests: requests + 1 }, sent: [] };
    if (kind !== "putOk") return undefined;
    const next = (requests + 1) * id;
    return {
      state: { awaits: next, requests: requests + 1 },
      sent: [[(id + requests) % servers, { kind: "get", request: next }]],
    };
  };
}

/** A register as a program for searches over states. Nobody need come to an end: all actors are daemons. */
export function registerProgram<S, I extends Message>(
  id: string,
  sizes: { readonly servers: number; readonly clients: number },
  server: (id: number) => Server<S, I>,
  expected: Program["expected"],
): Program<RegisterWorld<S, I>> {
  const serverIds = Array.from({ length: sizes.servers }, (_, at) => at);
  const clientIds = Array.from({ length: sizes.clients }, (_, at) => sizes.servers + at);
  const daemons: NonNullable<Scenario<RegisterWorld<S, I>>["daemons"]> = Object.fromEntries([
    ...serverIds.map(
      (at) => [`server${at}`, (world: RegisterWorld<S, I>) => serve(world.servers[at]!)] as const,
    ),
    ...clientIds.map(
      (at) =>
        [`client${at}`, (world: RegisterWorld<S, I>) => serve(world.clients[at - sizes.servers]!)] as const,
    ),
  ]);
  const setup = (): RegisterWorld<S, I> => {
    const network = new Network<I | RegisterMessage>(sizes.servers + sizes.clients);
    const history = new History(sizes.servers, sizes.clients);
    const servers = serverIds.map((at) => {
      const own = server(at);
      return new Actor<S, I | RegisterMessage>(network, at, own.start, (...letter) => own.receive(...letter));
    });
    const clients = clientIds.map((at) => {
      const start: ClientState = { awaits: at, requests: 1 };
      const actor = new Actor(network, at, start, client<I>(at, sizes.servers), history);
      const value = String.fromCodePoint("A".codePointAt(0)! + at - sizes.servers);
      actor.send(at % sizes.servers, { kind: "put", request: at, value });
      return actor;
    });
    return { network, servers, clients, history };
  };
  return {
    id,
    scenario: defineScenario({
      name: id,
      setup,
      // A scenario has a thread; this one has nothing to do.
      threads: { *nobody() {} },
      daemons,
      properties: [
        always("linearizable", ({ history }) => history.isLinearizable),
        sometimes("a written value is read", ({ network }) =>
          network.messages.some(
            (message) => message.kind === "getOk" && (message as { value?: string }).value !== UNWRITTEN,
          ),
        ),
      ],
    }),
    finalState: ({ servers, clients }) => JSON.stringify([...servers, ...clients].map(({ state }) => state)),
    expected,
  };
}
