/** A campaign on one scenario in slices, so that time limits, progress and Ctrl-C are seen between them. */

import type { World } from "@mmrace/mm";
import type { Scenario } from "@mmrace/scheduler";
import { nowMs } from "../clock.ts";
import { turn } from "./event-loop.ts";
import { Fuzzer, type FuzzerOptions, type RoundResult } from "./fuzzer.ts";
import { WorkerPool } from "./worker-pool.ts";

/** Executions between two looks at the clock, and how long a slice may take: progress is saved between slices. */
const STRIDE = 16;
const SLICE_MS = 50;

/** What a campaign needs besides its scenario. */
export interface CampaignOptions extends FuzzerOptions {
  readonly executionsMax: number;
  /** Worker threads; 1 runs in this one. */
  readonly workers: number;
  /** When to stop, on the clock of `nowMs`. */
  readonly deadlineMs: number;
  /** Schedules to begin with, run before anything else. */
  readonly seeds: readonly Uint8Array[];
  /** What an interrupted campaign has done, but for its corpus, which is among the seeds. */
  readonly before: RoundResult | undefined;
  readonly onSeed: (schedule: Uint8Array) => void;
  /** A number of executions at which a single worker is to pause for `onProgress`, whatever the time. */
  readonly pauseAt: () => number;
  /** @param paces executions per second of each worker, when there are several. */
  readonly onProgress: (fuzzer: Fuzzer<World>, paces: readonly number[]) => void;
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
  const runSome: typeof runSlice = pool === undefined ? runSlice : (into, most) => pool.round(into, most);
  try {
    while (!fuzzer.isDone && fuzzer.executions < options.executionsMax) {
      if (nowMs() >= options.deadlineMs || options.isInterrupted()) break;
      await runSome(fuzzer, options.executionsMax - fuzzer.executions, options.pauseAt());
      options.onProgress(fuzzer, pool?.paces ?? []);
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

/** Where a slice ends depends on the clock, and what it does does not. */
async function runSlice(fuzzer: Fuzzer<World>, executionsMax: number, pauseAt: number): Promise<void> {
  const endMs = nowMs() + SLICE_MS;
  const end = Math.min(fuzzer.executions + executionsMax, pauseAt);
  do fuzzer.run(Math.min(STRIDE, end - fuzzer.executions));
  while (!fuzzer.isDone && fuzzer.executions < end && nowMs() < endMs);
  await turn();
}
