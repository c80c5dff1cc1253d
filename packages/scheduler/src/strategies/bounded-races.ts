/**
 * The steps of one execution of `boundedDpor`: what happens before what, and which nodes the races open. The reasons are in
 * bounded-dpor.ts.
 */

import { footprintOf, footprintsConflict, widestFootprintOf, type Footprint } from "../footprint.ts";
import type { Operation } from "../operation.ts";
import type { SchedulingPoint } from "../strategy.ts";
import type { ModelThread } from "../thread.ts";
import type { Bound } from "./bounds.ts";
import type { Visit } from "./trace-prefixes.ts";

/** What the search stands on. Tests weaken one at a time and watch a final state get lost. */
export interface BoundedRules {
  /** Whether the order of two steps can matter. */
  readonly conflict: (a: Footprint, b: Footprint) => boolean;
  /** Whether a race opens the node of its earlier step, and the start of its block. */
  readonly opensSteps: boolean;
  readonly opensBlocks: boolean;
  /** Whether operations that can wait are raced with more than their immediate predecessors. */
  readonly weighsDistant: boolean;
  /** Whether operations that still wait when an execution ends are raced. */
  readonly weighsWaiting: boolean;
  /** Whether what a violation cut off is explored. */
  readonly weighsCuts: boolean;
  /** What an operation that can wait is taken to touch; `undefined` for everything. */
  readonly widestOf: typeof widestFootprintOf;
  /** Whether the earlier visit of an equivalent beginning could afford whatever can be afforded now. */
  readonly affords: (visit: Visit, bound: Bound, point: SchedulingPoint) => boolean;
  /** Whether a pruned execution opens its path. */
  readonly opensPruned: boolean;
}

/** All of them. */
export const SOUND_BOUNDED_RULES: BoundedRules = {
  conflict: footprintsConflict,
  opensSteps: true,
  opensBlocks: true,
  weighsDistant: true,
  weighsWaiting: true,
  weighsCuts: true,
  widestOf: widestFootprintOf,
  affords: (visit, bound, point) => visit.left - bound.detourFrom(visit.last, point) >= bound.left,
  opensPruned: true,
};

/** A choice on the path from the start to where the search is. Sets are bit sets over threads, or over values. */
export interface Node {
  chosen: number;
  /** What may be chosen within the bound. */
  readonly allowed: number;
  /** Whether the bound leaves anything out. */
  readonly isCut: boolean;
  /** Whether everything that may be chosen will be. */
  isOpen: boolean;
  explored: number;
  /** The step that `chosen` stands for; absent at data choices, and before it was analysed. */
  step: Step | undefined;
}

/** A performed step. */
export interface Step {
  readonly thread: number;
  /** 1, 2, ... among the steps of the thread. */
  readonly ordinal: number;
  readonly footprint: Footprint;
  /** By thread id, the ordinal of that thread's last step that happens before this one, itself included. */
  readonly clock: readonly number[];
  readonly node: Node;
  /** The node at which the block began that the step belongs to. Steps of store buffers belong to the block around them. */
  readonly block: Node;
  /** Stands for the step and all that happens before it; see trace-prefixes.ts. */
  number: number;
}

/** The steps of the running execution so far. */
export class BoundedRaces {
  readonly #rules: BoundedRules;
  readonly #steps: Step[] = [];
  /** By thread id. */
  #stepsOf: readonly Step[][] = [];

  constructor(rules: BoundedRules) {
    this.#rules = rules;
  }

  restart(): void {
    this.#steps.length = 0;
    for (const steps of this.#stepsOf) steps.length = 0;
  }

  get first(): Step | undefined {
    return this.#steps[0];
  }

  get last(): Step | undefined {
    return this.#steps.at(-1);
  }

  /** Appends a step. */
  push(step: Step): void {
    this.#steps.push(step);
    this.#stepsOf[step.thread]!.push(step);
  }

  /** Makes the step that a thread is about to take, and opens what its races ask for. */
  analyse(node: Node, block: Node, thread: ModelThread, threads: number): Step {
    if (this.#stepsOf.length === 0) this.#stepsOf = Array.from({ length: threads }, () => []);
    const footprint = footprintOf(thread.pending!);
    const clock = this.#findRaces(thread.id, thread.pending!, footprint);
    const ordinal = ++clock[thread.id]!;
    return { thread: thread.id, ordinal, footprint, clock, node, block, number: 0 };
  }

  /** Races operations that will never be performed; only waiting can tell of what became of them. */
  analyseWaiting(threads: readonly ModelThread[]): void {
    for (const { id, pending } of threads) {
      if (pending !== undefined && canWait(pending)) this.#findRaces(id, pending, footprintOf(pending));
    }
  }

  /** By thread, the number of its last step that happens before a step. */
  numbersBefore({ thread: own, clock }: Step): readonly number[] {
    return clock.map((ordinal, thread) => this.#numberOf(thread, thread === own ? ordinal - 1 : ordinal));
  }

  /** By thread, the number of its last step. */
  numbers(): readonly number[] {
    return this.#stepsOf.map((steps, thread) => this.#numberOf(thread, steps.length));
  }

  #numberOf(thread: number, ordinal: number): number {
    return ordinal === 0 ? 0 : this.#stepsOf[thread]![ordinal - 1]!.number;
  }

  /** Has the alternatives of a step explored. */
  open({ node, block }: Step): void {
    if (this.#rules.opensSteps) node.isOpen = true;
    if (this.#rules.opensBlocks) block.isOpen = true;
  }

  /** Opens what the races of an operation ask for. Answers with the clock of what happens before it. */
  #findRaces(thread: number, operation: Operation<unknown>, footprint: Footprint): number[] {
    const past = this.#stepsOf[thread]!.at(-1)?.clock ?? this.#stepsOf.map(() => 0);
    const clock = [...past];
    const { conflict, weighsDistant, widestOf } = this.#rules;
    const isWaiting = weighsDistant && canWait(operation);
    // Whether it can run may depend on more than what it touches when it does.
    const widest = isWaiting ? widestOf(operation, operation.kind) : undefined;
    for (let at = this.#steps.length - 1; at >= 0; at--) {
      const other = this.#steps[at]!;
      if (past[other.thread]! >= other.ordinal) continue;
      if (clock[other.thread]! < other.ordinal && conflict(other.footprint, footprint)) {
        join(clock, other.clock);
        this.open(other);
      } else if (isWaiting && (widest === undefined || conflict(other.footprint, widest))) this.open(other);
    }
    return clock;
  }
}

/** Whether anything can keep the operation from running. */
function canWait({ kind, thread }: Operation<unknown>): boolean {
  return kind.isEnabled !== undefined || thread?.gate !== undefined;
}

function join(clock: number[], other: readonly number[]): void {
  for (let thread = 0; thread < clock.length; thread++) {
    if (clock[thread]! < other[thread]!) clock[thread] = other[thread]!;
  }
}
