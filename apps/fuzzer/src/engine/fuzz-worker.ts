/** A worker thread of a campaign: a fuzzer of its own, run in rounds. */

import { parentPort, workerData } from "node:worker_threads";
import { scenarioOf, type ScenarioIdentity } from "@mmrace/mm";
import { parseAblation, type MemoryModel } from "@mmrace/scheduler";
import type { FuzzStrategy } from "../arms/arms.ts";
import { Fuzzer, type RoundResult } from "./fuzzer.ts";

/** What a worker is started with. Scenarios hold functions, so it is told what names them. */
export interface WorkerSetup {
  readonly scenario: ScenarioIdentity;
  readonly randomSeed: number;
  readonly strategy: FuzzStrategy;
  readonly ablations: readonly string[];
  readonly memory: MemoryModel;
  readonly stopOnFirst: boolean;
}

/** What a worker is asked. */
export interface RoundRequest {
  readonly executions: number;
  /** Schedules that others have found worth keeping; they do not count as executions. */
  readonly seeds: readonly Uint8Array[];
}

function start(setup: WorkerSetup): (request: RoundRequest) => RoundResult {
  const fuzzer = new Fuzzer(scenarioOf(setup.scenario), {
    ...setup,
    ablations: setup.ablations.map(parseAblation),
  });
  return ({ executions, seeds }) => {
    const found: Uint8Array[] = [];
    fuzzer.onSeed = () => {};
    for (const seed of seeds) fuzzer.replay(seed);
    fuzzer.onSeed = (schedule) => void found.push(schedule);
    const known = new Set(fuzzer.findings.keys());
    const before = { executions: fuzzer.executions, steps: fuzzer.steps };
    fuzzer.run(executions);
    return {
      executions: fuzzer.executions - before.executions,
      steps: fuzzer.steps - before.steps,
      seeds: found,
      findings: [...fuzzer.findings.values()].filter(({ signature }) => !known.has(signature)),
      unreached: fuzzer.unreached,
      unmatched: fuzzer.unmatched.map(({ site }) => site),
    };
  };
}

const run = start(workerData as WorkerSetup);
parentPort?.on("message", (request: RoundRequest) => parentPort?.postMessage(run(request)));
