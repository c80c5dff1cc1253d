/**
 * A register on several servers of which a majority is enough: the one that is asked first finds out the newest value from a
 * majority, then has a majority record what it writes, or what it has read (Attiya, Bar-Noy and Dolev, "Sharing memory
 * robustly in message-passing systems", JACM 1995; with writers of equal right as by Lynch and Shvartsman, FTCS 1997).
 */

import { UNWRITTEN, type RegisterMessage } from "./history.ts";
import { toOthers, type Answer, type OfKind } from "./network.ts";
import { majorityOf, type Server } from "./register.ts";

/** Versions of the value: a clock, and which server wrote it. */
type Version = readonly [clock: number, writer: number];

type AbdMessage =
  | { readonly kind: "query"; readonly request: number }
  | { readonly kind: "ackQuery"; readonly request: number; readonly version: Version; readonly value: string }
  | { readonly kind: "record"; readonly request: number; readonly version: Version; readonly value: string }
  | { readonly kind: "ackRecord"; readonly request: number };

/** What one server has said: nothing, or its version and value. */
type Response = readonly [Version, string] | undefined;

type Phase =
  | {
      readonly name: "query";
      readonly request: number;
      readonly client: number;
      /** What is to be written; `undefined` for a read. */
      readonly written: string | undefined;
      readonly responses: readonly Response[];
    }
  | {
      readonly name: "record";
      readonly request: number;
      readonly client: number;
      readonly read: string | undefined;
      readonly acks: readonly boolean[];
    };

interface AbdState {
  readonly version: Version;
  readonly value: string;
  readonly phase: Phase | undefined;
}

type AbdAnswer = Answer<AbdState, AbdMessage | RegisterMessage>;

function isNewer([clock, writer]: Version, [otherClock, otherWriter]: Version): boolean {
  return clock > otherClock || (clock === otherClock && writer > otherWriter);
}

/** One of `servers` servers. */
export class AbdServer implements Server<AbdState, AbdMessage> {
  readonly start: AbdState;
  readonly #id: number;
  readonly #ids: readonly number[];
  readonly #majority: number;

  constructor(id: number, servers: number) {
    this.#id = id;
    this.#ids = Array.from({ length: servers }, (_, server) => server);
    this.#majority = majorityOf(servers);
    this.start = { version: [0, id], value: UNWRITTEN, phase: undefined };
  }

  receive(state: AbdState, from: number, message: AbdMessage | RegisterMessage): AbdAnswer | undefined {
    switch (message.kind) {
      case "put":
        return state.phase === undefined
          ? this.#begin(state, from, message.request, message.value)
          : undefined;
      case "get":
        return state.phase === undefined ? this.#begin(state, from, message.request, undefined) : undefined;
      case "query": {
        const { version, value } = state;
        return { state, sent: [[from, { kind: "ackQuery", request: message.request, version, value }]] };
      }
      case "ackQuery":
        return this.#onResponse(state, from, message);
      case "record": {
        const ack = { kind: "ackRecord", request: message.request } as const;
        return { state: this.#recordIn(state, message.version, message.value), sent: [[from, ack]] };
      }
      case "ackRecord":
        return this.#onRecorded(state, from, message.request);
      case "putOk":
      case "getOk":
        return undefined;
    }
  }

  #begin(state: AbdState, client: number, request: number, written: string | undefined): AbdAnswer {
    const own = [state.version, state.value] as const;
    const responses = this.#ids.map((server) => (server === this.#id ? own : undefined));
    const phase: Phase = { name: "query", request, client, written, responses };
    return { state: { ...state, phase }, sent: this.#toPeers({ kind: "query", request }) };
  }

  #onResponse(
    state: AbdState,
    from: number,
    { request, version, value }: OfKind<AbdMessage, "ackQuery">,
  ): AbdAnswer | undefined {
    const { phase } = state;
    if (phase?.name !== "query" || phase.request !== request) return undefined;
    const responses = phase.responses.with(from, [version, value]);
    const heard = responses.filter((response) => response !== undefined);
    if (heard.length !== this.#majority)
      return { state: { ...state, phase: { ...phase, responses } }, sent: [] };
    const newest = heard.reduce((best, response) => (isNewer(response[0], best[0]) ? response : best));
    const isWrite = phase.written !== undefined;
    const agreed = isWrite ? ([newest[0][0] + 1, this.#id] as const) : newest[0];
    const recorded = phase.written ?? newest[1];
    const acks = this.#ids.map((server) => server === this.#id);
    const next: Phase = {
      name: "record",
      request,
      client: phase.client,
      read: isWrite ? undefined : recorded,
      acks,
    };
    return {
      state: { ...this.#recordIn(state, agreed, recorded), phase: next },
      sent: this.#toPeers({ kind: "record", request, version: agreed, value: recorded }),
    };
  }

  #recordIn(state: AbdState, version: Version, value: string): AbdState {
    return isNewer(version, state.version) ? { ...state, version, value } : state;
  }

  #onRecorded(state: AbdState, from: number, request: number): AbdAnswer | undefined {
    const { phase } = state;
    if (phase?.name !== "record" || phase.request !== request || phase.acks[from] === true) return undefined;
    const acks = phase.acks.with(from, true);
    if (acks.filter(Boolean).length !== this.#majority)
      return { state: { ...state, phase: { ...phase, acks } }, sent: [] };
    const answer: RegisterMessage =
      phase.read === undefined ? { kind: "putOk", request } : { kind: "getOk", request, value: phase.read };
    return { state: { ...state, phase: undefined }, sent: [[phase.client, answer]] };
  }

  #toPeers(message: AbdMessage): AbdAnswer["sent"] {
    return toOthers(this.#ids, this.#id, message);
  }
}
