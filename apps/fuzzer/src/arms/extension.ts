/** Extension: the beginning of a seed, then chance. Where a bug needs many things in a row, each is built on the last. */

import { prefixed, type Strategy } from "@mmrace/scheduler";
import type { Seed } from "../corpus/corpus.ts";
import type { Arm, Attempt, Materials } from "./arm.ts";

/** Executions that begin like one picked seed. */
const EXTENSIONS_PER_SEED = 8;

/** The arm. */
export class Extension implements Arm {
  readonly name = "extension";
  readonly #materials: Materials;
  readonly #bases: readonly Strategy[];
  #seed: Seed | undefined;
  #left = 0;

  /** @param bases go on from there, in turn at random. */
  constructor(materials: Materials, bases: readonly Strategy[]) {
    this.#materials = materials;
    this.#bases = bases;
  }

  next(): Attempt | undefined {
    const { corpus, novelty, prng } = this.#materials;
    if (corpus.seeds.length === 0) return undefined;
    if (this.#left-- <= 0) {
      this.#seed = corpus.rare(prng, novelty);
      this.#left = EXTENSIONS_PER_SEED - 1;
    }
    const { choices, values, constraints } = this.#seed!;
    const steps = prng.below(choices.length + 1);
    const base = this.#bases[prng.below(this.#bases.length)]!;
    return { strategy: prefixed({ choices, values, steps, base }), constraints };
  }
}
