/** A worker thread of a campaign: a fuzzer of its own, run in rounds. */

import { parentPort, workerData } from "node:worker_threads";
import type { ScenarioIdentity } from "@mmrace/mm";
import { parseAblation, type MemoryModel } from "@mmrace/scheduler";
import type { FuzzStrategy } from "../arms/arms.ts";
import type { ChangeSource } from "../changes/change.ts";
import { blaming, scenarioAgain } from "../changes/changed-kernels.ts";
import { nowMs } from "../clock.ts";
import { Fuzzer, type RoundResult } from "./fuzzer.ts";
import { roundFromNow } from "./round.ts";

/** What a worker is started with. Scenarios hold functions, so it is told what names them. */
export interface WorkerSetup {
  readonly scenario: ScenarioIdentity;
  readonly changes: readonly ChangeSource[];
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

/** What a worker says: how far it has come in its round, now and then, and at last what the round came to. */
export interface RoundMessage {
  readonly isDone: boolean;
  readonly result: RoundResult;
}

/** Executions between two looks at the clock, and how often a worker says how far it has come. */
const STRIDE = 16;
const TELL_EVERY_MS = 200;

type Tell = (sofar: RoundResult) => void;

function start(setup: WorkerSetup): (request: RoundRequest, tell: Tell) => RoundResult {
  const fuzzer = new Fuzzer(scenarioAgain(setup.scenario, setup.changes), {
    ...setup,
    ablations: setup.ablations.map(parseAblation),
  });
  return ({ executions, seeds }, tell) => {
    fuzzer.onSeed = fuzzer.onFound = () => {};
    for (const seed of seeds) fuzzer.replay(seed);
    const sofar = roundFromNow(fuzzer);
    // Who replays it comes to the finding again, should this process end before it is small.
    fuzzer.onFound = (schedule) => {
      const round = sofar();
      tell({ ...round, seeds: [...round.seeds, schedule] });
    };
    let toldMs = nowMs();
    for (let left = executions; left > 0 && !fuzzer.isDone; left -= STRIDE) {
      fuzzer.run(Math.min(STRIDE, left));
      if (nowMs() - toldMs < TELL_EVERY_MS) continue;
      toldMs = nowMs();
      tell(sofar());
    }
    return sofar();
  };
}

const run = start(workerData as WorkerSetup);
parentPort?.on("message", (request: RoundRequest) => {
  const say = (message: RoundMessage): void => parentPort?.postMessage(message);
  const result = blaming(() => run(request, (sofar) => say({ isDone: false, result: sofar })));
  say({ isDone: true, result });
});
