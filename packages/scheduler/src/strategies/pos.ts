/** POS: a random priority per operation. Yuan, Yang and Gu, "Partial Order Aware Concurrency Sampling", CAV 2018. */

import { conflicts } from "../footprint.ts";
import { Prng } from "../prng.ts";
import type { SchedulingPoint, Strategy } from "../strategy.ts";
import { checkSampling, type SamplingOptions } from "./random.ts";

/**
 * Every pending operation has a random priority, and the enabled one of highest priority runs. Then the pending
 * operations that conflict with it draw again, so that the orders of each racing pair stay equally likely however the
 * other operations fell. Needs no parameter and no knowledge of the length of executions.
 */
export function pos(options: SamplingOptions): Strategy {
  return new Pos(options);
}

class Pos implements Strategy {
  readonly name = "pos";
  readonly isComplete = false;
  readonly #prng: Prng;
  #executionsLeft: number;
  /** By thread id, for its pending operation; 32 random bits. */
  #priorities: number[] = [];

  constructor(options: SamplingOptions) {
    checkSampling("pos", options);
    this.#prng = new Prng(options.randomSeed);
    this.#executionsLeft = options.executionsMax;
  }

  beginExecution(): boolean {
    this.#priorities = [];
    return this.#executionsLeft-- > 0;
  }

  pickThread({ threads, enabled }: SchedulingPoint): number {
    if (this.#priorities.length === 0) this.#priorities = threads.map(() => this.#draw());
    let best = enabled[0]!;
    for (const thread of enabled)
      if (this.#priorities[thread.id]! > this.#priorities[best.id]!) best = thread;
    for (const { id, pending } of threads) {
      // The picked thread's next operation is a new one.
      if (id === best.id || (pending !== undefined && conflicts(pending, best.pending!))) {
        this.#priorities[id] = this.#draw();
      }
    }
    return best.id;
  }

  pickValue(count: number): number {
    return this.#prng.below(count);
  }

  #draw(): number {
    return this.#prng.next() >>> 0;
  }
}
