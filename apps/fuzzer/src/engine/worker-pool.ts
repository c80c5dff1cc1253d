/**
 * Several workers on one scenario. They run in rounds: all get the same share, and what they found is merged in the
 * order of the workers when the last one is done. So the result depends on the random seed and on the number of
 * workers, and not on which of them is faster.
 */

import { Worker } from "node:worker_threads";
import type { World } from "@mmrace/mm";
import { ablationText, type Scenario } from "@mmrace/scheduler";
import { sourcesOf } from "../changes/change.ts";
import { nowMs } from "../clock.ts";
import { askUntil } from "./ask.ts";
import { identityOf } from "../programs/identity.ts";
import type { CampaignOptions } from "./campaign.ts";
import type { RoundMessage, RoundRequest, WorkerSetup } from "./fuzz-worker.ts";
import type { Fuzzer, RoundResult } from "./fuzzer.ts";

/** Executions of one worker in one round: enough that merging costs little. */
const ROUND = 1024;
/** Keeps the random seeds of workers apart; any large odd number does. */
const SEED_STRIDE = 7_368_787;

/** Others who run rounds of a campaign. */
export interface RoundRunner {
  /** Executions per second of each worker in the last round: for people, nothing depends on it. */
  readonly paces: readonly number[];
  /** What has been done in the round that is running; not merged yet. */
  readonly partial: readonly RoundResult[];
  /**
   * Runs a round of at most `executionsMax` executions and merges it into `fuzzer`.
   *
   * @param onTold called every now and then; `true` ends the round early. No other round follows then.
   */
  round(fuzzer: Fuzzer<World>, executionsMax: number, onTold: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** The worker threads of one campaign. */
export class WorkerPool implements RoundRunner {
  /** Executions per second of each worker in the last round: for people, nothing depends on it. */
  readonly paces: number[] = [];
  /** What the workers have done in the round that is running; not merged yet. */
  readonly partial: RoundResult[] = [];
  readonly #workers: readonly Worker[];
  #seedsGiven = 0;

  constructor(scenario: Scenario<World>, options: CampaignOptions, count: number) {
    this.#workers = Array.from({ length: count }, (_, index) => {
      const setup: WorkerSetup = {
        scenario: identityOf(scenario),
        changes: sourcesOf(options.changes),
        randomSeed: options.randomSeed + index * SEED_STRIDE,
        strategy: options.strategy,
        ablations: options.ablations.map(ablationText),
        memory: options.memory,
        stopOnFirst: options.stopOnFirst,
      };
      return new Worker(new URL("./fuzz-worker.js", import.meta.url), { workerData: setup });
    });
  }

  /**
   * Runs a round of at most `executionsMax` executions over all workers and merges it into `fuzzer`.
   *
   * @param onTold called when a worker has said how far it is; `true` ends the round with what there is. Workers must then
   *   be closed: they do not hear of it.
   */
  async round(fuzzer: Fuzzer<World>, executionsMax: number, onTold: () => boolean): Promise<void> {
    const seeds = fuzzer.corpus.seeds.slice(this.#seedsGiven).map(({ schedule }) => schedule);
    this.#seedsGiven = fuzzer.corpus.seeds.length;
    const total = Math.min(executionsMax, ROUND * this.#workers.length);
    const startMs = nowMs();
    const results = this.#workers.map(async (worker, index) => {
      const executions = Math.floor((total + index) / this.#workers.length);
      const request: RoundRequest = { executions, seeds };
      const { result: last } = await askUntil<RoundMessage>(worker, request, ({ isDone, result }) => {
        this.partial[index] = result;
        this.paces[index] = Math.round((result.executions / Math.max(nowMs() - startMs, 1)) * 1000);
        return onTold() || isDone;
      });
      return last;
    });
    for (const result of await Promise.all(results)) fuzzer.absorb(result);
    this.partial.length = 0;
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
