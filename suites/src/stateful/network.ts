/**
 * Actors over a network: each has a state, and answers a message by a new state and messages of its own, in one step. The
 * network delivers every message once, in any order (Agha, "Actors", 1986; the form of Stateright's actor models).
 */

import { forget, SharedObject, type Steps } from "@mmrace/scheduler";
import { oneOf } from "./atomically.ts";
import type { History } from "./history.ts";

/** Anything that is written in one way only: equal messages have equal JSON. */
export interface Message {
  readonly kind: string;
}

/** The messages of one kind among several. */
export type OfKind<M extends Message, K extends M["kind"]> = Extract<M, { readonly kind: K }>;

/** What a delivery leads to. */
export interface Answer<S, M extends Message> {
  readonly state: S;
  readonly sent: readonly (readonly [to: number, message: M])[];
}

/** A message to all actors of some but one. */
export function toOthers<M extends Message>(
  ids: readonly number[],
  self: number,
  message: M,
): readonly (readonly [to: number, message: M])[] {
  return ids.filter((id) => id !== self).map((id) => [id, message] as const);
}

/** How an actor answers. `undefined` where a message changes nothing: such a message stays on its way. */
export type Receive<S, M extends Message> = (state: S, from: number, message: M) => Answer<S, M> | undefined;

/** Equal messages on one link. */
interface Batch<M> {
  readonly text: string;
  readonly message: M;
  count: number;
}

/** Messages from one actor to another, in the order of their texts: the order in which they were sent is forgotten. */
class Link<M extends Message> extends SharedObject {
  readonly from: number;
  readonly batches: Batch<M>[] = [];

  constructor(from: number, to: number) {
    super("link", `link ${from}-${to}`);
    this.from = from;
  }

  send(message: M): void {
    const text = JSON.stringify(message);
    const at = this.batches.findIndex((batch) => batch.text >= text);
    if (at >= 0 && this.batches[at]!.text === text) this.batches[at]!.count++;
    else this.batches.splice(at < 0 ? this.batches.length : at, 0, { text, message, count: 1 });
  }

  take(batch: Batch<M>): void {
    if (--batch.count === 0) this.batches.splice(this.batches.indexOf(batch), 1);
  }

  override stateValue(): unknown {
    return this.batches.map(({ text, count }) => [text, count]);
  }
}

/** An actor in its present state. */
export class Actor<S, M extends Message> extends SharedObject {
  readonly id: number;
  state: S;
  readonly #receive: Receive<S, M>;
  readonly #network: Network<M>;
  /** Told of what arrives and is sent, where that is part of the history of the system. */
  readonly history: History | undefined;
  /** All that a delivery may look at or change besides the actor itself. */
  readonly reach: readonly SharedObject[];

  constructor(network: Network<M>, id: number, state: S, receive: Receive<S, M>, history?: History) {
    super("actor", `actor ${id}`);
    this.#network = network;
    this.id = id;
    this.state = state;
    this.#receive = receive;
    this.history = history;
    this.reach = [...network.to(id), ...network.from(id), ...(history === undefined ? [] : [history])];
  }

  override stateValue(): unknown {
    return [this.state];
  }

  /** Deliveries that change something. */
  get deliveries(): readonly (() => void)[] {
    return this.#network.to(this.id).flatMap((link) =>
      link.batches.flatMap((batch) => {
        const answer = this.#receive(this.state, link.from, batch.message);
        return answer === undefined ? [] : [() => this.#deliver(link, batch, answer)];
      }),
    );
  }

  #deliver(link: Link<M>, batch: Batch<M>, { state, sent }: Answer<S, M>): void {
    link.take(batch);
    this.state = state;
    this.history?.onArrival(this.id, batch.message);
    for (const [to, each] of sent) this.send(to, each);
  }

  /** Sends a message outside of a delivery: before the first. */
  send(to: number, message: M): void {
    this.history?.onSending(this.id, message);
    this.#network.link(this.id, to).send(message);
  }
}

/** The links between so many actors. */
export class Network<M extends Message> {
  readonly #links: readonly (readonly Link<M>[])[];
  readonly #linksTo: readonly (readonly Link<M>[])[];

  constructor(actors: number) {
    const ids = Array.from({ length: actors }, (_, id) => id);
    this.#links = ids.map((from) => ids.map((to) => new Link<M>(from, to)));
    this.#linksTo = ids.map((to) => ids.map((from) => this.#links[from]![to]!));
  }

  link(from: number, to: number): Link<M> {
    return this.#links[from]![to]!;
  }

  /** All links from an actor. */
  from(id: number): readonly Link<M>[] {
    return this.#links[id]!;
  }

  /** All links to an actor. */
  to(id: number): readonly Link<M>[] {
    return this.#linksTo[id]!;
  }

  /** Messages on their way, equal ones once. */
  get messages(): readonly M[] {
    return this.#links.flat().flatMap(({ batches }) => batches.map(({ message }) => message));
  }
}

/** Delivers one message after the other to an actor. The strategy says which. */
export function* serve<S, M extends Message>(actor: Actor<S, M>): Steps<void> {
  for (;;) {
    yield* forget("waiting for a message");
    yield* oneOf([actor, ...actor.reach], () => actor.deliveries);
  }
}
