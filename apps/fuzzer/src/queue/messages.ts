/** What lies in the queue: shards, and what became of them. JSON, so schedules are base64. */

import { MEMORY_MODELS, UsageError, type MemoryModel, type Violation } from "@mmrace/scheduler";
import {
  array,
  boolean,
  number,
  object,
  optional,
  picklist,
  record,
  safeParse,
  string,
  union,
  type GenericSchema,
} from "valibot";
import { fuzzStrategies, type FuzzStrategy } from "../arms/arms.ts";
import { base64Of, bytesOf } from "../corpus/base64.ts";
import type { RoundResult } from "../engine/fuzzer.ts";
import { sha256 } from "../engine/sha256.ts";

/** A finding. */
export interface FindingMessage {
  oracle: string;
  message: string;
  details?: string[] | undefined;
  signature: string;
  token: string;
  preemptions: number;
  threads: string[];
  steps: number;
  schedule: string;
}

/** What is said to a worker whatever it is to run. */
export interface ShardTerms {
  kernel: string;
  /** Of the model: a worker with another one must not do the shard. */
  fingerprint: string;
  strategy: FuzzStrategy;
  memory: MemoryModel;
  ablations: string[];
  stopOnFirst: boolean;
  randomSeed: number;
  executions: number;
}

/** What a worker is given. */
export interface Shard extends ShardTerms {
  scenario: string;
  /** Of the scenario; those of a program carry it. */
  parameters: Record<string, string | number | boolean>;
  /** Executions that the campaign has done before. */
  start: number;
  /** What the campaign knows: schedules and findings. */
  corpus: string[];
  findings: FindingMessage[];
}

/** What it has done. */
export interface ShardResult {
  executions: number;
  steps: number;
  seeds: string[];
  findings: FindingMessage[];
  unreached: string[];
  unmatched: string[];
}

/** What it gives back: that, or why it cannot. */
export type ShardAnswer = ShardResult | Refusal;

/** Why a worker cannot do what it was given. */
export interface Refusal {
  refused: string;
}

/** The form of a finding. */
export const findingSchema: GenericSchema<FindingMessage> = object({
  oracle: string(),
  message: string(),
  details: optional(array(string())),
  signature: string(),
  token: string(),
  preemptions: number(),
  threads: array(string()),
  steps: number(),
  schedule: string(),
});

/** The forms of the terms. */
export const termSchemas: { readonly [Term in keyof ShardTerms]: GenericSchema<ShardTerms[Term]> } = {
  kernel: string(),
  fingerprint: string(),
  strategy: picklist(fuzzStrategies),
  memory: picklist(MEMORY_MODELS),
  ablations: array(string()),
  stopOnFirst: boolean(),
  randomSeed: number(),
  executions: number(),
};

const shardSchema: GenericSchema<Shard> = object({
  ...termSchemas,
  scenario: string(),
  parameters: record(string(), union([string(), number(), boolean()])),
  start: number(),
  corpus: array(string()),
  findings: array(findingSchema),
});

/** What a worker answers that ran into an error. @throws what is no fault of who asked. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof UsageError) return { refused: error.message };
  throw error;
}

/** The form of a refusal. */
export const refusalSchema: GenericSchema<Refusal> = object({ refused: string() });

const answerSchema: GenericSchema<ShardAnswer> = union([
  refusalSchema,
  object({
    executions: number(),
    steps: number(),
    seeds: array(string()),
    findings: array(findingSchema),
    unreached: array(string()),
    unmatched: array(string()),
  }),
]);

/** Two shards have one name only if they are the same shard. */
export function nameOf(shard: Shard): string {
  return `${shard.scenario}-${shard.start}-${hashOf(shard)}`;
}

/** Of what lies in the queue. */
export function hashOf(content: object): string {
  return sha256(JSON.stringify(content)).slice(0, 24);
}

/** Reads a shard. @throws {UsageError} when it is none. */
export function readShard(content: unknown): Shard {
  const parsed = safeParse(shardSchema, content);
  if (parsed.success) return parsed.output;
  throw new UsageError("What lies in the queue is no shard of this version of mmrace.");
}

/** Reads what a worker gave back. @throws {UsageError} when it refused, or when that is no answer at all. */
export function readAnswer(content: unknown): RoundResult {
  const output = accepted(answerSchema, content);
  return { ...output, seeds: output.seeds.map(bytesOf), findings: output.findings.map(violationOf) };
}

/** An answer that is no refusal. @throws {UsageError} when it is one, or something else. */
export function accepted<T extends object>(schema: GenericSchema<T | Refusal>, content: unknown): T {
  const parsed = safeParse(schema, content);
  if (!parsed.success)
    throw new UsageError("A worker's answer cannot be read. Run the same version of mmrace everywhere.");
  const { output } = parsed;
  if ("refused" in output) throw new UsageError(output.refused);
  return output;
}

/** A finding as a message. */
export function messageOf(violation: Violation): FindingMessage {
  const { details, threads, schedule, ...rest } = violation;
  const facts = { ...rest, threads: [...threads], schedule: base64Of(schedule) };
  return details === undefined ? facts : { ...facts, details: [...details] };
}

/** The finding of a message. */
export function violationOf(message: FindingMessage): Violation {
  const { details, ...rest } = message;
  const facts = { ...rest, schedule: bytesOf(message.schedule) };
  return details === undefined ? facts : { ...facts, details };
}
