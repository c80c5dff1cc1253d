/** Seeds for arms that make several schedules from each. */

import type { Seed } from "../corpus/corpus.ts";
import type { Materials } from "./arm.ts";

/** Picks a seed with a rare feature, and stays with it for a while. */
export class RareSeeds {
  readonly #materials: Materials;
  readonly #turns: number;
  #seed: Seed | undefined;
  #left = 0;

  /** @param turns how often each picked seed is handed out. */
  constructor(materials: Materials, turns: number) {
    this.#materials = materials;
    this.#turns = turns;
  }

  /** `undefined` while the corpus is empty. */
  next(): Seed | undefined {
    const { corpus, novelty, prng } = this.#materials;
    if (corpus.seeds.length > 0 && this.#left-- <= 0) {
      this.#seed = corpus.rare(prng, novelty);
      this.#left = this.#turns - 1;
    }
    return this.#seed;
  }
}
