/**
 * Where a search over states is, and what can follow. It knows the states by their rows, the transitions by what the learner
 * has found out, and each state that was seen by its hash and by the step that led there first.
 */

import { assert } from "../assert.ts";
import { castOf } from "../cast.ts";
import type { RunSettings } from "../run-settings.ts";
import type { Scenario } from "../scenario.ts";
import { HashSet64 } from "./hash-set.ts";
import { Learner } from "./learner.ts";
import { EDGE, HEADER, HIGH, INDEX, LAST, LOW, MEMORY_HIGH, MEMORY_LOW, type Rows } from "./rows.ts";
import type { Route } from "./route-run.ts";
import { Slots } from "./slots.ts";
import { Transitions, UNKNOWN } from "./transitions.ts";
import { highOf, lowOf } from "./zobrist.ts";

/** The slot that stands for the thread that ran last, in hashes. */
const LAST_SLOT = -2;

/** A growing array of 32-bit numbers. */
class Words {
  length = 0;
  #words = new Int32Array(1 << 10);

  push(word: number): number {
    if (this.length === this.#words.length) {
      const words = new Int32Array(2 * this.length);
      words.set(this.#words);
      this.#words = words;
    }
    this.#words[this.length] = word;
    return this.length++;
  }

  at(index: number): number {
    return this.#words[index]!;
  }

  get bytes(): number {
    return this.#words.byteLength;
  }
}

/** A row being looked at, and the states behind it. */
export class Walker<W> {
  readonly transitions: Transitions = new Transitions();
  readonly slots: Slots;
  readonly learner: Learner<W>;
  readonly seen: HashSet64 = new HashSet64();
  /** Of each state by its number: the state before it, and the edge; roots have themselves, and their number. */
  readonly #before = new Words();
  readonly #edges = new Words();
  readonly #roots: (readonly number[])[] = [];
  /** The row that is being looked at. */
  index = 0;
  last = 0;
  state: Int32Array = new Int32Array(0);
  /** By thread: what its step would be, as `Transitions.find` says. */
  readonly outcomes: number[] = [];
  #low = 0;
  #high = 0;
  #memoryLow = 0;
  #memoryHigh = 0;
  #nextLow = 0;
  #nextHigh = 0;
  #nextMemoryLow = 0;
  #nextMemoryHigh = 0;

  constructor(scenario: Scenario<W>, settings: RunSettings, pausing: readonly number[]) {
    this.slots = new Slots(countThreads(scenario, settings), pausing);
    this.learner = new Learner(scenario, settings, this.transitions, this.slots);
  }

  /** How many states have a number. */
  get states(): number {
    return this.#before.length;
  }

  get bytes(): number {
    return this.seen.bytes + this.#before.bytes + this.#edges.bytes;
  }

  /** Gives a state to start from a number, and a row unless an equal one has one. */
  addRoot(values: readonly number[], root: Int32Array, last: number, rows: Rows): boolean {
    let [low, high, memoryLow, memoryHigh] = [0, 0, 0, 0];
    for (const [slot, value] of root.entries()) {
      low = (low + lowOf(slot, value)) | 0;
      high = (high + highOf(slot, value)) | 0;
      if (slot < this.slots.memoryFrom) continue;
      memoryLow = (memoryLow + lowOf(slot, value)) | 0;
      memoryHigh = (memoryHigh + highOf(slot, value)) | 0;
    }
    if (!this.#isNew(low, high, last)) return false;
    this.#edges.push(this.#roots.push(values) - 1);
    const index = this.#before.push(this.states);
    rows.widen(this.slots.width);
    const at = rows.push();
    rows.words.set([index, 0, low, high, memoryLow, memoryHigh, last], at);
    rows.words.set(root, at + HEADER);
    return true;
  }

  /** Looks at a row. */
  load(rows: Rows, row: number): void {
    this.#widen();
    rows.widen(this.slots.width);
    const { words, stride } = rows;
    const at = row * stride;
    this.index = words[at + INDEX]!;
    this.last = words[at + LAST]!;
    this.#low = words[at + LOW]!;
    this.#high = words[at + HIGH]!;
    this.#memoryLow = words[at + MEMORY_LOW]!;
    this.#memoryHigh = words[at + MEMORY_HIGH]!;
    const { state } = this;
    for (let slot = 0, from = at + HEADER; slot < state.length; slot++, from++) state[slot] = words[from]!;
  }

  /** Finds out what each thread can do in the row. */
  findOutcomes(): void {
    for (let thread = 0; thread < this.slots.threads; thread++) {
      let outcome = this.transitions.find(this.state, thread);
      if (outcome === UNKNOWN) {
        this.learner.learn(this.routeTo(this.index), this.state);
        this.#widen();
        outcome = this.transitions.find(this.state, thread);
        assert(outcome !== UNKNOWN, "a step was taken and not learned");
      }
      this.outcomes[thread] = outcome;
    }
  }

  /** Goes a step: appends a row for the state that it leads to, if that is new, and gives it a number. */
  reach(edge: number, last: number, rows: Rows): boolean {
    this.#hashAfter(edge);
    if (!this.#isNew(this.#nextLow, this.#nextHigh, last)) return false;
    const at = this.#storeAfter(edge, last, rows);
    rows.words[at + INDEX] = this.#before.push(this.index);
    this.#edges.push(edge);
    return true;
  }

  /** Goes a step whose state is not to be looked at yet: the row has the number of the state before it. */
  defer(edge: number, last: number, rows: Rows): void {
    this.#hashAfter(edge);
    const at = this.#storeAfter(edge, last, rows);
    rows.words[at + INDEX] = this.index;
    rows.words[at + EDGE] = edge;
  }

  /** Looks at a deferred row again: appends it, with a number, unless its state was seen meanwhile. */
  admit(deferred: Rows, row: number, rows: Rows): boolean {
    const { words, stride } = deferred;
    const at = row * stride;
    if (!this.#isNew(words[at + LOW]!, words[at + HIGH]!, words[at + LAST]!)) return false;
    rows.widen(this.slots.width);
    const to = rows.push();
    rows.words.fill(0, to, to + rows.stride);
    rows.words.set(words.subarray(at, at + stride), to);
    rows.words[to + INDEX] = this.#before.push(words[at + INDEX]!);
    this.#edges.push(words[at + EDGE]!);
    return true;
  }

  /** How to get to a state. */
  routeTo(index: number): Route {
    const edges: number[] = [];
    let at = index;
    for (; this.#before.at(at) !== at; at = this.#before.at(at)) edges.push(this.#edges.at(at));
    return this.along(this.#roots[this.#edges.at(at)]!, edges.toReversed());
  }

  /** A route from a root by edges. */
  along(rootValues: readonly number[], edges: readonly number[]): Route {
    const choices = edges.map((edge) => this.transitions.threadOf[edge]!);
    return { choices, values: [...rootValues, ...edges.flatMap((edge) => this.transitions.valuesOf(edge))] };
  }

  /** A route made longer by an edge. */
  beyond({ choices, values }: Route, edge: number): Route {
    const { threadOf } = this.transitions;
    return {
      choices: [...choices, threadOf[edge]!],
      values: [...values, ...this.transitions.valuesOf(edge)],
    };
  }

  #isNew(low: number, high: number, last: number): boolean {
    return this.seen.add((low + lowOf(LAST_SLOT, last + 2)) | 0, (high + highOf(LAST_SLOT, last + 2)) | 0);
  }

  /** The hashes of the state that an edge leads to. */
  #hashAfter(edge: number): void {
    const { writes, writesFrom, writesTo, threadOf, targetOf } = this.transitions;
    const { state } = this;
    const thread = threadOf[edge]!;
    const from = state[thread]!;
    const to = targetOf[edge]!;
    let low = (this.#low + lowOf(thread, to) - lowOf(thread, from)) | 0;
    let high = (this.#high + highOf(thread, to) - highOf(thread, from)) | 0;
    let memoryLow = this.#memoryLow;
    let memoryHigh = this.#memoryHigh;
    for (let at = writesFrom[edge]!, end = writesTo[edge]!; at < end; at += 2) {
      const slot = writes[at]!;
      const before = state[slot]!;
      const after = writes[at + 1]!;
      if (before === after) continue;
      const lowChange = lowOf(slot, after) - lowOf(slot, before);
      const highChange = highOf(slot, after) - highOf(slot, before);
      low = (low + lowChange) | 0;
      high = (high + highChange) | 0;
      if (slot < this.slots.memoryFrom) continue;
      memoryLow = (memoryLow + lowChange) | 0;
      memoryHigh = (memoryHigh + highChange) | 0;
    }
    this.#nextLow = low;
    this.#nextHigh = high;
    this.#nextMemoryLow = memoryLow;
    this.#nextMemoryHigh = memoryHigh;
  }

  /** Appends the row of the state whose hashes were computed last. */
  #storeAfter(edge: number, last: number, rows: Rows): number {
    const { writes, writesFrom, writesTo, threadOf, targetOf } = this.transitions;
    if (rows.stride !== HEADER + this.state.length) rows.widen(this.state.length);
    const at = rows.push();
    const { words } = rows;
    words[at + LOW] = this.#nextLow;
    words[at + HIGH] = this.#nextHigh;
    words[at + MEMORY_LOW] = this.#nextMemoryLow;
    words[at + MEMORY_HIGH] = this.#nextMemoryHigh;
    words[at + LAST] = last;
    const { state } = this;
    const to = at + HEADER;
    for (let slot = 0; slot < state.length; slot++) words[to + slot] = state[slot]!;
    words[to + threadOf[edge]!] = targetOf[edge]!;
    for (let write = writesFrom[edge]!, end = writesTo[edge]!; write < end; write += 2)
      words[to + writes[write]!] = writes[write + 1]!;
    return at;
  }

  /** States have become longer. */
  #widen(): void {
    const { width } = this.slots;
    if (this.state.length === width) return;
    const state = new Int32Array(width);
    state.set(this.state);
    this.state = state;
  }
}

/** Threads, daemons and store buffers. */
function countThreads<W>(scenario: Scenario<W>, { memory }: RunSettings): number {
  const cast = castOf(scenario);
  return cast.length + (memory === "tso" ? new Set(cast.map(({ cpu }) => cpu)).size : 0);
}
