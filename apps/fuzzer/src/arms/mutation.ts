/** Mutation: schedules of seeds with preemptions moved, added and dropped, blocks swapped and spliced. */

import { replaySchedule } from "@mmrace/scheduler";
import { mutate, MutatorWeights } from "../mutators/mutators.ts";
import type { Arm, Attempt, Materials } from "./arm.ts";
import { RareSeeds } from "./rare-seeds.ts";

/** Schedules made from one picked seed. */
const MUTATIONS_PER_SEED = 16;

/** The arm. */
export class Mutation implements Arm {
  readonly name = "mutation";
  readonly #materials: Materials;
  readonly #weights = new MutatorWeights();
  readonly #seeds: RareSeeds;

  constructor(materials: Materials) {
    this.#materials = materials;
    this.#seeds = new RareSeeds(materials, MUTATIONS_PER_SEED);
  }

  next(): Attempt | undefined {
    const seed = this.#seeds.next();
    if (seed === undefined) return undefined;
    const { corpus, prng, threadCount } = this.#materials;
    const context = { prng, corpus, threadCount: threadCount() };
    const schedule = mutate(seed.schedule, context, this.#weights);
    return { strategy: replaySchedule(schedule), constraints: seed.constraints };
  }

  onResult(isNew: boolean): void {
    this.#weights.onResult(isNew);
  }
}
