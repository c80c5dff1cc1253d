/** Draws from a seeded generator, for whoever makes programs. */

import type { Prng } from "@mmrace/scheduler";

/** One of several. */
export function oneOf<T>(prng: Prng, from: readonly T[]): T {
  return from[prng.below(from.length)]!;
}

/** Whether something happens that does so `times` in `of`. */
export function happens(prng: Prng, times: number, of: number): boolean {
  return prng.below(of) < times;
}

/** A whole number, both ends included. */
export function between(prng: Prng, least: number, most: number): number {
  return least + prng.below(most - least + 1);
}
