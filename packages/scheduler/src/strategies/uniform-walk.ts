/**
 * URW: the random walk that weighs each thread with the steps it still has to do, so that interleavings are equally
 * likely. Described as the base of SURW by Zhao et al., "Selectively Uniform Concurrency Testing", ASPLOS 2025.
 */

import { Prng } from "../prng.ts";
import type { SchedulingPoint, Strategy } from "../strategy.ts";
import { checkSampling, type SamplingOptions } from "./random.ts";
import { drawWeighted, StepCounts } from "./weights.ts";

/**
 * Picks a thread with probability r/R, where r of the R steps that are left are its own. If the counts are right and
 * nothing blocks, each interleaving has probability 1/multinomial. The first execution is a plain random walk that
 * counts; where a later one takes more steps than any before, the walk is uniform among the enabled threads from there
 * on, and the count is raised for the executions that follow.
 */
export function uniformWalk(options: SamplingOptions): Strategy {
  return new UniformWalk(options);
}

class UniformWalk implements Strategy {
  readonly name = "uniform walk";
  readonly isComplete = false;
  readonly #prng: Prng;
  readonly #counts = new StepCounts();
  #executionsLeft: number;

  constructor(options: SamplingOptions) {
    checkSampling("uniformWalk", options);
    this.#prng = new Prng(options.randomSeed);
    this.#executionsLeft = options.executionsMax;
  }

  beginExecution(): boolean {
    this.#counts.beginExecution();
    return this.#executionsLeft-- > 0;
  }

  pickThread({ enabled }: SchedulingPoint): number {
    const weights = enabled.map(({ id }) => this.#counts.left(id));
    const { id } = enabled[enabled.length === 1 ? 0 : drawWeighted(this.#prng, weights)]!;
    this.#counts.step(id);
    return id;
  }

  pickValue(count: number): number {
    return this.#prng.below(count);
  }
}
