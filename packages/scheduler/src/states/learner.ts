/**
 * Learns transitions by running the model: repeats a path with the plain engine, and from its end on takes steps that
 * nobody has taken in such a state before. What a step has changed is found by comparing the states of all objects, so a
 * footprint that says too little is noticed.
 */

import { UsageError } from "../assert.ts";
import { landmarkOf } from "../landmark.ts";
import type { Operation } from "../operation.ts";
import type { Ending } from "../outcome.ts";
import type { RunSettings } from "../run-settings.ts";
import type { Scenario } from "../scenario.ts";
import type { ModelThread } from "../thread.ts";
import { slotsLookedAt } from "./looks-at.ts";
import { advance, RouteRun, type Route, type Traveller } from "./route-run.ts";
import type { Slots } from "./slots.ts";
import { cannotForget, footprintHides, touchesInPassing } from "./refusals.ts";
import { DISABLED, NONE, UNKNOWN, type Transitions } from "./transitions.ts";

/** A state in which all threads have announced their first operation. */
export interface Root {
  readonly values: readonly number[];
  /** `undefined` when the start itself reports a violation. */
  readonly state: Int32Array | undefined;
}

/** Stands for the thread whose step is to be taken where none is. */
const NOBODY = -1;

/** A step being taken: from where, and what it looks at. */
interface Step {
  readonly route: Route;
  readonly thread: ModelThread;
  readonly leaf: number;
  readonly looksAt: ReadonlySet<number>;
  readonly before: Int32Array;
  readonly writesBefore: readonly number[];
}

/** Runs the model for a search. */
export class Learner<W> implements Traveller {
  readonly run: RouteRun<W>;
  /** Called after each execution. */
  afterRun: (() => void) | undefined = undefined;
  /** Called once, when the world of the first execution is there and all in it has its name. */
  onFirstWorld: (() => void) | undefined = undefined;
  readonly #transitions: Transitions;
  readonly #slots: Slots;
  /** Where the execution is, once the route has been gone. */
  #state: Int32Array | undefined;
  #route: Route = { choices: [], values: [] };
  #trial: readonly number[] = [];
  #step: Step | undefined;
  /** The last step that was begun in this run, and the thread whose step is to be taken again with other data choices. */
  #begun: Step | undefined;
  #again: number | undefined;
  /** What each thread has seen in the present step, or since the start: a way through its automaton. */
  #ways: string[] = [];
  #rootState: Int32Array | undefined;

  constructor(scenario: Scenario<W>, settings: RunSettings, transitions: Transitions, slots: Slots) {
    this.#transitions = transitions;
    this.#slots = slots;
    this.run = new RouteRun({ ...scenario, properties: [] }, settings, this);
  }

  /** Whether properties look at nothing but shared objects and tracked state. */
  get ghostsAreTracked(): boolean {
    return this.run.trackers.some(({ isPromise }) => isPromise);
  }

  /** All states to start from: one, unless threads make data choices before their first operation. */
  roots(): Root[] {
    const roots: Root[] = [];
    const trial: number[] = [];
    do {
      this.#go({ choices: [], values: [] }, undefined, trial);
      roots.push({ values: [...trial], state: this.#rootState });
    } while (advance(trial, this.run.arities));
    return roots;
  }

  /** Learns what the threads can do in a state, and in states that follow from it as long as there is something new. */
  learn(route: Route, state: Int32Array): void {
    const trial: number[] = [];
    this.#go(route, state, trial);
    const step = this.#begun;
    if (step === undefined) return;
    while (advance(trial, this.run.arities)) this.#go(step.route, step.before, trial, step.thread.id);
  }

  /**
   * Goes a route again and compares all that is there with what the search believes.
   *
   * @throws {UsageError} when they differ.
   */
  verify(route: Route, state: Int32Array): void {
    this.#go(route, state, [], NOBODY);
  }

  onSetUp(threads: readonly ModelThread[]): void {
    this.onFirstWorld?.();
    this.onFirstWorld = undefined;
    this.#ways = threads.map(({ id }) => `start of t${id}`);
  }

  onStep(thread: ModelThread, operation: Operation<unknown>, result: unknown): void {
    const { kind } = operation;
    if (kind.isSchedulingPoint === false && kind.access !== "none")
      throw new UsageError(touchesInPassing(kind));
    if (this.#step === undefined && this.#state !== undefined) return;
    const { names } = this.run;
    const landmark = landmarkOf(operation);
    if (landmark === undefined) this.#ways[thread.id] += `;${names.text(result)}`;
    else {
      names.christen();
      if (names.createdBy(thread.id) > 0) throw new UsageError(cannotForget(thread, landmark));
      this.#ways[thread.id] = `t${thread.id}@${names.text([landmark.label, landmark.values])}`;
    }
  }

  onPoint(threads: readonly ModelThread[]): ModelThread | undefined {
    this.#arrive(threads);
    // An alternative of a step that made data choices, or the start: nothing more can be learned on this run.
    if (this.run.arities.length > 0 || this.#rootState !== undefined) return undefined;
    return this.#nextStep(threads);
  }

  onEnd(threads: readonly ModelThread[], { kind }: Ending): void {
    if (kind === "violation") {
      if (this.#step !== undefined) this.#record(this.#step, NONE, []);
      return;
    }
    this.#arrive(threads);
    for (const thread of threads) this.#leafOf(thread);
  }

  #go(route: Route, state: Int32Array | undefined, trial: number[], again?: number): void {
    this.#route = route;
    this.#trial = trial;
    this.#state = state;
    this.#again = again;
    this.#step = this.#begun = this.#rootState = undefined;
    this.run.along(route, trial);
    this.afterRun?.();
  }

  /** At the end of the route, at the start, or after a step that is being learned. */
  #arrive(threads: readonly ModelThread[]): void {
    const step = this.#step;
    if (step !== undefined) this.#finish(step, threads);
    else if (this.#state === undefined) {
      const nodes = threads.map((thread) => this.#nodeOf(thread));
      this.#state = this.#rootState = this.#observe(threads, nodes);
    } else this.#verify(threads, this.#state);
  }

  #finish(step: Step, threads: readonly ModelThread[]): void {
    const { thread, before } = step;
    const nodes = Array.from(before.subarray(0, threads.length));
    for (const { name, read, isCounter } of this.run.trackers) {
      const slot = this.#slots.ofName(name);
      const isChanged = this.#slots.valueOf(this.run.names.text(read())) !== before[slot];
      if (isCounter && isChanged) this.#ways[thread.id] += `;from ${this.#slots.textOf(before[slot]!)}`;
    }
    nodes[thread.id] = this.#nodeOf(thread);
    const after = this.#observe(threads, nodes);
    const writes: number[] = [];
    for (let slot = threads.length; slot < after.length; slot++) {
      if (after[slot] === (before[slot] ?? 0)) continue;
      const isNew = (before[slot] ?? 0) === 0;
      if (slot >= this.#slots.memoryFrom && !isNew && !step.looksAt.has(slot)) this.#refuse(thread, slot);
      if (slot >= this.#slots.memoryFrom || slot === this.#slots.newsOf(thread.id))
        writes.push(slot, after[slot]!);
    }
    for (const other of this.#slots.pausing) {
      const isWritten = threads.some(({ id, writes: now }) => id !== other && now > step.writesBefore[id]!);
      if (isWritten) writes.push(this.#slots.newsOf(other)!, 1);
    }
    this.#record(step, nodes[thread.id]!, writes);
    this.#state = after;
    this.#step = undefined;
  }

  #refuse({ name }: ModelThread, slot: number | undefined): never {
    if (slot === undefined)
      throw new UsageError(footprintHides(`Whether ${name} can go on depends on something`));
    const site = this.run.engine.sites.at(-1)?.address;
    throw new UsageError(footprintHides(`${name} at ${site} changed ${this.nameOf(slot)},`));
  }

  /** What a part of the memory is called in messages. */
  nameOf(slot: number): string {
    const name = this.#slots.nameAt(slot);
    for (const [object, own] of this.run.names.stateful) if (own === name) return object.name;
    return name ?? "the pausing of a thread";
  }

  #record({ thread, leaf }: Step, node: number, writes: readonly number[]): void {
    const values = this.#trial.slice(0, this.run.arities.length);
    this.#transitions.append(leaf, this.#transitions.edge(thread.id, node, writes, values));
  }

  /** Looks for a step that nobody has taken in such a state. Notes on the way which threads must wait. */
  #nextStep(threads: readonly ModelThread[]): ModelThread | undefined {
    const state = this.#state!;
    let next: ModelThread | undefined;
    for (const thread of threads) {
      if (this.#again === undefined && this.#transitions.find(state, thread.id) !== UNKNOWN) continue;
      if (this.#again !== undefined && this.#again !== thread.id) continue;
      const { leaf, looksAt } = this.#leafOf(thread);
      if (!thread.isEnabled || next !== undefined) continue;
      next = thread;
      const { choices, values } = this.run.engine;
      const route = { choices: [...choices], values: [...values] };
      const writesBefore = threads.map(({ writes }) => writes);
      this.#step = this.#begun = { route, thread, leaf, looksAt, before: state, writesBefore };
      this.#ways[thread.id] = `#${state[thread.id]}`;
    }
    return next;
  }

  /** The leaf of a thread in the present state; one that must wait is marked so. */
  #leafOf(thread: ModelThread): { readonly leaf: number; readonly looksAt: ReadonlySet<number> } {
    const slots = slotsLookedAt(thread, this.#slots, this.run);
    const state = this.#state!;
    const leaf = this.#transitions.leaf(state[thread.id]!, [...slots], state);
    const { outcomeAt } = this.#transitions;
    const outcome = outcomeAt[leaf]!;
    if (outcome !== UNKNOWN && (outcome === DISABLED) === thread.isEnabled) this.#refuse(thread, undefined);
    if (!thread.isEnabled) outcomeAt[leaf] = DISABLED;
    return { leaf, looksAt: slots };
  }

  #nodeOf(thread: ModelThread): number {
    return this.#transitions.node(this.#ways[thread.id]!, this.#announcedBy(thread), thread.name);
  }

  #announcedBy({ pending }: ModelThread): string {
    if (pending === undefined) return "the end";
    const { names } = this.run;
    return `${pending.site?.address} on ${names.outline(pending.object)} with ${names.outline(pending.argument)}`;
  }

  #observe(threads: readonly ModelThread[], nodes: readonly number[]): Int32Array {
    const slots = this.#slots;
    const { names, trackers } = this.run;
    const parts = [
      ...trackers.map(({ name, read }) => [slots.ofName(name), slots.valueOf(names.text(read()))] as const),
      ...Array.from(
        names.stateful,
        ([object, name]) => [slots.ofName(name), slots.valueOf(names.text(object.stateValue()))] as const,
      ),
    ];
    const state = new Int32Array(slots.width);
    for (const [slot, value] of parts) state[slot] = value;
    for (const [id, node] of nodes.entries()) state[id] = node;
    for (const id of slots.pausing) {
      const thread = threads[id]!;
      const hasNews = this.run.engine.foreignWrites(thread) > thread.foreignWritesSeen;
      state[slots.newsOf(id)!] = hasNews ? 1 : 0;
    }
    return state;
  }

  /** What the search believes must be what the model has. */
  #verify(threads: readonly ModelThread[], believed: Int32Array): void {
    for (const thread of threads)
      this.#transitions.check(believed[thread.id]!, this.#announcedBy(thread), thread.name);
    const found = this.#observe(threads, Array.from(believed.subarray(0, threads.length)));
    for (let slot = 0; slot < found.length; slot++) {
      if (found[slot] === (believed[slot] ?? 0)) continue;
      const what = `After ${this.#route.choices.length} steps ${this.nameOf(slot)} is not what it was elsewhere`;
      throw new UsageError(footprintHides(`${what} after the same; it depends on something`));
    }
  }
}
