/**
 * Bounds of a depth-first search: each schedule has a cost, and only those up to a highest cost are explored.
 *
 * - Preemptions (Musuvathi and Qadeer, PLDI 2007): one for each switch away from a thread that could have gone on.
 * - Delays (Emmi, Qadeer and Rakamaric, "Delay-Bounded Scheduling", POPL 2011): the deterministic scheduler is round robin
 *   that runs each thread until it blocks or ends. One for each enabled thread that is passed over, counting round from
 *   the thread that ran last.
 */

import { UsageError } from "../assert.ts";
import type { SchedulingPoint } from "../strategy.ts";

/** What the costs of a search are, and how much of them an execution has left. */
export interface Bound {
  /** Starts an execution with the whole budget. */
  beginExecution(): void;
  /** The enabled threads that the budget allows, as a bit set; never empty. */
  allowed(point: SchedulingPoint): number;
  /** Which of them is tried first. */
  first(point: SchedulingPoint, allowed: number): number;
  /** Pays for a choice. */
  take(point: SchedulingPoint, chosen: number): void;
  /** What is left of the budget. */
  readonly left: number;
  /** The thread that ran last, store buffers aside: with the enabled threads it says what every choice costs. */
  readonly last: number;
  /** The most that choices from here on can cost more if `other` had run last, in the same state. */
  detourFrom(other: number, point: SchedulingPoint): number;
}

/** At most `max` preemptions. */
export class PreemptionBound implements Bound {
  readonly #max: number;
  #left = 0;
  #last = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get left(): number {
    return this.#left;
  }

  get last(): number {
    return this.#last;
  }

  beginExecution(): void {
    this.#left = this.#max;
    this.#last = 0;
  }

  allowed({ enabled, current }: SchedulingPoint): number {
    if (current === undefined || this.#left > 0) return setOf(enabled);
    return (1 << current.id) | hardwareOf(enabled);
  }

  first(point: SchedulingPoint, allowed: number): number {
    return currentOrLowest(point, allowed);
  }

  take({ current, threads }: SchedulingPoint, chosen: number): void {
    if (threads[chosen]!.isHardware) return;
    if (current !== undefined && current.id !== chosen) this.#left--;
    this.#last = chosen;
  }

  detourFrom(other: number, { threads }: SchedulingPoint): number {
    return other !== this.#last && threads[other]!.isEnabled ? 1 : 0;
  }
}

/** At most `max` delays. */
export class DelayBound implements Bound {
  readonly #max: number;
  #left = 0;
  /** The thread that ran last, enabled or not; round robin starts at thread 0. */
  #last = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get left(): number {
    return this.#left;
  }

  get last(): number {
    return this.#last;
  }

  beginExecution(): void {
    this.#left = this.#max;
    this.#last = 0;
  }

  allowed({ enabled }: SchedulingPoint): number {
    const all = setOf(enabled);
    let allowed = hardwareOf(enabled);
    for (let delays = 0; delays <= this.#left && allowed !== all; delays++) {
      allowed |= 1 << firstFrom(all & ~allowed, this.#last);
    }
    return allowed;
  }

  first(_point: SchedulingPoint, allowed: number): number {
    return firstFrom(allowed, this.#last);
  }

  take({ enabled, threads }: SchedulingPoint, chosen: number): void {
    if (threads[chosen]!.isHardware) return;
    let passed = setOf(enabled) & ~hardwareOf(enabled);
    for (let id = firstFrom(passed, this.#last); id !== chosen; id = firstFrom(passed, this.#last)) {
      passed &= ~(1 << id);
      this.#left--;
    }
    this.#last = chosen;
  }

  detourFrom(other: number, { threads }: SchedulingPoint): number {
    let passed = 0;
    for (let id = other; id !== this.#last; id = (id + 1) % threads.length) {
      const { isEnabled, isHardware } = threads[id]!;
      if (isEnabled && !isHardware) passed++;
    }
    return passed;
  }
}

/** @throws {UsageError} unless the bound is 0 or a positive integer. */
export function checkBound(what: string, max: number): void {
  if (Number.isInteger(max) && max >= 0) return;
  throw new UsageError(`${what} must be 0 or a positive integer, not ${max}.`);
}

/** Threads that a search can tell apart: it keeps sets of them in the bits of a small integer. */
export const SEARCHED_THREADS_MAX = 30;

/**
 * Threads as a bit set by id.
 *
 * @throws {UsageError} when there are more threads than bits. Strategies that sample have no such limit.
 */
export function setOf(threads: SchedulingPoint["enabled"]): number {
  let set = 0;
  for (const { id } of threads) {
    if (id >= SEARCHED_THREADS_MAX) refuseThread(id);
    set |= 1 << id;
  }
  return set;
}

function refuseThread(id: number): never {
  throw new UsageError(
    `A search that goes through all schedules takes scenarios of up to ${SEARCHED_THREADS_MAX} threads and daemons, and ` +
      `thread ${id} is beyond them. Leave threads out, or sample: random(), pos(), surw().`,
  );
}

/** Of the threads those that are store buffers. They drain beside the others, at no cost. */
function hardwareOf(threads: SchedulingPoint["enabled"]): number {
  let set = 0;
  for (const { id, isHardware } of threads) if (isHardware) set |= 1 << id;
  return set;
}

/** The thread that is running if it is a candidate, else the lowest candidate. */
export function currentOrLowest({ current }: SchedulingPoint, candidates: number): number {
  return current !== undefined && (candidates & (1 << current.id)) !== 0 ? current.id : lowest(candidates);
}

/** The lowest member from `start` on, else the lowest of all. The set must not be empty. */
function firstFrom(set: number, start: number): number {
  const later = set & (-1 << start);
  return lowest(later === 0 ? set : later);
}

/** The lowest member of a set that is not empty. */
export function lowest(set: number): number {
  return 31 - Math.clz32(set & -set);
}
