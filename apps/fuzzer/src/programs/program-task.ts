/**
 * One program's share of a hunt: what is to be run, and what has come of it. Plain data, so that anybody can do it: this
 * thread, another one, or another machine.
 */

import type { MemoryModel, Violation } from "@mmrace/scheduler";
import type { FuzzStrategy } from "../arms/arms.ts";
import type { ChangeSource } from "../changes/change.ts";

/** What all programs of a hunt are run under. */
export interface HuntSettings {
  /** The release, without what changes put into it. */
  readonly release: string;
  readonly changes: readonly ChangeSource[];
  readonly strategy: FuzzStrategy;
  readonly ablations: readonly string[];
  readonly memory: MemoryModel;
  readonly stopOnFirst: boolean;
}

/** One program to run. What comes of it depends on nothing else, but for where an interruption falls. */
export interface ProgramTask {
  /** Its number in the hunt: the order in which results count. */
  readonly at: number;
  /** Packed, as in tokens. */
  readonly program: string;
  readonly randomSeed: number;
  readonly executions: number;
  /** Signatures of findings that the hunt had when the task was made. */
  readonly known: readonly string[];
  /** What an interrupted run of it has done. */
  readonly before?: TaskProgress | undefined;
}

/** What was done of a task. */
export interface TaskProgress {
  readonly executions: number;
  readonly steps: number;
  /** Schedules that were kept: base64, and empty when the task is done, since nobody goes on from there. */
  readonly schedules: readonly string[];
  /** How many were kept. */
  readonly corpus: number;
  /** What it showed, as `ProgramFeatures` counts it. */
  readonly slots: readonly number[];
  /** Findings that were not known. Each token carries the program, which is smaller if it could be made so. */
  readonly findings: readonly Violation[];
  /** Sites of ablations that matched nothing. */
  readonly unmatched: readonly string[];
}

/** Somebody who runs one program at a time. */
export interface ProgramRunner {
  /** Whether it is one of several in this process, whose speed is worth telling. */
  readonly isThread: boolean;
  /**
   * Runs a program.
   *
   * @param tell told now and then how far it is; whoever answers `true` has enough: the run ends with what it has.
   * @returns what it came to, and whether that is all of it.
   */
  run(task: ProgramTask, tell: Tell): Promise<TaskResult>;
  /** @param isSaved whether somebody will go on with what was cut short. */
  close(isSaved: boolean): Promise<void>;
}

/**
 * @param progress makes what there is so far; `undefined`: nothing new to tell.
 * @param isUrgent whether it is to be kept at once, since the next words will be long in coming.
 */
export type Tell = (progress?: () => TaskProgress, isUrgent?: boolean) => boolean;

/** How a task ended. */
export interface TaskResult {
  readonly isWhole: boolean;
  readonly progress: TaskProgress;
}

/** What a task has done that has not begun. */
export const NOTHING: TaskProgress = {
  executions: 0,
  steps: 0,
  schedules: [],
  corpus: 0,
  slots: [],
  findings: [],
  unmatched: [],
};
