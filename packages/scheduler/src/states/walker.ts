/**
 * Where a search over states is, and what can follow. It knows the states by their rows, the transitions by what the learner
 * has found out, and each state that was seen by its hash and by the step that led there first.
 */

import { assert } from "../assert.ts";
import { castOf } from "../cast.ts";
import type { RunSettings } from "../run-settings.ts";
import type { Scenario } from "../scenario.ts";
import { HashSet64 } from "./hash-set.ts";
import { Learner, type Root } from "./learner.ts";
import { EDGE, HEADER, HIGH, INDEX, LAST, LOW, MEMORY_HIGH, MEMORY_LOW, type Rows } from "./rows.ts";
import type { Route } from "./route-run.ts";
import { Slots } from "./slots.ts";
import type { Interchange } from "./interchange.ts";
import { Symmetry } from "./symmetry.ts";
import type { Way } from "./equivariance.ts";
import { Words } from "./words.ts";
import { Transitions, UNKNOWN } from "./transitions.ts";
import { highOf, lowOf } from "./zobrist.ts";

/** The slot that stands for the thread that ran last, in hashes. */
const LAST_SLOT = -2;

/** A row being looked at, and the states behind it. */
export class Walker<W> {
  readonly transitions: Transitions = new Transitions();
  readonly slots: Slots;
  readonly learner: Learner<W>;
  readonly seen: HashSet64 = new HashSet64();
  /** Of each state by its number: the state before it, and the edge; roots have themselves, and their number. */
  readonly #before = new Words();
  readonly #edges = new Words();
  #roots: readonly (readonly number[])[] = [];
  readonly #symmetry: Symmetry<W> | undefined;
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

  constructor(
    scenario: Scenario<W>,
    settings: RunSettings,
    pausing: readonly number[],
    interchange?: Interchange<W>,
  ) {
    this.slots = new Slots(countThreads(scenario, settings), pausing);
    this.learner = new Learner(scenario, settings, this.transitions, this.slots);
    this.#symmetry = interchange === undefined ? undefined : new Symmetry(interchange, this);
  }

  /** All states to start from. */
  roots(): readonly Root[] {
    const roots = this.learner.roots();
    this.#roots = roots.map(({ values }) => values);
    this.#symmetry?.steps.checkRoots(roots.map(({ state }) => state));
    return roots;
  }

  /** How many states have a number. */
  get states(): number {
    return this.#before.length;
  }

  get bytes(): number {
    return this.seen.bytes + this.#before.bytes + this.#edges.bytes;
  }

  /** Gives a state to start from a number, and a row unless an equal one has one. @param at its place among the roots. */
  addRoot(at: number, root: Int32Array, last: number, rows: Rows): boolean {
    let [low, high, memoryLow, memoryHigh] = [0, 0, 0, 0];
    for (const [slot, value] of root.entries()) {
      low = (low + lowOf(slot, value)) | 0;
      high = (high + highOf(slot, value)) | 0;
      if (slot < this.slots.memoryFrom) continue;
      memoryLow = (memoryLow + lowOf(slot, value)) | 0;
      memoryHigh = (memoryHigh + highOf(slot, value)) | 0;
    }
    const images = this.#symmetry?.images;
    images?.hash(root);
    if (!this.#add(images?.low ?? low, images?.high ?? high, last)) return false;
    this.#edges.push(at);
    const index = this.#before.push(this.states);
    this.fit(rows);
    const row = rows.push();
    rows.header.set([index, 0, low, high, memoryLow, memoryHigh, last], row * HEADER);
    rows.states.set(root, row * rows.width);
    return true;
  }

  /** Looks at a row. */
  load(rows: Rows, row: number): void {
    this.#widen();
    this.fit(rows);
    const { header, states } = rows;
    const at = row * HEADER;
    this.index = header[at + INDEX]!;
    this.last = header[at + LAST]!;
    this.#low = header[at + LOW]!;
    this.#high = header[at + HIGH]!;
    this.#memoryLow = header[at + MEMORY_LOW]!;
    this.#memoryHigh = header[at + MEMORY_HIGH]!;
    const { state } = this;
    const from = row * rows.width;
    for (let slot = 0; slot < state.length; slot++) state[slot] = states[from + slot]!;
    this.#symmetry?.images.load(state);
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
    this.#symmetry?.steps.checkAt(this.state, () => this.wayTo(this.index));
  }

  /** Goes a step: appends a row for the state that it leads to, if that is new, and gives it a number. */
  reach(edge: number, last: number, rows: Rows): boolean {
    this.#hashAfter(edge);
    const images = this.#symmetry?.images;
    images?.hashAfter(this.state, edge);
    if (!this.#add(images?.low ?? this.#nextLow, images?.high ?? this.#nextHigh, last)) return false;
    this.#edges.push(edge);
    this.#storeAfter(edge, this.#before.push(this.index), last, rows);
    return true;
  }

  /** Goes a step whose state is not to be looked at yet: the row has the number of the state before it. */
  defer(edge: number, last: number, rows: Rows): void {
    this.#hashAfter(edge);
    this.#storeAfter(edge, this.index, last, rows);
  }

  /** Looks at a deferred row again: appends it, with a number, unless its state was seen meanwhile. */
  admit(deferred: Rows, row: number, rows: Rows): boolean {
    const { header } = deferred;
    const at = row * HEADER;
    if (!this.#add(header[at + LOW]!, header[at + HIGH]!, header[at + LAST]!)) return false;
    this.fit(rows);
    const to = rows.pushFrom(deferred, row);
    rows.header[to * HEADER + INDEX] = this.#before.push(header[at + INDEX]!);
    this.#edges.push(header[at + EDGE]!);
    return true;
  }

  /** Makes rows as long as states are now. */
  fit(rows: Rows): void {
    rows.fit(this.slots.width, Math.max(this.transitions.places, this.slots.values));
  }

  /** How the search got to a state. */
  wayTo(index: number): Way {
    const edges: number[] = [];
    let at = index;
    for (; this.#before.at(at) !== at; at = this.#before.at(at)) edges.push(this.#edges.at(at));
    return { root: this.#edges.at(at), edges: edges.toReversed() };
  }

  /** A way in choices. */
  routeOf({ root, edges }: Way): Route {
    return {
      choices: edges.map((edge) => this.transitions.threadOf[edge]!),
      values: [...this.#roots[root]!, ...edges.flatMap((edge) => this.transitions.valuesOf(edge))],
    };
  }

  /** How to get to a state. */
  routeTo(index: number): Route {
    return this.routeOf(this.wayTo(index));
  }

  /** Another way for each, so that in the end many permutations had their turn; `undefined` without symmetry. */
  permuted(way: Way): Way | undefined {
    return this.#symmetry?.permuted(way);
  }

  #add(low: number, high: number, last: number): boolean {
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
  #storeAfter(edge: number, index: number, last: number, rows: Rows): void {
    const { writes, writesFrom, writesTo, threadOf, targetOf } = this.transitions;
    this.fit(rows);
    const row = rows.push();
    const { header, states } = rows;
    const at = row * HEADER;
    header[at + INDEX] = index;
    header[at + EDGE] = edge;
    header[at + LOW] = this.#nextLow;
    header[at + HIGH] = this.#nextHigh;
    header[at + MEMORY_LOW] = this.#nextMemoryLow;
    header[at + MEMORY_HIGH] = this.#nextMemoryHigh;
    header[at + LAST] = last;
    const { state } = this;
    const to = row * rows.width;
    for (let slot = 0; slot < state.length; slot++) states[to + slot] = state[slot]!;
    states[to + threadOf[edge]!] = targetOf[edge]!;
    for (let write = writesFrom[edge]!, end = writesTo[edge]!; write < end; write += 2)
      states[to + writes[write]!] = writes[write + 1]!;
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
