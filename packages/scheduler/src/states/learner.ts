/**
 * Learns transitions by running the model: repeats a path with the plain engine, and from its end on takes steps that
 * nobody has taken in such a state before. What a step has changed is found by comparing the states of all objects, so a
 * footprint that says too little is noticed.
 */

import { assert, UsageError } from "../assert.ts";
import { Engine } from "../engine.ts";
import { footprintOf } from "../footprint.ts";
import { landmarkOf } from "../landmark.ts";
import { isPause } from "../memory.ts";
import type { Operation } from "../operation.ts";
import type { Ending } from "../outcome.ts";
import type { RunSettings } from "../run-settings.ts";
import type { Scenario } from "../scenario.ts";
import { watchCreation, type SharedObject } from "../shared-object.ts";
import { PRUNE, type SchedulingPoint, type Strategy } from "../strategy.ts";
import type { ModelThread } from "../thread.ts";
import { collectTrackers, type Tracker } from "../tracked-state.ts";
import { Names, SETUP } from "./names.ts";
import { Slots } from "./slots.ts";
import { DISABLED, NONE, UNKNOWN, type Transitions } from "./transitions.ts";

/** Choices that lead from the start to a state. */
export interface Route {
  readonly choices: readonly number[];
  readonly values: readonly number[];
}

/** A state in which all threads have announced their first operation. */
export interface Root {
  readonly values: readonly number[];
  /** `undefined` when the start itself reports a violation. */
  readonly state: Int32Array | undefined;
}

/** Thrown when a thread turns out to pause in spin loops: states need a word for it, so the search starts again. */
export class NewPause extends UsageError {
  readonly thread: number;

  constructor(thread: number) {
    super(`thread ${thread} pauses`);
    this.thread = thread;
  }
}

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
export class Learner<W> implements Strategy {
  readonly name = "states";
  readonly isComplete = false;
  readonly engine: Engine<W>;
  /** Steps of all executions. */
  steps = 0;
  /** Called after each execution. */
  afterRun: (() => void) | undefined = undefined;
  /** Whether properties look at nothing but shared objects and tracked state. */
  ghostsAreTracked = false;
  readonly #transitions: Transitions;
  readonly #slots: Slots;
  readonly #names = new Names();
  #trackers: Tracker[] = [];
  #isSetUp = false;
  #route: Route = { choices: [], values: [] };
  #at = 0;
  #valueAt = 0;
  /** Data choices beyond the route: what to answer, and how many answers there were. */
  #trial: number[] = [];
  #arities: number[] = [];
  #state: Int32Array | undefined;
  #last: ModelThread | undefined;
  #step: Step | undefined;
  /** The last step that was begun in this run, and the thread whose step is to be taken again with other data choices. */
  #begun: Step | undefined;
  #again: number | undefined;
  /** What each thread has seen in the present step, or since the start: a way through its automaton. */
  #ways: string[] = [];
  #rootState: Int32Array | undefined;
  #ending: Ending | undefined;

  constructor(scenario: Scenario<W>, settings: RunSettings, transitions: Transitions, slots: Slots) {
    this.#transitions = transitions;
    this.#slots = slots;
    this.engine = new Engine({ ...scenario, properties: [] }, settings, [
      {
        beginExecution: (threads) => this.#onSetUp(threads),
        onStep: (thread, operation, result) => this.#onStep(thread, operation, result),
      },
    ]);
  }

  /** All states to start from: one, unless threads make data choices before their first operation. */
  roots(): Root[] {
    const roots: Root[] = [];
    const trial: number[] = [];
    do {
      this.#run({ choices: [], values: [] }, undefined, trial);
      roots.push({ values: [...trial], state: this.#rootState });
    } while (advance(trial, this.#arities));
    return roots;
  }

  /** Learns what the threads can do in a state, and in states that follow from it as long as there is something new. */
  learn(route: Route, state: Int32Array): void {
    const trial: number[] = [];
    this.#run(route, state, trial);
    const step = this.#begun;
    if (step === undefined) return;
    while (advance(trial, this.#arities)) this.#run(step.route, step.before, trial, step.thread.id);
  }

  beginExecution(): boolean {
    return true;
  }

  #onSetUp(threads: readonly ModelThread[]): void {
    this.#names.christen();
    for (const object of this.#names.stateful.keys()) this.#names.introduce(object.stateValue(), SETUP);
    this.#isSetUp = true;
    this.#ways = threads.map(({ id }) => `start of ${id}`);
  }

  pickThread({ threads }: SchedulingPoint): number {
    this.#settle(threads);
    if (this.#at < this.#route.choices.length) {
      this.#last = threads[this.#route.choices[this.#at++]!]!;
      return this.#last.id;
    }
    this.#arrive(threads);
    // An alternative of a step that made data choices, or the start: nothing more can be learned on this run.
    if (this.#arities.length > 0 || this.#rootState !== undefined) return PRUNE;
    const next = this.#nextStep(threads);
    if (next === undefined) return PRUNE;
    this.#last = next;
    return next.id;
  }

  pickValue(count: number): number {
    if (this.#valueAt < this.#route.values.length) return this.#route.values[this.#valueAt++]!;
    const at = this.#arities.push(count) - 1;
    return (this.#trial[at] ??= 0);
  }

  #onStep(thread: ModelThread, operation: Operation<unknown>, result: unknown): void {
    const { kind } = operation;
    if (kind.isSchedulingPoint === false && kind.access !== "none")
      throw new UsageError(
        `${kind.name} is no scheduling point but touches memory; states cannot tell that apart.`,
      );
    if (this.#step === undefined && this.#state !== undefined) return;
    const landmark = landmarkOf(operation);
    if (landmark === undefined) this.#ways[thread.id] += `;${this.#names.text(result)}`;
    else {
      if (this.#names.createdBy(thread.id) > 0)
        throw new UsageError(
          `${thread.name} cannot forget("${landmark.label}"): it has created shared objects.`,
        );
      this.#ways[thread.id] = `${thread.id}@${landmark.label} ${this.#names.text(landmark.values)}`;
    }
  }

  endExecution(threads: readonly ModelThread[], ending: Ending): void {
    this.#ending = ending;
    if (ending.kind === "pruned") return;
    if (ending.kind === "violation") {
      if (this.#step !== undefined) this.#record(this.#step, NONE, []);
      return;
    }
    this.#settle(threads);
    assert(this.#at === this.#route.choices.length, "a path that was gone before ended early");
    this.#arrive(threads);
    for (const thread of threads) this.#leafOf(thread);
  }

  /** How the last run ended. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  #run(route: Route, state: Int32Array | undefined, trial: number[], again?: number): void {
    this.#names.restart();
    this.#trackers = [];
    this.#isSetUp = false;
    this.#route = route;
    this.#at = this.#valueAt = 0;
    this.#trial = trial;
    this.#arities = [];
    this.#state = state;
    this.#again = again;
    this.#last = this.#step = this.#begun = this.#rootState = this.#ending = undefined;
    const watcher = watchCreation((object) => this.#onCreation(object));
    const trackers = collectTrackers(this.#trackers);
    try {
      this.engine.run(this);
    } finally {
      watchCreation(watcher);
      collectTrackers(trackers);
      this.steps += this.engine.sites.length;
    }
    this.ghostsAreTracked = this.#trackers.some(({ isPromise }) => isPromise);
    this.afterRun?.();
  }

  #onCreation(object: SharedObject): void {
    this.#names.created(object, this.#isSetUp ? this.engine.currentThread.id : SETUP);
  }

  /** Names what the last step has made. */
  #settle(threads: readonly ModelThread[]): void {
    this.#names.christen();
    if (this.#last !== undefined) this.#names.introduce(this.#last.pending?.argument, this.#last.id);
    else for (const { pending, id } of threads) this.#names.introduce(pending?.argument, id);
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

  #refuse(thread: ModelThread, slot: number | undefined): never {
    const what =
      slot === undefined
        ? `whether ${thread.name} can run depends on something`
        : `${thread.name} at ${this.engine.sites.at(-1)?.address} changed ${this.#nameOf(slot)},`;
    throw new UsageError(
      `${what} that its footprint does not name. Either \`touches\` says too little, or local code changes shared state.`,
    );
  }

  #nameOf(slot: number): string {
    const name = this.#slots.nameAt(slot);
    for (const [object, own] of this.#names.stateful) if (own === name) return object.name;
    return name ?? "the pausing of a thread";
  }

  #record({ thread, leaf }: Step, node: number, writes: readonly number[]): void {
    const values = this.#trial.slice(0, this.#arities.length);
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
      const { choices, values } = this.engine;
      const route = { choices: [...choices], values: [...values] };
      const writesBefore = threads.map(({ writes }) => writes);
      this.#step = this.#begun = { route, thread, leaf, looksAt, before: state, writesBefore };
      this.#ways[thread.id] = `${state[thread.id]}`;
    }
    return next;
  }

  /** The leaf of a thread in the present state; one that must wait is marked so. */
  #leafOf(thread: ModelThread): { readonly leaf: number; readonly looksAt: ReadonlySet<number> } {
    const slots = this.#looksAt(thread);
    const state = this.#state!;
    const leaf = this.#transitions.leaf(state[thread.id]!, [...slots], state);
    const { outcomeAt } = this.#transitions;
    const outcome = outcomeAt[leaf]!;
    if (outcome !== UNKNOWN && (outcome === DISABLED) === thread.isEnabled) this.#refuse(thread, undefined);
    if (!thread.isEnabled) outcomeAt[leaf] = DISABLED;
    return { leaf, looksAt: slots };
  }

  /** The slots that the step of a thread looks at: its object, its CPU, all tracked state, and then what follows from these. */
  #looksAt(thread: ModelThread): ReadonlySet<number> {
    const slots = new Set<number>();
    const { pending } = thread;
    if (pending === undefined) return slots;
    const add = (object: SharedObject | undefined): void => {
      const slot = object === undefined ? undefined : this.#slots.ofObject(object, this.#names);
      if (slot !== undefined) slots.add(slot);
    };
    add(pending.object);
    add(pending.object.lifetime);
    if (isPause(pending.kind)) {
      const news = this.#slots.newsOf(thread.id);
      if (news === undefined) throw new NewPause(thread.id);
      slots.add(news);
    } else if (pending.kind.access === "all")
      throw new UsageError(
        `${pending.kind.name} looks at all memory, which a search over states cannot do yet.`,
      );
    add(thread.gate);
    add(thread.storeBuffer);
    for (const { name } of this.#trackers) slots.add(this.#slots.ofName(name));
    for (const { object } of footprintOf(pending).others) {
      add(object);
      add(object.lifetime);
    }
    return slots;
  }

  #nodeOf(thread: ModelThread): number {
    const { pending, id, name } = thread;
    const announced =
      pending === undefined
        ? "the end"
        : `${pending.site?.address} on ${this.#names.outline(pending.object)} with ${this.#names.outline(pending.argument)}`;
    return this.#transitions.node(this.#ways[id]!, announced, name);
  }

  #observe(threads: readonly ModelThread[], nodes: readonly number[]): Int32Array {
    const slots = this.#slots;
    const parts: [slot: number, value: number][] = [];
    for (const { name, read } of this.#trackers)
      parts.push([slots.ofName(name), slots.valueOf(this.#names.text(read()))]);
    for (const [object, name] of this.#names.stateful)
      parts.push([slots.ofName(name), slots.valueOf(this.#names.text(object.stateValue()))]);
    const state = new Int32Array(slots.width);
    for (const [slot, value] of parts) state[slot] = value;
    for (const [id, node] of nodes.entries()) state[id] = node;
    for (const id of slots.pausing) {
      const thread = threads[id]!;
      const hasNews = this.engine.foreignWrites(thread) > thread.foreignWritesSeen;
      state[slots.newsOf(id)!] = hasNews ? 1 : 0;
    }
    return state;
  }

  /** What the search believes must be what the model has. */
  #verify(threads: readonly ModelThread[], believed: Int32Array): void {
    const found = this.#observe(threads, Array.from(believed.subarray(0, threads.length)));
    for (let slot = 0; slot < found.length; slot++) {
      if (found[slot] === (believed[slot] ?? 0)) continue;
      throw new UsageError(
        `After ${this.#route.choices.length} steps ${this.#nameOf(slot)} is not what ` +
          "the same steps made of it elsewhere: an operation depends on something that its footprint does not name.",
      );
    }
  }
}

/** The next answers to data choices with so many answers each; false after the last. */
function advance(trial: number[], arities: readonly number[]): boolean {
  trial.length = arities.length;
  while (trial.length > 0) {
    const at = trial.length - 1;
    if (++trial[at]! < arities[at]!) return true;
    trial.pop();
  }
  return false;
}
