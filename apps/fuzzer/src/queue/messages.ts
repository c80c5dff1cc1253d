/** What lies in the queue: shards, and what became of them. JSON, so schedules are base64. */

import { MEMORY_MODELS, UsageError, type MemoryModel, type Violation } from "@mmrace/scheduler";
import {
  array,
  boolean,
  number,
  object,
  optional,
  picklist,
  safeParse,
  string,
  union,
  type GenericSchema,
} from "valibot";
import { fuzzStrategies, type FuzzStrategy } from "../arms/arms.ts";
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

/** What a worker is given. */
export interface Shard {
  scenario: string;
  kernel: string;
  /** Of the model: a worker with another one must not do the shard. */
  fingerprint: string;
  strategy: FuzzStrategy;
  memory: MemoryModel;
  ablations: string[];
  stopOnFirst: boolean;
  randomSeed: number;
  /** Executions that the campaign has done before. */
  start: number;
  executions: number;
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
export type ShardAnswer = ShardResult | { refused: string };

const finding = object({
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

const shardSchema: GenericSchema<Shard> = object({
  scenario: string(),
  kernel: string(),
  fingerprint: string(),
  strategy: picklist(fuzzStrategies),
  memory: picklist(MEMORY_MODELS),
  ablations: array(string()),
  stopOnFirst: boolean(),
  randomSeed: number(),
  start: number(),
  executions: number(),
  corpus: array(string()),
  findings: array(finding),
});

const answerSchema: GenericSchema<ShardAnswer> = union([
  object({ refused: string() }),
  object({
    executions: number(),
    steps: number(),
    seeds: array(string()),
    findings: array(finding),
    unreached: array(string()),
    unmatched: array(string()),
  }),
]);

/** Two shards have one name only if they are the same shard. */
export function nameOf(shard: Shard): string {
  return `${shard.scenario}-${shard.start}-${sha256(JSON.stringify(shard)).slice(0, 24)}`;
}

/** Reads a shard. @throws {UsageError} when it is none. */
export function readShard(content: unknown): Shard {
  const parsed = safeParse(shardSchema, content);
  if (parsed.success) return parsed.output;
  throw new UsageError("What lies in the queue is no shard of this version of mmrace.");
}

/** Reads what a worker gave back. @throws {UsageError} when it refused, or when that is no answer at all. */
export function readAnswer(content: unknown): RoundResult {
  const parsed = safeParse(answerSchema, content);
  if (!parsed.success)
    throw new UsageError("A worker's answer cannot be read. Run the same version of mmrace everywhere.");
  const { output } = parsed;
  if ("refused" in output) throw new UsageError(output.refused);
  return { ...output, seeds: output.seeds.map(bytesOf), findings: output.findings.map(violationOf) };
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

/** A schedule as text. */
export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** The schedule of a text. */
export function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}
