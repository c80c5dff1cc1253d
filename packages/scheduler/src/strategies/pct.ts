/** PCT: random priorities with depth - 1 change points. Burckhardt et al., ASPLOS 2010, section 3. */

import { UsageError } from "../assert.ts";
import { Prng } from "../prng.ts";
import type { SchedulingPoint, Strategy } from "../strategy.ts";
import { checkSampling, type SamplingOptions } from "./random.ts";

/** Options of `pct`. */
export interface PctOptions extends SamplingOptions {
  /** How many ordering constraints the sought bug has, from 1. */
  readonly depth: number;
}

/**
 * Always runs the enabled thread of highest priority. After depth - 1 of the k steps of an execution, drawn at random, the
 * thread that took the step drops below all that have not dropped yet; change points are not sorted, so it is random too
 * who of those that have dropped is above whom. Whatever n threads show by depth - 1 such changes and one right choice of
 * the highest, or the lowest, among them is hit with at least 1/(n k^(depth-1)).
 * The paper wants k known in advance: here nobody drops in the first execution, and k grows to the longest one seen.
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
  /** Steps, from 0, after which a thread drops. Its new priority is the index. */
  #changePoints: number[] = [];
  #step = 0;
  #stepsMax = 0;

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
    this.#step = 0;
    const changes = this.#stepsMax === 0 ? 0 : this.#depth - 1;
    this.#changePoints = Array.from({ length: changes }, () => this.#prng.below(this.#stepsMax));
    return true;
  }

  pickThread(point: SchedulingPoint): number {
    if (this.#priorities.length === 0) this.#drawPriorities(point.threads.length);
    const id = this.#highest(point);
    const change = this.#changePoints.indexOf(this.#step++);
    if (change >= 0) this.#priorities[id] = change;
    return id;
  }

  pickValue(count: number): number {
    return this.#prng.below(count);
  }

  /** A random permutation of depth .. depth + n - 1; what is below is for change points. */
  #drawPriorities(count: number): void {
    for (let id = 0; id < count; id++) {
      const at = this.#prng.below(id + 1);
      this.#priorities.splice(at, 0, id);
    }
    const order = this.#priorities;
    this.#priorities = order.map((_, id) => order.indexOf(id) + this.#depth);
  }

  #highest(point: SchedulingPoint): number {
    let best = point.enabled[0]!.id;
    for (const { id } of point.enabled) if (this.#priorities[id]! > this.#priorities[best]!) best = id;
    return best;
  }
}
