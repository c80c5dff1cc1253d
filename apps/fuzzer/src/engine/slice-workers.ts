/** Who runs the slices of an exhaustive search: this thread, or several others. */

import { Worker } from "node:worker_threads";
import type { World } from "@mmrace/mm";
import {
  ablationText,
  SliceRunner,
  type RunSettings,
  type Scenario,
  type SliceRequest,
  type SliceResult,
} from "@mmrace/scheduler";
import { sourcesOf, type ChangeSource } from "../changes/change.ts";
import { identityOf } from "../programs/identity.ts";
import { ask } from "./ask.ts";
import { turn } from "./event-loop.ts";
import type { ExploreSetup } from "./explore-worker.ts";

/** Runs one slice at a time. */
export interface SliceWorker {
  run(request: SliceRequest): Promise<SliceResult>;
  close(): Promise<unknown>;
}

/** As many workers as asked for; a single one is this thread. */
export function sliceWorkers(
  scenario: Scenario<World>,
  settings: RunSettings & { readonly changes: readonly ChangeSource[] },
  count: number,
): readonly SliceWorker[] {
  if (count === 1) return [inThisThread(new SliceRunner(scenario, settings))];
  const workerData: ExploreSetup = {
    scenario: identityOf(scenario),
    changes: sourcesOf(settings.changes),
    ablations: (settings.ablations ?? []).map(ablationText),
    memory: settings.memory ?? "sc",
  };
  return Array.from({ length: count }, () => {
    const worker = new Worker(new URL("./explore-worker.js", import.meta.url), { workerData });
    return {
      run: (request) => ask<SliceResult>(worker, request),
      close: () => worker.terminate(),
    };
  });
}

function inThisThread(runner: SliceRunner<World>): SliceWorker {
  return {
    run: async (request) => {
      await turn();
      return runner.run(request);
    },
    close: () => Promise.resolve(),
  };
}
