/** The corpus: schedules worth starting from, each with the edges it showed. */

import type { Prng } from "@mmrace/scheduler";
import type { Novelty } from "../coverage/novelty.ts";

/** One kept schedule. */
export interface Seed {
  readonly schedule: Uint8Array;
  /** Coverage slots of its execution. */
  readonly slots: readonly number[];
}

/** How many seeds compete for one pick. */
const CONTENDERS = 4;

/** Kept schedules in the order of discovery. */
export class Corpus {
  readonly seeds: Seed[] = [];

  add(seed: Seed): void {
    this.seeds.push(seed);
  }

  /** Any seed. The corpus must not be empty. */
  any(prng: Prng): Seed {
    return this.seeds[prng.below(this.seeds.length)]!;
  }

  /** The seed with the rarest edge among a few drawn at random: effort goes where little was seen, but nowhere only. */
  rare(prng: Prng, novelty: Novelty): Seed {
    let best = this.any(prng);
    for (let i = 1; i < CONTENDERS; i++) {
      const other = this.any(prng);
      if (novelty.rarity(other.slots) < novelty.rarity(best.slots)) best = other;
    }
    return best;
  }
}
