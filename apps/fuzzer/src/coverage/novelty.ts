/** Feedback: did an execution show an edge, or a number of times an edge, that none showed before? */

import type { InterleavingObserver } from "./interleaving.ts";
import { COVERAGE_SIZE, MAP_NAMES, mapOf, type MapName } from "./maps.ts";

/** Buckets of counts, after AFL: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more. */
const BUCKETS = 8;

/** The bucket of each count. */
const BUCKET_OF: Uint8Array = Uint8Array.from({ length: 256 }, (_, count) => {
  if (count < 4) return Math.max(count - 1, 0);
  if (count < 8) return 3;
  if (count < 16) return 4;
  if (count < 32) return 5;
  return count < 128 ? 6 : 7;
});

/** All that was seen so far. A feature is a slot that was counted, with the bucket of its count. */
export class Novelty {
  /** In how many executions each feature was seen: what makes a seed rare. */
  readonly #frequency = new Uint32Array(COVERAGE_SIZE * BUCKETS);
  /** In how many executions each reads-from class was seen. */
  readonly #classes = new Map<number, number>();
  #executions = 0;

  /** Takes in an execution. @returns the maps in which it showed something new. */
  newIn(observer: InterleavingObserver): readonly MapName[] {
    this.#executions++;
    this.#classes.set(observer.readsFrom, this.timesSeen(observer.readsFrom) + 1);
    const found: MapName[] = [];
    for (const slot of observer.touched) {
      if (this.#frequency[featureOf(slot, observer)]!++ > 0) continue;
      const map = mapOf(slot);
      if (!found.includes(map)) found.push(map);
    }
    return found;
  }

  /** In how many executions the reads found the same writes. */
  timesSeen(readsFrom: number): number {
    return this.#classes.get(readsFrom) ?? 0;
  }

  /** How often a reads-from class was seen on the average. */
  get meanTimesSeen(): number {
    return this.#executions / Math.max(this.#classes.size, 1);
  }

  /** In how many executions the rarest of these features was seen; the lower, the more a seed is worth. */
  rarity(features: readonly number[]): number {
    let rarest = Infinity;
    for (const feature of features) rarest = Math.min(rarest, this.#frequency[feature]!);
    return rarest;
  }

  /** Distinct slots by map, for reports. */
  edges(): Record<MapName, number> {
    const edges = Object.fromEntries(MAP_NAMES.map((name) => [name, 0])) as Record<MapName, number>;
    for (let slot = 0; slot < COVERAGE_SIZE; slot++) {
      const buckets = this.#frequency.subarray(slot * BUCKETS, (slot + 1) * BUCKETS);
      if (buckets.some((times) => times > 0)) edges[mapOf(slot)]++;
    }
    return edges;
  }
}

/** The features of an execution. */
export function featuresOf(observer: InterleavingObserver): number[] {
  return observer.touched.map((slot) => featureOf(slot, observer));
}

/** The slot that a feature is of, whatever its count. */
export function slotOf(feature: number): number {
  return Math.floor(feature / BUCKETS);
}

function featureOf(slot: number, observer: InterleavingObserver): number {
  return slot * BUCKETS + BUCKET_OF[observer.counts[slot]!]!;
}
