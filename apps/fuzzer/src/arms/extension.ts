/** Extension: the beginning of a seed, then chance. Where a bug needs many things in a row, each is built on the last. */

import { prefixed, type Strategy } from "@mmrace/scheduler";
import type { Arm, Attempt, Materials } from "./arm.ts";
import { RareSeeds } from "./rare-seeds.ts";

/** Executions that begin like one picked seed. */
const EXTENSIONS_PER_SEED = 8;

/** The arm. */
export class Extension implements Arm {
  readonly name = "extension";
  readonly #materials: Materials;
  readonly #bases: readonly Strategy[];
  readonly #seeds: RareSeeds;

  /** @param bases go on from there, in turn at random. */
  constructor(materials: Materials, bases: readonly Strategy[]) {
    this.#materials = materials;
    this.#bases = bases;
    this.#seeds = new RareSeeds(materials, EXTENSIONS_PER_SEED);
  }

  next(): Attempt | undefined {
    const seed = this.#seeds.next();
    if (seed === undefined) return undefined;
    const { prng } = this.#materials;
    const { choices, values, constraints } = seed;
    const steps = prng.below(choices.length + 1);
    const base = this.#bases[prng.below(this.#bases.length)]!;
    return { strategy: prefixed({ choices, values, steps, base }), constraints };
  }
}
