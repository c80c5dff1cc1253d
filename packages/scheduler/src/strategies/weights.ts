/** Step counts per thread, learnt from executions: what the uniform walks weigh their choices with. */

import type { Prng } from "../prng.ts";

/**
 * How much each thread does in an execution, as far as seen. The walks are exactly uniform only when every execution
 * takes as many steps as the trial; a count that an execution exceeds was stale and is raised.
 */
export class StepCounts {
  /** The most steps seen, by thread id. */
  readonly #most: number[] = [];
  /** Steps in the running execution, by thread id. */
  readonly #done: number[] = [];

  /** Starts an execution with what the last one taught. */
  beginExecution(): void {
    // By index: a thread that has done nothing yet leaves a hole below those that have.
    for (let id = 0; id < this.#done.length; id++) {
      this.#most[id] = Math.max(this.most(id), this.#done[id] ?? 0);
      this.#done[id] = 0;
    }
  }

  /** Records one step. */
  step(id: number): void {
    this.#done[id] = (this.#done[id] ?? 0) + 1;
  }

  /** The most steps that a finished execution took in this thread; 0 before the trial. */
  most(id: number): number {
    return this.#most[id] ?? 0;
  }

  /** How many steps the thread still has to do; 0 when it has done more than ever before, or nothing is known. */
  left(id: number): number {
    return Math.max(this.most(id) - (this.#done[id] ?? 0), 0);
  }
}

/** Draws an index with probability in proportion to its weight; uniformly when all weights are 0. */
export function drawWeighted(prng: Prng, weights: readonly number[]): number {
  const sum = weights.reduce((a, b) => a + b, 0);
  if (sum === 0) return prng.below(weights.length);
  let left = prng.below(sum);
  return weights.findIndex((weight) => (left -= weight) < 0);
}
