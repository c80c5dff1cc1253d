/**
 * The workers of other processes and machines, for a campaign. A round is some shards in a queue; when the last one has
 * been done, all are merged in their order. So the result depends on the settings and on how many shards a round has, and
 * not on who does them, nor on who or what ends in the meantime: a shard that the server has lost is put in again, under
 * the same name, and one that was done before is not done again.
 */

import type { World } from "@mmrace/mm";
import { ablationText, type Scenario } from "@mmrace/scheduler";
import { nowMs } from "../clock.ts";
import { base64Of } from "../corpus/base64.ts";
import type { Fuzzer, FuzzerOptions, RoundResult } from "../engine/fuzzer.ts";
import { seedOfPart } from "../engine/random-seeds.ts";
import type { RoundRunner } from "../engine/worker-pool.ts";
import { whileWaiting, type JobDesk } from "./job-desk.ts";
import { messageOf, nameOf, readAnswer, type Shard } from "./messages.ts";
import { fingerprintOf } from "./shard.ts";

/** How a campaign is cut. */
export interface Cut {
  /** Shards of a round. */
  readonly shards: number;
  /** Executions of a shard, at most. */
  readonly executions: number;
  readonly randomSeed: number;
  /** When the campaign stops, on the clock of `nowMs`. */
  readonly deadlineMs: number;
}

/** One scenario's rounds. */
export class QueuePool implements RoundRunner {
  readonly paces: number[] = [];
  /** Nothing counts before its round is over: what the queue holds is found there again. */
  readonly partial: readonly RoundResult[] = [];
  readonly #desk: JobDesk;
  readonly #scenario: Scenario<World>;
  readonly #options: FuzzerOptions;
  readonly #cut: Cut;
  readonly #fingerprint: string;

  constructor(desk: JobDesk, scenario: Scenario<World>, options: FuzzerOptions, cut: Cut) {
    this.#desk = desk;
    this.#scenario = scenario;
    this.#options = options;
    this.#cut = cut;
    this.#fingerprint = fingerprintOf(scenario);
  }

  /** @param onTold called every now and then; `true` ends the round. It is merged only if the campaign is over with it. */
  async round(fuzzer: Fuzzer<World>, executionsMax: number, onTold: () => boolean): Promise<void> {
    const shards = new Map(this.#shardsOf(fuzzer, executionsMax).map((shard) => [nameOf(shard), shard]));
    const results = new Map<string, RoundResult>();
    await this.#desk.lookUntil(() => this.#look(shards, results), onTold);
    const isWhole = results.size === shards.size;
    // After Ctrl-C the queue keeps the round: the same command collects it.
    if (!isWhole && nowMs() < this.#cut.deadlineMs) return;
    for (const name of shards.keys()) {
      const result = results.get(name);
      if (result !== undefined) fuzzer.absorb(result);
    }
    await whileWaiting(this.#desk.forget([...shards.keys()]), onTold);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #shardsOf(fuzzer: Fuzzer<World>, executionsMax: number): readonly Shard[] {
    const { strategy, memory, ablations, stopOnFirst } = this.#options;
    const common = {
      scenario: this.#scenario.name,
      kernel: this.#scenario.variant ?? "",
      parameters: { ...this.#scenario.parameters },
      fingerprint: this.#fingerprint,
      strategy,
      memory,
      ablations: ablations.map(ablationText),
      stopOnFirst,
      corpus: fuzzer.corpus.seeds.map(({ schedule }) => base64Of(schedule)),
      findings: [...fuzzer.findings.values()].map(messageOf),
    };
    const { shards: count, executions: each, randomSeed } = this.#cut;
    const total = Math.min(executionsMax, each * count);
    const shards: Shard[] = [];
    let start = fuzzer.executions;
    for (let index = 0; index < count; index++) {
      const executions = Math.floor((total + index) / count);
      if (executions === 0) continue;
      shards.push({
        ...common,
        start,
        executions,
        randomSeed: seedOfPart(randomSeed, start),
      });
      start += executions;
    }
    return shards;
  }

  /** Collects what has been done, and puts in what is not there. Says whether that was the last of it. */
  async #look(shards: ReadonlyMap<string, Shard>, results: Map<string, RoundResult>): Promise<boolean> {
    for (const [name, shard] of shards) {
      if (results.has(name)) continue;
      const result = await this.#desk.look(name, shard, readAnswer);
      if (result !== undefined) results.set(name, result);
    }
    return results.size === shards.size;
  }
}
