/** A campaign on one scenario in slices, so that time limits, progress and Ctrl-C are seen between them. */

import type { World } from "@mmrace/mm";
import type { Scenario, Violation } from "@mmrace/scheduler";
import { nowMs } from "../clock.ts";
import { Fuzzer, type FuzzerOptions } from "./fuzzer.ts";

/** Executions between two looks at the clock. */
const SLICE = 256;

/** What a campaign needs besides its scenario. */
export interface CampaignOptions extends FuzzerOptions {
  readonly executionsMax: number;
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
  const fuzzer = new Fuzzer(scenario, options);
  for (const finding of options.findings) fuzzer.findings.set(finding.signature, finding);
  for (const schedule of options.seeds) if (!fuzzer.isDone) fuzzer.replay(schedule);
  if (options.spent.executions > 0) {
    fuzzer.executions = options.spent.executions;
    fuzzer.steps = options.spent.steps;
  }
  fuzzer.onSeed = options.onSeed;
  while (!fuzzer.isDone && fuzzer.executions < options.executionsMax) {
    if (nowMs() >= options.deadlineMs || options.isInterrupted()) break;
    fuzzer.run(Math.min(SLICE, options.executionsMax - fuzzer.executions));
    options.onProgress(fuzzer);
    // Signals are delivered only when the event loop turns.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return fuzzer;
}
