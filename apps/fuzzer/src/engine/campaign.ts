/** A campaign on one scenario in slices, so that time limits, progress and Ctrl-C are seen between them. */

import type { World } from "@mmrace/mm";
import type { Scenario, Violation } from "@mmrace/scheduler";
import { nowMs } from "../clock.ts";
import { Fuzzer, type FuzzerOptions } from "./fuzzer.ts";
import { WorkerPool } from "./worker-pool.ts";

/** Executions between two looks at the clock. */
const SLICE = 256;

/** What a campaign needs besides its scenario. */
export interface CampaignOptions extends FuzzerOptions {
  readonly executionsMax: number;
  /** Worker threads; 1 runs in this one. */
  readonly workers: number;
  /** When to stop, on the clock of `nowMs`. */
  readonly deadlineMs: number;
  /** Schedules to begin with, run before anything else. */
  readonly seeds: readonly Uint8Array[];
  /** Findings of an interrupted campaign, already minimized. */
  readonly findings: readonly Violation[];
  /** Executions and steps that an interrupted campaign has spent. */
  readonly spent: { readonly executions: number; readonly steps: number };
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
  for (const finding of options.findings) fuzzer.findings.set(finding.signature, finding);
  for (const schedule of options.seeds) if (!fuzzer.isDone) fuzzer.replay(schedule);
  if (options.spent.executions > 0) {
    fuzzer.executions = options.spent.executions;
    fuzzer.steps = options.spent.steps;
  }
  fuzzer.onSeed = options.onSeed;
  return fuzzer;
}

async function runSlice(fuzzer: Fuzzer<World>, executionsMax: number): Promise<void> {
  fuzzer.run(Math.min(SLICE, executionsMax));
  // Signals are delivered only when the event loop turns.
  await new Promise((resolve) => setImmediate(resolve));
}
