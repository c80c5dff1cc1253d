/**
 * A program of a hunt, to be run by anybody. As with the shards of scenarios, what comes out depends on what is in it alone.
 */

import { kernelById } from "@mmrace/mm";
import { programScenario, unpackProgram } from "@mmrace/mm/programs";
import { array, number, object, safeParse, string, union, type GenericSchema } from "valibot";
import type { HuntSettings, ProgramTask, TaskProgress } from "../programs/program-task.ts";
import { runTask } from "../programs/run-task.ts";
import {
  accepted,
  findingSchema,
  hashOf,
  messageOf,
  refusalOf,
  refusalSchema,
  termSchemas,
  violationOf,
  type FindingMessage,
  type Refusal,
  type ShardTerms,
} from "./messages.ts";
import { fingerprintOf, refuseForeign } from "./shard.ts";

/** What a worker is given. */
export interface ProgramShard extends ShardTerms {
  /** Its number in the hunt. */
  at: number;
  /** Packed, as in tokens. */
  program: string;
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
  ...termSchemas,
  at: number(),
  program: string(),
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
    return refusalOf(error);
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
