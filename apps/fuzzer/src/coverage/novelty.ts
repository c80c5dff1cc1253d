/** Feedback: did an execution show an edge, or a number of times an edge, that none showed before? */

import { COVERAGE_SIZE, MAP_NAMES, mapOf, type InterleavingObserver } from "./interleaving.ts";

/** AFL's buckets: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more. One bit each. */
const BUCKET: Uint8Array = Uint8Array.from({ length: 256 }, (_, count) => {
  if (count < 4) return count === 0 ? 0 : 1 << (count - 1);
  if (count < 8) return 8;
  if (count < 16) return 16;
  if (count < 32) return 32;
  return count < 128 ? 64 : 128;
});

/** All that was seen so far. */
export class Novelty {
  /** The buckets seen, by slot. */
  readonly #seen = new Uint8Array(COVERAGE_SIZE);
  /** In how many executions each slot was seen: what makes a seed rare. */
  readonly #frequency = new Uint32Array(COVERAGE_SIZE);

  /** Takes in an execution; true when it showed something new. */
  isNew(observer: InterleavingObserver): boolean {
    let isNew = false;
    for (const slot of observer.touched) {
      this.#frequency[slot]!++;
      const bucket = BUCKET[observer.counts[slot]!]!;
      if ((this.#seen[slot]! & bucket) !== 0) continue;
      this.#seen[slot]! |= bucket;
      isNew = true;
    }
    return isNew;
  }

  /** In how many executions the rarest of these slots was seen; the lower, the more a seed is worth. */
  rarity(slots: readonly number[]): number {
    let rarest = Infinity;
    for (const slot of slots) rarest = Math.min(rarest, this.#frequency[slot]!);
    return rarest;
  }

  /** Distinct edges by map, for reports. */
  edges(): Record<(typeof MAP_NAMES)[number], number> {
    const edges = Object.fromEntries(MAP_NAMES.map((name) => [name, 0])) as Record<
      (typeof MAP_NAMES)[number],
      number
    >;
    for (let slot = 0; slot < COVERAGE_SIZE; slot++) if (this.#seen[slot] !== 0) edges[mapOf(slot)]++;
    return edges;
  }
}
