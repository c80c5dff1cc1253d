/** What schedules cost, counted a second time: without the bookkeeping of the searches, by the definition. */

import { Engine, type SchedulingPoint, type Strategy } from "@mmrace/scheduler";
import type { Program } from "../src/index.ts";

/** Schedules by what they cost: at [k] those with exactly k preemptions, or delays. */
export interface Histogram {
  readonly all: number[];
  readonly wrong: number[];
}

/** What a search went through. */
export interface Tally {
  readonly executions: number;
  readonly preemptions: Histogram;
  readonly delays: Histogram;
  /** The probability that one random walk takes a schedule that was gone through and is wrong. */
  readonly walkRate: number;
}

/** Follows a search and adds up what the schedule at hand costs. */
class Costing implements Strategy {
  readonly name = "costing";
  readonly isComplete = false;
  readonly #inner: Strategy;
  #last = 0;
  preemptions = 0;
  delays = 0;
  probability = 1;

  constructor(inner: Strategy) {
    this.#inner = inner;
  }

  beginExecution(): boolean {
    this.#last = this.preemptions = this.delays = 0;
    this.probability = 1;
    return this.#inner.beginExecution();
  }

  pickThread(point: SchedulingPoint): number {
    const chosen = this.#inner.pickThread(point);
    const { threads, enabled, current } = point;
    if (current !== undefined && current.id !== chosen) this.preemptions++;
    for (let id = this.#last; id !== chosen; id = (id + 1) % threads.length) {
      if (threads[id]!.isEnabled) this.delays++;
    }
    this.probability /= enabled.length;
    this.#last = chosen;
    return chosen;
  }

  pickValue(count: number): number {
    return this.#inner.pickValue(count);
  }
}

/** Runs a search to its end. */
export function tally<W>({ scenario }: Program<W>, search: Strategy): Tally {
  const costing = new Costing(search);
  const engine = new Engine(scenario);
  const preemptions = { all: [], wrong: [] };
  const delays = { all: [], wrong: [] };
  let executions = 0;
  let walkRate = 0;
  while (costing.beginExecution()) {
    const isWrong = engine.run(costing).kind !== "finished";
    executions++;
    if (isWrong) walkRate += costing.probability;
    count(preemptions, costing.preemptions, isWrong);
    count(delays, costing.delays, isWrong);
  }
  return { executions, preemptions, delays, walkRate };
}

function count({ all, wrong }: Histogram, cost: number, isWrong: boolean): void {
  for (let at = all.length; at <= cost; at++) all[at] = wrong[at] = 0;
  all[cost]!++;
  if (isWrong) wrong[cost]!++;
}
