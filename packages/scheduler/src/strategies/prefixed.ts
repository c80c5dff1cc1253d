/** The beginning of a known execution, then another strategy. */

import { UsageError } from "../assert.ts";
import type { SchedulingPoint, Strategy } from "../strategy.ts";
import { Layered } from "./layered.ts";

/** An execution as its engine recorded it, and how much of it is wanted. */
export interface PrefixedOptions {
  /** The thread of each step. */
  readonly choices: readonly number[];
  /** The data choices, in their order. */
  readonly values: readonly number[];
  /** How many steps are gone again: 0 to the number of choices. */
  readonly steps: number;
  /** Goes on from there, and from where the execution cannot be followed because the model is another one. */
  readonly base: Strategy;
}

/**
 * One execution that begins like a known one.
 *
 * @throws {UsageError} when the known one is shorter than that.
 */
export function prefixed(options: PrefixedOptions): Strategy {
  const { choices, steps } = options;
  if (!Number.isInteger(steps) || steps < 0 || steps > choices.length)
    throw new UsageError(`The execution has ${choices.length} steps; it cannot be followed for ${steps}.`);
  return new Prefixed(options);
}

class Prefixed extends Layered {
  readonly name = "prefixed";
  readonly #options: PrefixedOptions;
  #step = 0;
  #value = 0;
  #hasBegun = false;

  constructor(options: PrefixedOptions) {
    super(options.base);
    this.#options = options;
  }

  override beginExecution(): boolean {
    if (this.#hasBegun) return false;
    this.#hasBegun = true;
    return super.beginExecution();
  }

  override pickThread(point: SchedulingPoint): number {
    const { choices, steps } = this.#options;
    if (this.#step < steps) {
      const dictated = choices[this.#step++]!;
      if (point.threads[dictated]?.isEnabled === true) return dictated;
      this.#step = steps;
    }
    return super.pickThread(point);
  }

  override pickValue(count: number): number {
    const { values, steps } = this.#options;
    if (this.#step < steps && this.#value < values.length) return values[this.#value++]! % count;
    return super.pickValue(count);
  }
}
