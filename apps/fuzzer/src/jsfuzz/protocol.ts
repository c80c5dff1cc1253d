/** What our process and the fuzz target inside jsfuzz tell each other: settings by environment, a report by file. */

import type { MemoryModel } from "@mmrace/scheduler";

/** Settings of the target, as JSON in the environment variable `MMRACE_TARGET`. */
export interface TargetSettings {
  readonly scenario: string;
  readonly kernel: string;
  readonly ablations: readonly string[];
  readonly memory: MemoryModel;
  /** Signatures that are known: they end nothing. */
  readonly known: readonly string[];
  readonly executionsMax: number;
  /** How long to run; no limit when absent. */
  readonly timeMs?: number;
  /** Where the report goes when the target's process ends. */
  readonly reportFile?: string;
}

/** Name of the environment variable. */
export const TARGET_VARIABLE = "MMRACE_TARGET";

/** What the target has to say when its process ends. */
export interface TargetReport {
  /** Why it ended: a finding, the budget, the time, Ctrl-C, or an error that is no finding. */
  readonly end: "violation" | "budget" | "time" | "interrupted" | "failure";
  readonly executions: number;
  readonly steps: number;
  /** Inputs that showed something new, base64. */
  readonly kept: readonly string[];
  readonly unreached: readonly string[];
  /** Sites of ablations that matched nothing. */
  readonly unmatched: readonly string[];
  /** What was thrown, or done. */
  readonly failure?: string;
  /** The input that was run last, base64: the one that showed the finding. */
  readonly input?: string;
}
