/**
 * What threads can do, learned once and looked up ever after: an automaton per thread, whose nodes are what the thread has
 * seen so far, and for each node a decision tree over the states of the objects that its pending operation looks at.
 *
 * A *place* is a node, or a place within its tree. It says which slot of the state to look at, or, as a leaf, what happens.
 */

import { UsageError } from "../assert.ts";
import { ABSENT, PairTable } from "./pair-table.ts";
import { depends, footprintChanges } from "./refusals.ts";

/** Leaves: nobody has been here yet; the operation has to wait, or the thread has finished. Others are edges. */
export const UNKNOWN = -1;
export const DISABLED = -2;

/** The end of a list of edges, and the node to which a step leads that reports a violation. */
export const NONE = -1;

const NO_VALUES: readonly number[] = [];

/** Places and edges of all threads. */
export class Transitions {
  /** By place: the slot to look at, or `NONE` at leaves. */
  readonly slotAt: number[] = [];
  /** By leaf. */
  readonly outcomeAt: number[] = [];

  /** By edge: who steps, and to which node; `NONE` when the step reports a violation. */
  readonly threadOf: number[] = [];
  readonly targetOf: number[] = [];
  /** By edge: the next one that differs in data choices only, or `NONE`. */
  readonly nextOf: number[] = [];
  /** By edge: where its writes begin and end in `writes`, which holds slots and values in turn. */
  readonly writesFrom: number[] = [];
  readonly writesTo: number[] = [];
  readonly writes: number[] = [];
  readonly #values: (readonly number[])[] = [];

  readonly #branches = new PairTable();
  readonly #nodes = new Map<string, number>();
  /** By node: the way that leads there, and what the thread announces there, once it has come there. */
  readonly #ways: string[] = [];
  readonly #announced: (string | undefined)[] = [];

  /** How many places there are; all have lower numbers. */
  get places(): number {
    return this.slotAt.length;
  }

  /** The outcome of the pending step of a thread in a state: `UNKNOWN`, `DISABLED`, or the first of a list of edges. */
  find(state: Int32Array, thread: number): number {
    const leaf = this.leafOf(state, thread);
    return leaf === ABSENT ? UNKNOWN : this.outcomeAt[leaf]!;
  }

  /** Where that outcome stands, for all states in which the thread looks at the same; or `ABSENT`. */
  leafOf(state: Int32Array, thread: number): number {
    let place = state[thread]!;
    for (let slot = this.slotAt[place]!; slot !== NONE; slot = this.slotAt[place]!) {
      place = this.#branches.get(place, state[slot]!);
      if (place === ABSENT) break;
    }
    return place;
  }

  /** The place that follows from a value at a place, or `ABSENT`. */
  branch(place: number, value: number): number {
    return this.#branches.get(place, value);
  }

  /** The data choices of an edge. */
  valuesOf(edge: number): readonly number[] {
    return this.#values[edge]!;
  }

  /** The node of a thread that has gone a way, whether or not it has come there yet. */
  nodeAfter(way: string): number {
    let node = this.#nodes.get(way);
    if (node === undefined) {
      node = this.#place();
      this.#nodes.set(way, node);
      this.#ways[node] = way;
    }
    return node;
  }

  /** The node of a thread that has gone a way, and announces something there; see `check`. */
  node(way: string, announced: string, name: string): number {
    const node = this.nodeAfter(way);
    this.check(node, announced, name);
    return node;
  }

  /** @throws {UsageError} when a thread announced something else the last time that it was at a node. */
  check(node: number, announced: string, name: string): void {
    const before = (this.#announced[node] ??= announced);
    if (before !== announced) throw new UsageError(depends(name, before, announced));
  }

  /** The way that leads to a node. */
  wayTo(node: number): string {
    return this.#ways[node]!;
  }

  /** The slots that a thread's step looks at in a state where that is known. */
  slotsOf(state: Int32Array, thread: number): number[] {
    const slots: number[] = [];
    let place = state[thread]!;
    for (let slot = this.slotAt[place]!; slot !== NONE; slot = this.slotAt[place]!) {
      slots.push(slot);
      place = this.#branches.get(place, state[slot]!);
    }
    return slots;
  }

  /** The leaf for the present state, of a node whose step looks at these slots. */
  leaf(node: number, slots: readonly number[], state: Int32Array): number {
    let place = node;
    for (const slot of slots) {
      if (this.slotAt[place] === NONE) {
        if (this.outcomeAt[place] !== UNKNOWN) throw new UsageError(footprintChanges(this.#announced[node]));
        this.slotAt[place] = slot;
      } else if (this.slotAt[place] !== slot) throw new UsageError(footprintChanges(this.#announced[node]));
      let next = this.#branches.get(place, state[slot]!);
      if (next === ABSENT) {
        next = this.#place();
        this.#branches.add(place, state[slot]!, next);
      }
      place = next;
    }
    if (this.slotAt[place] !== NONE) throw new UsageError(footprintChanges(this.#announced[node]));
    return place;
  }

  /** A new edge. It is not part of any list yet. */
  edge(thread: number, target: number, writes: readonly number[], values: readonly number[]): number {
    const edge = this.threadOf.length;
    this.threadOf.push(thread);
    this.targetOf.push(target);
    this.nextOf.push(NONE);
    this.writesFrom.push(this.writes.length);
    for (const word of writes) this.writes.push(word);
    this.writesTo.push(this.writes.length);
    this.#values.push(values.length === 0 ? NO_VALUES : [...values]);
    return edge;
  }

  /** Puts an edge into the list of a leaf, last. */
  append(leaf: number, edge: number): void {
    let last = this.outcomeAt[leaf]!;
    if (last < 0) this.outcomeAt[leaf] = edge;
    else {
      while (this.nextOf[last] !== NONE) last = this.nextOf[last]!;
      this.nextOf[last] = edge;
    }
  }

  #place(): number {
    this.outcomeAt.push(UNKNOWN);
    return this.slotAt.push(NONE) - 1;
  }
}
