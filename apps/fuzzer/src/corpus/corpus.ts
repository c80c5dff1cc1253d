/** The corpus: executions worth starting from, each with what it showed. */

import type { Prng, ReadsFrom } from "@mmrace/scheduler";
import type { LoggedAccess, Race } from "../coverage/access-log.ts";
import type { MapName } from "../coverage/maps.ts";
import type { Novelty } from "../coverage/novelty.ts";

/** One kept execution. */
export interface Seed {
  readonly schedule: Uint8Array;
  /** The thread of each step, and the data choices. */
  readonly choices: readonly number[];
  readonly values: readonly number[];
  /** The coverage features of its execution. */
  readonly features: readonly number[];
  /** The maps in which it was new: what it earned its place by. */
  readonly earnedBy: readonly MapName[];
  /** Which reads found which writes. */
  readonly readsFrom: number;
  /** The constraints that it was steered by. */
  readonly constraints: readonly ReadsFrom[];
  /** By shared location: what its execution did there. */
  readonly accesses: readonly (readonly LoggedAccess[])[];
  readonly races: readonly Race[];
  /** How often it was picked. */
  timesPicked: number;
}

/** How many seeds compete for one pick. */
const CONTENDERS = 4;
/** The most executions that one pick is worth. */
const ENERGY_MAX = 16;

/** Kept executions in the order of discovery. */
export class Corpus {
  readonly seeds: Seed[] = [];

  add(seed: Seed): void {
    this.seeds.push(seed);
  }

  /** Any seed. The corpus must not be empty. */
  any(prng: Prng): Seed {
    return this.seeds[prng.below(this.seeds.length)]!;
  }

  /** The seed with the rarest feature among a few drawn at random: effort goes where little was seen, but nowhere only. */
  rare(prng: Prng, novelty: Novelty): Seed {
    let best = this.any(prng);
    for (let i = 1; i < CONTENDERS; i++) {
      const other = this.any(prng);
      if (novelty.rarity(other.features) < novelty.rarity(best.features)) best = other;
    }
    return best;
  }
}

/**
 * How many executions a seed is worth now: AFLFast's cut-off exponential schedule (Böhme, Pham and Roychoudhury, CCS 2016)
 * over reads-from classes, as RFF uses it. Nothing while its class is commoner than the average; else twice as many
 * each time it is picked. Counts the pick.
 */
export function energyOf(seed: Seed, novelty: Novelty): number {
  const mean = novelty.meanTimesSeen;
  if (novelty.timesSeen(seed.readsFrom) > mean) return 0;
  return Math.max(1, Math.min(ENERGY_MAX, Math.round(2 ** seed.timesPicked++ / mean)));
}
