/** What a campaign is asked to do, whatever engine does it. */

import type { World } from "@mmrace/mm";
import type { Ablation, MemoryModel, Scenario } from "@mmrace/scheduler";
import type { Change } from "../changes/change.ts";
import { nowMs } from "../clock.ts";
import type { FuzzStrategy } from "../arms/arms.ts";

/** Settings, as the command line gives them. */
export interface FuzzOptions {
  readonly kernel?: string;
  /** Files of programs. */
  readonly program: readonly string[];
  /** How many programs to generate. */
  readonly programs?: number;
  readonly engine: "native" | "jsfuzz";
  readonly strategy: FuzzStrategy;
  readonly time?: number;
  readonly executions: number;
  readonly workers: number;
  readonly seed: number;
  readonly corpus?: string;
  readonly out: string;
  readonly ablate: readonly string[];
  readonly with: readonly string[];
  readonly memory: MemoryModel;
  readonly stopOnFirst?: boolean;
  readonly json?: boolean;
  /** Progress as JSON lines on standard error. */
  readonly events?: boolean;
  /** The address of the queue, when other processes do the work: `workers` is then the number of shards in a round. */
  readonly queue?: string;
  /** Executions of a shard. */
  readonly shard?: number;
}

/** A campaign as the engines see it: what to run, and the settings. */
export interface FuzzJob {
  readonly scenarios: readonly Scenario<World>[];
  readonly ablations: readonly Ablation[];
  /** What the releases of the scenarios were changed by. */
  readonly changes: readonly Change[];
  readonly options: FuzzOptions;
  /** When to stop, on the clock of `nowMs`. */
  readonly deadlineMs: number;
}

/** How many campaigns there are: one for each scenario, and one for all generated programs. */
export function campaignsOf({ scenarios, options }: FuzzJob): number {
  return scenarios.length + (options.programs === undefined ? 0 : 1);
}

/** When the scenario at `index` must stop: what time is left is shared evenly among those that are still to run. */
export function deadlineOf(job: FuzzJob, index: number): number {
  const now = nowMs();
  return now + (job.deadlineMs - now) / (campaignsOf(job) - index);
}
