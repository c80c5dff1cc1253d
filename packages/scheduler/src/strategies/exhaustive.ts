/**
 * Depth-first search over all schedules, by replay: each execution repeats the choices up to the last node that still
 * has an alternative, takes the alternative, and goes on with the thread that is running.
 *
 * - Plain: every interleaving, exactly once.
 * - Sleep sets (Godefroid, LNCS 1032, chapter 5): of the executions that differ only in the order of operations that
 *   commute, one. Every reachable state is still visited, so `always` properties lose nothing. Executions cut off
 *   because all enabled threads are asleep are *pruned* and counted apart.
 * - Bounds: only schedules with at most so many preemptions or delays; see bounds.ts. Not combined with sleep sets, which
 *   would make a bound unsound: the execution that stands for a class may cost more than another one of it.
 */

import { UsageError } from "../assert.ts";
import { conflicts } from "../footprint.ts";
import { leftAt, type SearchNode, type SearchPosition } from "../split/position.ts";
import { PRUNE, type SchedulingPoint, type Strategy } from "../strategy.ts";
import {
  checkBound,
  currentOrLowest,
  DelayBound,
  lowest,
  PreemptionBound,
  setOf,
  type Bound,
} from "./bounds.ts";

/** Options of `exhaustive`. */
export interface ExhaustiveOptions {
  /** `none` (default) counts interleavings; `sleep-sets` explores one execution per Mazurkiewicz trace. */
  readonly reduction?: "none" | "sleep-sets";
  /** Explore only schedules with at most this many preemptions; 0 is allowed. Default: no bound. */
  readonly preemptionsMax?: number;
  /**
   * Explore only schedules with at most this many delays; 0 is allowed, and is the one schedule of a round robin that
   * runs each thread until it blocks or ends. Running the j-th enabled thread, counted round from the thread that ran
   * last, costs j delays (Emmi, Qadeer and Rakamaric, POPL 2011). Default: no bound. Not together with `preemptionsMax`.
   */
  readonly delaysMax?: number;
}

type Node = { -readonly [K in keyof SearchNode]: SearchNode[K] };

/** A depth-first search that can say where it stands, between executions, and be continued from there. */
export interface PositionedSearch extends Strategy {
  /** A copy: the path of the last execution, and what is left beside it. */
  readonly position: SearchPosition;
}

/**
 * A search that visits every schedule, or one of each equivalence class, or every one within a bound.
 *
 * @param from where a search with the same options stood, or a part that `splitPosition` has taken from it. Default: the
 *   start. A search that is continued visits what is left, and only that.
 * @throws {UsageError} when a bound is no whole number, or stands beside another bound or a reduction.
 */
export function exhaustive(options: ExhaustiveOptions = {}, from?: SearchPosition): PositionedSearch {
  return new Exhaustive(options, from);
}

/** Data choices share the bit sets of threads. */
export const VALUES_MAX = 30;

/** @internal Probes make it with `skips`: how many of the candidates of a new node are passed over, as if explored. */
export class Exhaustive implements PositionedSearch {
  readonly name: string;
  readonly preemptionsMax: number | undefined;
  readonly delaysMax: number | undefined;
  readonly #isSleeping: boolean;
  readonly #bound: Bound | undefined;
  readonly #skips: ((candidates: number) => number) | undefined;
  readonly #path: Node[];
  #depth = 0;
  #asleep = 0;
  #hasStarted: boolean;
  #isExhausted = false;
  #hasCut: boolean;

  constructor(options: ExhaustiveOptions, from?: SearchPosition, skips?: (candidates: number) => number) {
    this.#path = from === undefined ? [] : from.path.map((node) => ({ ...node }));
    this.#hasStarted = this.#path.length > 0;
    this.#hasCut = from?.hasCut ?? false;
    this.#skips = skips;
    this.#isSleeping = options.reduction === "sleep-sets";
    this.preemptionsMax = options.preemptionsMax;
    this.delaysMax = options.delaysMax;
    this.#bound = boundOf(options);
    this.name = nameOf(options);
  }

  get isComplete(): boolean {
    return this.#isExhausted && !this.#hasCut;
  }

  get isRetracing(): boolean {
    return this.#depth < this.#path.length;
  }

  get position(): SearchPosition {
    return { path: this.#path.map((node) => ({ ...node })), hasCut: this.#hasCut };
  }

  beginExecution(): boolean {
    if (this.#hasStarted && !this.#backtrack()) return false;
    this.#hasStarted = true;
    this.#depth = this.#asleep = 0;
    this.#bound?.beginExecution();
    return true;
  }

  pickThread(point: SchedulingPoint): number {
    if (this.#depth === this.#path.length) {
      const candidates = this.#candidates(point);
      if (candidates === 0) return PRUNE;
      const first = this.#bound?.first(point, candidates) ?? currentOrLowest(point, candidates);
      this.#open(first, candidates, this.#asleep);
    }
    const node = this.#path[this.#depth++]!;
    this.#bound?.take(point, node.chosen);
    if (this.#isSleeping) this.#asleep = stillAsleep(point, node);
    return node.chosen;
  }

  pickValue(count: number): number {
    if (this.#depth === this.#path.length) {
      if (count > VALUES_MAX)
        throw new UsageError(`Exhaustive search takes data choices of up to ${VALUES_MAX}, not ${count}.`);
      this.#open(0, (1 << count) - 1, 0);
    }
    return this.#path[this.#depth++]!.chosen;
  }

  #open(first: number, candidates: number, asleep: number): void {
    const node: Node = { chosen: first, candidates, explored: 0, asleep, elsewhere: 0 };
    for (let left = this.#skips?.(candidates) ?? 0; left > 0; left--) advance(node);
    this.#path.push(node);
  }

  #candidates(point: SchedulingPoint): number {
    const enabled = setOf(point.enabled);
    if (this.#bound === undefined) return enabled & ~this.#asleep;
    const allowed = this.#bound.allowed(point);
    if (allowed !== enabled) this.#hasCut = true;
    return allowed;
  }

  /** Moves to the next unexplored alternative; false when there is none. */
  #backtrack(): boolean {
    for (let node = this.#path.at(-1); node !== undefined; node = this.#path.at(-1)) {
      if (advance(node)) return true;
      this.#path.pop();
    }
    this.#isExhausted = true;
    return false;
  }
}

/** Moves a node to its next choice; false when there is none. */
function advance(node: Node): boolean {
  node.explored |= 1 << node.chosen;
  const left = leftAt(node);
  if (left === 0) return false;
  node.chosen = lowest(left);
  return true;
}

/** Of the threads that sleep here or were explored here, those whose operation commutes with the chosen one. */
function stillAsleep(point: SchedulingPoint, node: Node): number {
  const operation = point.threads[node.chosen]!.pending!;
  let asleep = 0;
  for (let left = node.asleep | node.explored; left !== 0; left &= left - 1) {
    const id = lowest(left);
    if (id !== node.chosen && !conflicts(point.threads[id]!.pending!, operation)) asleep |= 1 << id;
  }
  return asleep;
}

function boundOf({ preemptionsMax, delaysMax, reduction = "none" }: ExhaustiveOptions): Bound | undefined {
  if (preemptionsMax === undefined && delaysMax === undefined) return undefined;
  if (reduction !== "none") throw new UsageError("exhaustive: a bound with sleep sets would miss schedules.");
  if (preemptionsMax !== undefined && delaysMax !== undefined)
    throw new UsageError("exhaustive: bound the preemptions or the delays, not both.");
  if (preemptionsMax !== undefined) {
    checkBound("exhaustive: preemptionsMax", preemptionsMax);
    return new PreemptionBound(preemptionsMax);
  }
  checkBound("exhaustive: delaysMax", delaysMax!);
  return new DelayBound(delaysMax!);
}

function nameOf({ preemptionsMax, delaysMax, reduction }: ExhaustiveOptions): string {
  if (reduction === "sleep-sets") return "dfs with sleep sets";
  if (delaysMax !== undefined) return "delay-bounded dfs";
  return preemptionsMax === undefined ? "dfs" : "bounded dfs";
}
