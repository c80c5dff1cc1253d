/** A campaign on one scenario in slices, so that time limits, progress and Ctrl-C are seen between them. */

import type { World } from "@mmrace/mm";
import type { Scenario } from "@mmrace/scheduler";
import type { ChangeSource } from "../changes/change.ts";
import { nowMs } from "../clock.ts";
import { turn } from "./event-loop.ts";
import { Fuzzer, type FuzzerOptions, type RoundResult } from "./fuzzer.ts";
import { WorkerPool, type RoundRunner } from "./worker-pool.ts";

/** Executions between two looks at the clock, and how long a slice may take: progress is saved between slices. */
const STRIDE = 16;
const SLICE_MS = 50;

/** Where a campaign stands. */
export interface CampaignProgress {
  readonly fuzzer: Fuzzer<World>;
  /** What several workers have done beyond what `fuzzer` knows. */
  readonly partial: readonly RoundResult[];
  /** Executions per second of each worker, when there are several. */
  readonly paces: readonly number[];
}

/** What a campaign needs besides its scenario. */
export interface CampaignOptions extends FuzzerOptions {
  readonly executionsMax: number;
  /** What the scenario's release was changed by. */
  readonly changes: readonly ChangeSource[];
  /** Worker threads; 1 runs in this one. */
  readonly workers: number;
  /** Who runs the rounds, if not worker threads. */
  readonly others: RoundRunner | undefined;
  /** When to stop, on the clock of `nowMs`. */
  readonly deadlineMs: number;
  /** Schedules to begin with, run before anything else. */
  readonly seeds: readonly Uint8Array[];
  /** What an interrupted campaign has done, but for its corpus, which is among the seeds. */
  readonly before: RoundResult | undefined;
  readonly onSeed: (schedule: Uint8Array) => void;
  /** Called with the schedule of a finding of this process before it is made small, which takes seconds. */
  readonly onFound?: (fuzzer: Fuzzer<World>, schedule: Uint8Array) => void;
  /** A number of executions at which a single worker is to pause for `onProgress`, whatever the time. */
  readonly pauseAt: () => number;
  readonly onProgress: (progress: CampaignProgress) => void;
  /** Whether Ctrl-C was pressed. */
  readonly isInterrupted: () => boolean;
}

/** Runs until the budget is spent, the deadline has passed, the goal is reached or the user interrupts. */
export async function runCampaign(
  scenario: Scenario<World>,
  options: CampaignOptions,
): Promise<Fuzzer<World>> {
  const fuzzer = begin(scenario, options);
  const pool = options.others ?? threadsFor(scenario, options);
  // Of others' findings nothing is to be saved before all of their round is taken in.
  if (pool === undefined) fuzzer.onFound = (schedule) => options.onFound?.(fuzzer, schedule);
  const { partial = [], paces = [] } = pool ?? {};
  const tell = (): void => options.onProgress({ fuzzer, partial, paces });
  const isOver = (): boolean => nowMs() >= options.deadlineMs || options.isInterrupted();
  try {
    while (!fuzzer.isDone && fuzzer.executions < options.executionsMax && !isOver()) {
      const left = options.executionsMax - fuzzer.executions;
      if (pool === undefined) await runSlice(fuzzer, left, options.pauseAt());
      else
        await pool.round(fuzzer, left, () => {
          tell();
          return isOver();
        });
      tell();
    }
  } finally {
    await pool?.close();
  }
  return fuzzer;
}

function threadsFor(scenario: Scenario<World>, options: CampaignOptions): RoundRunner | undefined {
  return options.workers > 1 ? new WorkerPool(scenario, options, options.workers) : undefined;
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
