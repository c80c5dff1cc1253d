/**
 * Several workers on one scenario. They run in rounds: all get the same share, and what they found is merged in the
 * order of the workers when the last one is done. So the result depends on the random seed and on the number of
 * workers, and not on which of them is faster.
 */

import { Worker } from "node:worker_threads";
import type { World } from "@mmrace/mm";
import { ablationText, type Scenario } from "@mmrace/scheduler";
import { identityOf } from "../programs/identity.ts";
import { ask } from "./ask.ts";
import type { RoundRequest, WorkerSetup } from "./fuzz-worker.ts";
import type { Fuzzer, FuzzerOptions, RoundResult } from "./fuzzer.ts";

/** Executions of one worker in one round: enough that merging costs little. */
const ROUND = 1024;
/** Keeps the random seeds of workers apart; any large odd number does. */
const SEED_STRIDE = 7_368_787;

/** The workers of one campaign. */
export class WorkerPool {
  readonly #workers: readonly Worker[];
  #seedsGiven = 0;

  constructor(scenario: Scenario<World>, options: FuzzerOptions, count: number) {
    this.#workers = Array.from({ length: count }, (_, index) => {
      const setup: WorkerSetup = {
        scenario: identityOf(scenario),
        randomSeed: options.randomSeed + index * SEED_STRIDE,
        strategy: options.strategy,
        ablations: options.ablations.map(ablationText),
        memory: options.memory,
        stopOnFirst: options.stopOnFirst,
      };
      return new Worker(new URL("./fuzz-worker.js", import.meta.url), { workerData: setup });
    });
  }

  /** Runs a round of at most `executionsMax` executions over all workers and merges it into `fuzzer`. */
  async round(fuzzer: Fuzzer<World>, executionsMax: number): Promise<void> {
    const seeds = fuzzer.corpus.seeds.slice(this.#seedsGiven).map(({ schedule }) => schedule);
    this.#seedsGiven = fuzzer.corpus.seeds.length;
    const total = Math.min(executionsMax, ROUND * this.#workers.length);
    const results = this.#workers.map((worker, index) => {
      const executions = Math.floor((total + index) / this.#workers.length);
      return ask<RoundResult>(worker, { executions, seeds } satisfies RoundRequest);
    });
    for (const result of await Promise.all(results)) fuzzer.absorb(result);
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
