/** PCT: random priorities with depth - 1 change points. Burckhardt et al., ASPLOS 2010, section 3. */

import { UsageError } from "../assert.ts";
import { Prng } from "../prng.ts";
import type { SchedulingPoint, Strategy } from "../strategy.ts";
import { checkSampling, type SamplingOptions } from "./random.ts";

/** Options of `pct`. */
export interface PctOptions extends SamplingOptions {
  /** How many ordering constraints the sought bug has, from 1. A bug of this depth is hit with 1/(n k^(depth-1)). */
  readonly depth: number;
}

/**
 * Always runs the enabled thread of highest priority; at depth - 1 random steps the running thread drops to the bottom.
 * Steps count only where at least two threads are enabled. The paper wants the number of steps k known in advance:
 * it starts at 1 and grows to the longest execution seen.
 */
export function pct(options: PctOptions): Strategy {
  return new Pct(options);
}

class Pct implements Strategy {
  readonly name = "pct";
  readonly isComplete = false;
  readonly #depth: number;
  readonly #prng: Prng;
  #executionsLeft: number;
  #priorities: number[] = [];
  #changePoints: number[] = [];
  #lowest = 0;
  #step = 0;
  #stepsMax = 1;

  constructor(options: PctOptions) {
    checkSampling("pct", options);
    if (!Number.isInteger(options.depth) || options.depth < 1) {
      throw new UsageError(`pct: depth counts ordering constraints and starts at 1, not ${options.depth}.`);
    }
    this.#depth = options.depth;
    this.#prng = new Prng(options.randomSeed);
    this.#executionsLeft = options.executionsMax;
  }

  beginExecution(): boolean {
    if (this.#executionsLeft-- <= 0) return false;
    this.#stepsMax = Math.max(this.#stepsMax, this.#step);
    this.#priorities = [];
    this.#lowest = this.#step = 0;
    this.#changePoints = Array.from({ length: this.#depth - 1 }, () => this.#prng.below(this.#stepsMax));
    return true;
  }

  pickThread(point: SchedulingPoint): number {
    if (this.#priorities.length === 0) this.#drawPriorities(point.threads.length);
    if (point.enabled.length === 1) return point.enabled[0]!.id;
    if (this.#changePoints.includes(this.#step++)) this.#priorities[this.#highest(point)] = --this.#lowest;
    return this.#highest(point);
  }

  pickValue(count: number): number {
    return this.#prng.below(count);
  }

  /** A random permutation of 1 .. n; change points use 0 and below. */
  #drawPriorities(count: number): void {
    for (let id = 0; id < count; id++) {
      const at = this.#prng.below(id + 1);
      this.#priorities.splice(at, 0, id);
    }
    const order = this.#priorities;
    this.#priorities = order.map((_, id) => order.indexOf(id) + 1);
  }

  #highest(point: SchedulingPoint): number {
    let best = point.enabled[0]!.id;
    for (const { id } of point.enabled) if (this.#priorities[id]! > this.#priorities[best]!) best = id;
    return best;
  }
}
