/**
 * A program of a hunt, to be run by anybody. As with the shards of scenarios, what comes out depends on what is in it alone.
 */

import { kernelById } from "@mmrace/mm";
import { programScenario, unpackProgram } from "@mmrace/mm/programs";
import { MEMORY_MODELS, UsageError, type MemoryModel } from "@mmrace/scheduler";
import {
  array,
  boolean,
  number,
  object,
  picklist,
  safeParse,
  string,
  union,
  type GenericSchema,
} from "valibot";
import { fuzzStrategies, type FuzzStrategy } from "../arms/arms.ts";
import type { HuntSettings, ProgramTask, TaskProgress } from "../programs/program-task.ts";
import { runTask } from "../programs/run-task.ts";
import {
  accepted,
  findingSchema,
  hashOf,
  messageOf,
  refusalSchema,
  violationOf,
  type FindingMessage,
  type Refusal,
} from "./messages.ts";
import { fingerprintOf, refuseForeign } from "./shard.ts";

/** What a worker is given. */
export interface ProgramShard {
  /** Its number in the hunt. */
  at: number;
  /** Packed, as in tokens. */
  program: string;
  kernel: string;
  /** Of the model: a worker with another one must not run the program. */
  fingerprint: string;
  strategy: FuzzStrategy;
  memory: MemoryModel;
  ablations: string[];
  stopOnFirst: boolean;
  randomSeed: number;
  executions: number;
  /** Signatures that are not wanted again. */
  known: string[];
}

/** What it has done. */
export interface ProgramShardResult {
  executions: number;
  steps: number;
  corpus: number;
  slots: number[];
  findings: FindingMessage[];
  unmatched: string[];
}

/** What it gives back: that, or why it cannot. */
export type ProgramAnswer = ProgramShardResult | Refusal;

const shardSchema: GenericSchema<ProgramShard> = object({
  at: number(),
  program: string(),
  kernel: string(),
  fingerprint: string(),
  strategy: picklist(fuzzStrategies),
  memory: picklist(MEMORY_MODELS),
  ablations: array(string()),
  stopOnFirst: boolean(),
  randomSeed: number(),
  executions: number(),
  known: array(string()),
});

const answerSchema: GenericSchema<ProgramAnswer> = union([
  refusalSchema,
  object({
    executions: number(),
    steps: number(),
    corpus: number(),
    slots: array(number()),
    findings: array(findingSchema),
    unmatched: array(string()),
  }),
]);

/** A task for the queue. */
export function programShard(settings: HuntSettings, task: ProgramTask): ProgramShard {
  const { at, program, randomSeed, executions, known } = task;
  const { release, strategy, memory, ablations, stopOnFirst } = settings;
  return {
    at,
    program,
    kernel: release,
    fingerprint: fingerprintOf(programScenario(unpackProgram(program), release)),
    strategy,
    memory,
    ablations: [...ablations],
    stopOnFirst,
    randomSeed,
    executions,
    known: [...known],
  };
}

/** Two of them have one name only if they are the same. */
export function programShardName(shard: ProgramShard): string {
  return `program-${shard.at}-${hashOf(shard)}`;
}

/** Whether what lies in the queue is a program of a hunt. */
export function isProgramShard(content: unknown): content is ProgramShard {
  return safeParse(shardSchema, content).success;
}

/** Runs it. */
export async function runProgramShard(shard: ProgramShard): Promise<ProgramAnswer> {
  try {
    return await runChecked(shard);
  } catch (error) {
    if (error instanceof UsageError) return { refused: error.message };
    throw error;
  }
}

async function runChecked({ kernel, fingerprint, ...rest }: ProgramShard): Promise<ProgramShardResult> {
  const release = kernelById(kernel).id;
  refuseForeign(programScenario(unpackProgram(rest.program), release), fingerprint);
  const { progress } = await runTask({ ...rest, release, changes: [] }, rest, () => false);
  const { executions, steps, corpus, slots, findings, unmatched } = progress;
  return {
    executions,
    steps,
    corpus,
    slots: [...slots],
    findings: findings.map(messageOf),
    unmatched: [...unmatched],
  };
}

/** Reads what a worker gave back. @throws {UsageError} when it refused, or when that is no answer at all. */
export function readProgramAnswer(content: unknown): TaskProgress {
  const answer = accepted(answerSchema, content);
  return { ...answer, schedules: [], findings: answer.findings.map(violationOf) };
}
