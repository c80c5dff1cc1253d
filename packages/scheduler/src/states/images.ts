/**
 * States under permutations of interchangeable threads. Of the states that are permutations of each other, the search looks at
 * one: they have the same orbit hash, the least of the hashes of all (Ip and Dill, "Better verification through symmetry",
 * Formal Methods in System Design 1996; Emerson and Sistla, "Symmetry and model checking", the same volume). All permutations
 * are tried, so orbits are exact, and their number does not depend on the order of the search. Of 64 bits of hash, the least
 * of k hashes has about log2(k) fewer: two orbits are taken for one with k times the probability of hash-set.ts.
 */

import type { Permutation } from "./interchange.ts";
import type { Slots } from "./slots.ts";
import type { Transitions } from "./transitions.ts";
import { highOf, lowOf } from "./zobrist.ts";

/** In texts of `Names`: what is quoted, the objects and things that have been numbered, threads; and a node, at the front. */
const NAMES = /"(?:[^"\\]|\\.)*"|(?<![\w.-])[nox]-?\d+\.\d+(?!\w)|(?<!\w)t\d+(?![\w:])|^#\d+/g;

/** What one permutation makes of texts, slots, values and nodes; each is worked out once. */
class Image {
  readonly threads: readonly number[];
  readonly #transitions: Transitions;
  readonly #slots: Slots;
  readonly #names = new Map<string, string>();
  readonly #slotOf: number[] = [];
  readonly #valueOf: number[] = [];
  readonly #nodeOf: number[] = [];

  constructor(
    threads: readonly number[],
    threadNames: readonly string[],
    own: ReadonlyMap<number, readonly string[]>,
    transitions: Transitions,
    slots: Slots,
  ) {
    this.threads = threads;
    this.#transitions = transitions;
    this.#slots = slots;
    for (const [from, to] of threads.entries()) {
      this.#names.set(`t${from}`, `t${to}`);
      this.#names.set(JSON.stringify(threadNames[from]), JSON.stringify(threadNames[to]));
      for (const [at, name] of own.get(from)?.entries() ?? []) this.#names.set(name, own.get(to)![at]!);
    }
  }

  slot(slot: number): number {
    return (this.#slotOf[slot] ??= this.#findSlot(slot));
  }

  /** What a slot holds in the image, given what the slot that goes there holds. */
  word(slot: number, word: number): number {
    if (slot < this.#slots.threads) return this.node(word);
    if (word === 0 || slot < this.#slots.memoryFrom) return word;
    return (this.#valueOf[word] ??= this.#slots.valueOf(this.#renamed(this.#slots.textOf(word))));
  }

  node(node: number): number {
    return (this.#nodeOf[node] ??= this.#transitions.nodeAfter(this.#renamed(this.#transitions.wayTo(node))));
  }

  #findSlot(slot: number): number {
    if (slot < this.#slots.threads) return this.threads[slot]!;
    if (slot < this.#slots.memoryFrom) {
      const thread = this.#slots.pausing[slot - this.#slots.threads]!;
      return this.#slots.newsOf(this.threads[thread]!)!;
    }
    return this.#slots.ofName(this.#nameFor(this.#slots.nameAt(slot)!));
  }

  #renamed(text: string): string {
    return text.replace(NAMES, (name) => this.#nameFor(name));
  }

  /** Things that threads have made are numbered by their maker. */
  #nameFor(name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    if (name.startsWith("#")) return `#${this.node(Number(name.slice(1)))}`;
    return name.replace(
      /^([nox])(\d+)(?=\.\d+$)/,
      (_, sort: string, maker: string) => `${sort}${this.threads[Number(maker)]}`,
    );
  }
}

/** The images of states under all permutations. */
export class Images {
  low = 0;
  high = 0;
  readonly #all: readonly Image[];
  readonly #transitions: Transitions;
  /** Of the state loaded last: its hash under each permutation. */
  readonly #lows: Int32Array;
  readonly #highs: Int32Array;

  constructor(
    permutations: readonly Permutation[],
    threadNames: readonly string[],
    own: ReadonlyMap<number, readonly string[]>,
    transitions: Transitions,
    slots: Slots,
  ) {
    this.#all = permutations.map(({ threads }) => new Image(threads, threadNames, own, transitions, slots));
    this.#transitions = transitions;
    this.#lows = new Int32Array(permutations.length);
    this.#highs = new Int32Array(permutations.length);
  }

  /** The image under a permutation. */
  under(permutation: readonly number[]): Image {
    return this.#all.find(({ threads }) => threads.join() === permutation.join())!;
  }

  /** Computes the hash that all states of an orbit have in common: `low` and `high`. */
  hash(state: Int32Array): void {
    this.load(state);
    for (let at = 0; at < this.#all.length; at++) this.#offer(at, this.#lows[at]!, this.#highs[at]!);
  }

  /** Starts from a state in `hashAfter`. */
  load(state: Int32Array): void {
    for (const [at, image] of this.#all.entries()) {
      let low = 0;
      let high = 0;
      for (let slot = 0; slot < state.length; slot++) {
        const to = image.slot(slot);
        const there = image.word(slot, state[slot]!);
        low = (low + lowOf(to, there)) | 0;
        high = (high + highOf(to, there)) | 0;
      }
      this.#lows[at] = low;
      this.#highs[at] = high;
    }
  }

  /** The same as `hash`, of the state to which an edge leads from the one that was loaded last. */
  hashAfter(state: Int32Array, edge: number): void {
    const { writes, writesFrom, writesTo, threadOf, targetOf } = this.#transitions;
    const thread = threadOf[edge]!;
    const from = writesFrom[edge]!;
    const end = writesTo[edge]!;
    for (let at = 0; at < this.#all.length; at++) {
      const image = this.#all[at]!;
      let slot = image.slot(thread);
      let before = image.word(thread, state[thread]!);
      let after = image.word(thread, targetOf[edge]!);
      let low = this.#lows[at]! + lowOf(slot, after) - lowOf(slot, before);
      let high = this.#highs[at]! + highOf(slot, after) - highOf(slot, before);
      for (let write = from; write < end; write += 2) {
        const written = writes[write]!;
        slot = image.slot(written);
        before = image.word(written, state[written]!);
        after = image.word(written, writes[write + 1]!);
        low = (low + lowOf(slot, after) - lowOf(slot, before)) | 0;
        high = (high + highOf(slot, after) - highOf(slot, before)) | 0;
      }
      this.#offer(at, low | 0, high | 0);
    }
  }

  #offer(at: number, low: number, high: number): void {
    if (at !== 0 && (high > this.high || (high === this.high && low >= this.low))) return;
    this.low = low;
    this.high = high;
  }
}

export type { Image };
