/** Mutation: schedules of seeds with preemptions moved, added and dropped, blocks swapped and spliced. */

import { replaySchedule } from "@mmrace/scheduler";
import type { Seed } from "../corpus/corpus.ts";
import { mutate, MutatorWeights } from "../mutators/mutators.ts";
import type { Arm, Attempt, Materials } from "./arm.ts";

/** Schedules made from one picked seed. */
const MUTATIONS_PER_SEED = 16;

/** The arm. */
export class Mutation implements Arm {
  readonly name = "mutation";
  readonly #materials: Materials;
  readonly #weights = new MutatorWeights();
  #seed: Seed | undefined;
  #left = 0;

  constructor(materials: Materials) {
    this.#materials = materials;
  }

  next(): Attempt | undefined {
    const { corpus, novelty, prng, threadCount } = this.#materials;
    if (corpus.seeds.length === 0) return undefined;
    if (this.#left-- <= 0) {
      this.#seed = corpus.rare(prng, novelty);
      this.#left = MUTATIONS_PER_SEED - 1;
    }
    const context = { prng, corpus, threadCount: threadCount() };
    const schedule = mutate(this.#seed!.schedule, context, this.#weights);
    return { strategy: replaySchedule(schedule), constraints: this.#seed!.constraints };
  }

  onResult(isNew: boolean): void {
    this.#weights.onResult(isNew);
  }
}
