/**
 * Agreement on one value: Paxos for one decision (Lamport, "Paxos made simple", 2001). A server that is asked to write leads a
 * round of its own; one that knows the decision answers reads.
 */

import type { RegisterMessage } from "./history.ts";
import { toOthers, type Answer, type OfKind } from "./network.ts";
import { majorityOf, type Server } from "./register.ts";

/** Rounds, ordered: a number, and who leads it. */
type Ballot = readonly [round: number, leader: number];

interface Proposal {
  readonly request: number;
  readonly client: number;
  readonly value: string;
}

type Accepted = readonly [Ballot, Proposal] | undefined;

type PaxosMessage =
  | { readonly kind: "prepare"; readonly ballot: Ballot }
  | { readonly kind: "prepared"; readonly ballot: Ballot; readonly accepted: Accepted }
  | { readonly kind: "accept"; readonly ballot: Ballot; readonly proposal: Proposal }
  | { readonly kind: "accepted"; readonly ballot: Ballot }
  | { readonly kind: "decided"; readonly ballot: Ballot; readonly proposal: Proposal };

interface PaxosState {
  readonly ballot: Ballot;
  /** As a leader: what is proposed, and what each server has said. */
  readonly proposal: Proposal | undefined;
  readonly promises: readonly ({ readonly accepted: Accepted } | undefined)[];
  readonly accepts: readonly boolean[];
  /** As one who accepts. */
  readonly accepted: Accepted;
  readonly isDecided: boolean;
}

type PaxosAnswer = Answer<PaxosState, PaxosMessage | RegisterMessage>;

function order([round, leader]: Ballot, [otherRound, otherLeader]: Ballot): number {
  return round - otherRound || leader - otherLeader;
}

/** One of `servers` servers. */
export class PaxosServer implements Server<PaxosState, PaxosMessage> {
  readonly start: PaxosState;
  readonly #id: number;
  readonly #ids: readonly number[];
  readonly #majority: number;

  constructor(id: number, servers: number) {
    this.#id = id;
    this.#ids = Array.from({ length: servers }, (_, server) => server);
    this.#majority = majorityOf(servers);
    this.start = {
      ballot: [0, 0],
      proposal: undefined,
      promises: this.#ids.map(() => undefined),
      accepts: this.#ids.map(() => false),
      accepted: undefined,
      isDecided: false,
    };
  }

  receive(state: PaxosState, from: number, message: PaxosMessage | RegisterMessage): PaxosAnswer | undefined {
    if (!state.isDecided) return this.#receiveUndecided(state, from, message);
    if (message.kind !== "get") return undefined;
    const { value } = state.accepted![1];
    return { state, sent: [[from, { kind: "getOk", request: message.request, value }]] };
  }

  #receiveUndecided(
    state: PaxosState,
    from: number,
    message: PaxosMessage | RegisterMessage,
  ): PaxosAnswer | undefined {
    switch (message.kind) {
      case "put":
        return state.proposal === undefined ? this.#lead(state, from, message) : undefined;
      case "prepare": {
        const { ballot } = message;
        if (order(state.ballot, ballot) >= 0) return undefined;
        return {
          state: { ...state, ballot },
          sent: [[from, { kind: "prepared", ballot, accepted: state.accepted }]],
        };
      }
      case "prepared":
        return order(state.ballot, message.ballot) === 0
          ? this.#onPromise(state, from, message.accepted)
          : undefined;
      case "accept": {
        const { ballot, proposal } = message;
        if (order(state.ballot, ballot) > 0) return undefined;
        return {
          state: { ...state, ballot, accepted: [ballot, proposal] },
          sent: [[from, { kind: "accepted", ballot }]],
        };
      }
      case "accepted":
        return order(state.ballot, message.ballot) === 0 ? this.#onAccepted(state, from) : undefined;
      case "decided": {
        const { ballot, proposal } = message;
        return { state: { ...state, ballot, accepted: [ballot, proposal], isDecided: true }, sent: [] };
      }
      case "get":
      case "putOk":
      case "getOk":
        return undefined;
    }
  }

  #lead(state: PaxosState, client: number, { request, value }: OfKind<RegisterMessage, "put">): PaxosAnswer {
    const ballot: Ballot = [state.ballot[0] + 1, this.#id];
    const { accepted } = state;
    return {
      state: {
        ...state,
        ballot,
        proposal: { request, client, value },
        promises: this.#ids.map((server) => (server === this.#id ? { accepted } : undefined)),
        accepts: this.#ids.map(() => false),
      },
      sent: this.#toPeers({ kind: "prepare", ballot }),
    };
  }

  /** With a this.#majority of promises, the leader proposes what was accepted in the highest round, or else its own. */
  #onPromise(state: PaxosState, from: number, accepted: Accepted): PaxosAnswer {
    const { ballot } = state;
    const promises = state.promises.with(from, { accepted });
    const given = promises.filter((promise) => promise !== undefined);
    if (given.length !== this.#majority) return { state: { ...state, promises }, sent: [] };
    const earlier = given.flatMap((promise) => (promise.accepted === undefined ? [] : [promise.accepted]));
    const proposal = earlier.sort(([a], [b]) => order(b, a))[0]?.[1] ?? state.proposal!;
    return {
      state: {
        ...state,
        promises,
        proposal,
        accepted: [ballot, proposal],
        accepts: state.accepts.with(this.#id, true),
      },
      sent: this.#toPeers({ kind: "accept", ballot, proposal }),
    };
  }

  #onAccepted(state: PaxosState, from: number): PaxosAnswer {
    const accepts = state.accepts.with(from, true);
    if (accepts.filter(Boolean).length !== this.#majority) return { state: { ...state, accepts }, sent: [] };
    const { ballot } = state;
    const proposal = state.proposal!;
    return {
      state: { ...state, accepts, isDecided: true },
      sent: [
        ...this.#toPeers({ kind: "decided", ballot, proposal }),
        [proposal.client, { kind: "putOk", request: proposal.request }],
      ],
    };
  }

  #toPeers(message: PaxosMessage): PaxosAnswer["sent"] {
    return toOthers(this.#ids, this.#id, message);
  }
}
