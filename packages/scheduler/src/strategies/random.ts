/** Random walk: each choice is uniform among the enabled threads. */

import { UsageError } from "../assert.ts";
import { Prng } from "../prng.ts";
import type { Strategy } from "../strategy.ts";

/** What every sampling strategy needs. */
export interface SamplingOptions {
  /** Starts the generator; equal random seeds give equal explorations. */
  readonly randomSeed: number;
  /** How many executions to run; a positive integer. */
  readonly executionsMax: number;
}

/** @throws {UsageError} when `executionsMax` is not a positive integer: a strategy that runs nothing proves nothing. */
export function checkSampling(name: string, options: SamplingOptions): void {
  if (!Number.isInteger(options.executionsMax) || options.executionsMax < 1) {
    throw new UsageError(`${name}: executionsMax must be a positive integer, not ${options.executionsMax}.`);
  }
  if (!Number.isInteger(options.randomSeed)) {
    throw new UsageError(`${name}: randomSeed must be an integer, not ${options.randomSeed}.`);
  }
}

/** Uniform among enabled threads at each step. Long executions make late orders unlikely: a control, not a hunter. */
export function random(options: SamplingOptions): Strategy {
  checkSampling("random", options);
  const prng = new Prng(options.randomSeed);
  let executionsLeft = options.executionsMax;
  return {
    name: "random",
    isComplete: false,
    beginExecution: () => executionsLeft-- > 0,
    pickThread: ({ enabled }) => enabled[enabled.length === 1 ? 0 : prng.below(enabled.length)]!.id,
    pickValue: (count) => prng.below(count),
  };
}
