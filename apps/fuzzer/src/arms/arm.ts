/** Arms: the ways in which a campaign makes its next schedule. */

import type { Prng, ReadsFrom, Strategy } from "@mmrace/scheduler";
import type { Corpus, Seed } from "../corpus/corpus.ts";
import type { Novelty } from "../coverage/novelty.ts";

/** What all arms draw from. */
export interface Materials {
  readonly prng: Prng;
  readonly corpus: Corpus;
  readonly novelty: Novelty;
  /** Threads of the scenario, daemons included; 0 before the first execution. */
  readonly threadCount: () => number;
}

/** One execution to be run. */
export interface Attempt {
  readonly strategy: Strategy;
  /** What it is steered by, for the seed that it may become. */
  readonly constraints: readonly ReadsFrom[];
}

/** One way to make schedules. */
export interface Arm {
  readonly name: string;
  /** The next attempt; `undefined` when the arm has nothing to try now. */
  readonly next: () => Attempt | undefined;
  /** Told of each attempt whether it showed anything new. */
  readonly onResult?: (isNew: boolean) => void;
  /** Told of each execution that enters the corpus, whoever made it. */
  readonly onSeed?: (seed: Seed) => void;
}
