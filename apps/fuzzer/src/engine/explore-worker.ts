/** A worker thread of an exhaustive search: it runs the slices that it is asked for. */

import { parentPort, workerData } from "node:worker_threads";
import type { ScenarioIdentity } from "@mmrace/mm";
import {
  parseAblation,
  SliceRunner,
  type MemoryModel,
  type SliceRequest,
  type SliceResult,
} from "@mmrace/scheduler";
import type { ChangeSource } from "../changes/change.ts";
import { blaming, scenarioAgain } from "../changes/changed-kernels.ts";

/** What a worker is started with. Scenarios hold functions, so it is told what names them. */
export interface ExploreSetup {
  readonly scenario: ScenarioIdentity;
  readonly changes: readonly ChangeSource[];
  readonly ablations: readonly string[];
  readonly memory: MemoryModel;
}

const { scenario, changes, ablations, memory } = workerData as ExploreSetup;
const runner = new SliceRunner(scenarioAgain(scenario, changes), {
  ablations: ablations.map(parseAblation),
  memory,
});

parentPort?.on("message", (request: SliceRequest) =>
  parentPort?.postMessage(blaming(() => runner.run(request)) satisfies SliceResult),
);
