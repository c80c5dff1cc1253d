/** What is kept on disk of a hunt that has not come to its end, within the state of its campaign. */

import { decodeToken, UsageError, type Violation } from "@mmrace/scheduler";
import { array, boolean, number, object, optional, string, type GenericSchema } from "valibot";
import type { Change } from "../changes/change.ts";
import { growthSchema } from "../engine/growth.ts";
import { findingOfToken } from "../engine/resumed.ts";
import type { GrowthPoint } from "../report/report-data.ts";
import { warn } from "../report/warn.ts";
import type { PlanState, SeedProgram } from "./hunt-plan.ts";
import type { TaskProgress } from "./program-task.ts";

/** What was done of a program: findings are tokens, which carry their programs. */
export interface SavedProgress {
  executions: number;
  steps: number;
  schedules: string[];
  corpus: number;
  slots: number[];
  findings: string[];
  unmatched: string[];
}

/** A program that was given out, and whose result does not count yet. */
export interface SavedTask {
  at: number;
  program: string;
  seed?: SeedProgram | undefined;
  isWhole: boolean;
  progress?: SavedProgress | undefined;
}

/** A hunt. */
export interface HuntState {
  kernel: string;
  /** Programs whose results count: all whose numbers are below. */
  merged: number;
  executions: number;
  steps: number;
  /** Schedules that their campaigns have kept. */
  corpus: number;
  seconds: number;
  /** What programs have shown, as `ProgramFeatures` saves it. */
  features: string;
  /** Tokens, with the number of the program that each was found in. */
  findings: { at: number; token: string }[];
  unmatched: string[];
  growth: GrowthPoint[];
  /** Programs on their way. */
  tasks: SavedTask[];
  plan: PlanState;
}

const seed = object({ program: string(), isStale: boolean() });

const progress = object({
  executions: number(),
  steps: number(),
  schedules: array(string()),
  corpus: number(),
  slots: array(number()),
  findings: array(string()),
  unmatched: array(string()),
});

/** Its form in a file. */
export const huntStateSchema: GenericSchema<HuntState> = object({
  kernel: string(),
  merged: number(),
  executions: number(),
  steps: number(),
  corpus: number(),
  seconds: number(),
  features: string(),
  findings: array(object({ at: number(), token: string() })),
  unmatched: array(string()),
  growth: growthSchema,
  tasks: array(
    object({
      at: number(),
      program: string(),
      seed: optional(seed),
      isWhole: boolean(),
      progress: optional(progress),
    }),
  ),
  plan: object({
    given: number(),
    drawn: number(),
    seeds: array(seed),
    kept: array(object({ at: number(), program: string(), fingerprint: string() })),
    tried: array(string()),
  }),
});

/** What was done, for a file. */
export function savedProgress(now: TaskProgress): SavedProgress {
  return {
    ...now,
    schedules: [...now.schedules],
    slots: [...now.slots],
    findings: now.findings.map(({ token }) => token),
    unmatched: [...now.unmatched],
  };
}

/** What was done, from a file. */
export function progressAgain(saved: SavedProgress, changes: readonly Change[]): TaskProgress {
  return { ...saved, findings: saved.findings.flatMap((token) => findingAgain(token, changes)) };
}

/** The finding of a saved token; nothing, with a word, when the model does not show it any more. */
export function findingAgain(token: string, changes: readonly Change[]): readonly Violation[] {
  const found = shownBy(token, changes);
  if (found.length === 0)
    warn(
      `A finding in ${decodeToken(token).scenario} does not show on this model any more: its directory stays as it is, and it ` +
        `does not count. Its token: ${token}`,
    );
  return found;
}

function shownBy(token: string, changes: readonly Change[]): readonly Violation[] {
  try {
    return findingOfToken(token, changes);
  } catch (error) {
    // Its program cannot be read, or run, any more.
    if (error instanceof UsageError) return [];
    throw error;
  }
}
