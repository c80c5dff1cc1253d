/** Data choices of one place in a search: every value is explored, the last choice first. For `optimalDpor`. */

import { UsageError } from "../assert.ts";

/** Values share the bit sets of threads. */
const VALUES_MAX = 30;

/** The data choices that were made one after another within one step. */
export class DataChoices {
  /** The values chosen, in order. */
  readonly values: number[] = [];
  /** For each of them, the values not tried yet, as a bit set. */
  readonly #left: number[] = [];

  /**
   * The value of the choice at `at`: the one of last time, or for a new choice `wanted` if it can be had, else 0.
   *
   * @throws {UsageError} when there are more than 30 values.
   */
  pick(at: number, count: number, wanted: number = 0): number {
    if (at === this.values.length) {
      if (count > VALUES_MAX)
        throw new UsageError(`Exhaustive search takes data choices of up to ${VALUES_MAX}, not ${count}.`);
      const value = wanted < count ? wanted : 0;
      this.values.push(value);
      this.#left.push(((1 << count) - 1) & ~(1 << value));
    }
    return this.values[at]!;
  }

  /** Moves to the next combination; false when there is none, and then no choice is left. */
  advance(): boolean {
    while (this.values.length > 0) {
      const left = this.#left.pop()!;
      this.values.pop();
      if (left === 0) continue;
      this.values.push(31 - Math.clz32(left & -left));
      this.#left.push(left & (left - 1));
      return true;
    }
    return false;
  }
}
