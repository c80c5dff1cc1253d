/** A campaign on one scenario in slices, so that time limits, progress and Ctrl-C are seen between them. */

import type { World } from "@mmrace/mm";
import type { Scenario } from "@mmrace/scheduler";
import type { ChangeSource } from "../changes/change.ts";
import { nowMs } from "../clock.ts";
import { turn } from "./event-loop.ts";
import { Fuzzer, type FuzzerOptions, type RoundResult } from "./fuzzer.ts";
import { WorkerPool } from "./worker-pool.ts";

/** Executions between two looks at the clock. */
const SLICE = 256;

/** What a campaign needs besides its scenario. */
export interface CampaignOptions extends FuzzerOptions {
  readonly executionsMax: number;
  /** What the scenario's release was changed by. */
  readonly changes: readonly ChangeSource[];
  /** Worker threads; 1 runs in this one. */
  readonly workers: number;
  /** When to stop, on the clock of `nowMs`. */
  readonly deadlineMs: number;
  /** Schedules to begin with, run before anything else. */
  readonly seeds: readonly Uint8Array[];
  /** What an interrupted campaign has done, but for its corpus, which is among the seeds. */
  readonly before: RoundResult | undefined;
  readonly onSeed: (schedule: Uint8Array) => void;
  readonly onProgress: (fuzzer: Fuzzer<World>) => void;
  /** Whether Ctrl-C was pressed. */
  readonly isInterrupted: () => boolean;
}

/** Runs until the budget is spent, the deadline has passed, the goal is reached or the user interrupts. */
export async function runCampaign(
  scenario: Scenario<World>,
  options: CampaignOptions,
): Promise<Fuzzer<World>> {
  const fuzzer = begin(scenario, options);
  const pool = options.workers > 1 ? new WorkerPool(scenario, options, options.workers) : undefined;
  const runSome = pool === undefined ? runSlice : pool.round.bind(pool);
  try {
    while (!fuzzer.isDone && fuzzer.executions < options.executionsMax) {
      if (nowMs() >= options.deadlineMs || options.isInterrupted()) break;
      await runSome(fuzzer, options.executionsMax - fuzzer.executions);
      options.onProgress(fuzzer);
    }
  } finally {
    await pool?.close();
  }
  return fuzzer;
}

/** A fuzzer that knows what an interrupted campaign knew. */
function begin(scenario: Scenario<World>, options: CampaignOptions): Fuzzer<World> {
  const fuzzer = new Fuzzer(scenario, options);
  for (const schedule of options.seeds) if (!fuzzer.isDone) fuzzer.replay(schedule);
  if (options.before !== undefined) {
    // Its corpus was paid for when it was found.
    fuzzer.executions = fuzzer.steps = 0;
    fuzzer.absorb(options.before);
  }
  fuzzer.onSeed = options.onSeed;
  return fuzzer;
}

async function runSlice(fuzzer: Fuzzer<World>, executionsMax: number): Promise<void> {
  fuzzer.run(Math.min(SLICE, executionsMax));
  await turn();
}
