/**
 * An exhaustive search on disk. It says which search it belongs to, and is refused for any other; it carries a checksum,
 * and is moved aside when it is damaged.
 */

import { rmSync } from "node:fs";
import { UsageError, type SearchState } from "@mmrace/scheduler";
import {
  array,
  boolean,
  nullable,
  number,
  object,
  record,
  safeParse,
  string,
  type GenericSchema,
} from "valibot";
import { quarantine, readJson, writeWhole } from "./json-file.ts";
import { sha256 } from "./sha256.ts";

/** Grows when the form changes; files of other versions are refused, never guessed at. */
const FORMAT_VERSION = 1;

/** What a search is, as far as its course depends on it; by names that stand in messages. */
export type SearchIdentity = Readonly<Record<string, string>>;

/** A budget of executions that a search was given, and the total at which it is spent. */
export interface Budget {
  readonly executions: number;
  readonly limit: number;
}

/** What is saved. */
export interface Checkpoint {
  readonly search: SearchIdentity;
  readonly budget: Budget | null;
  readonly state: SearchState;
}

const counts = object({ executions: number(), pruned: number(), steps: number() });
const numbers = array(number());
const position = object({
  path: array(
    object({
      chosen: number(),
      candidates: number(),
      explored: number(),
      asleep: number(),
      elsewhere: number(),
    }),
  ),
  hasCut: boolean(),
});
const checkpoint: GenericSchema<Checkpoint> = object({
  search: record(string(), string()),
  budget: nullable(object({ executions: number(), limit: number() })),
  state: object({
    level: number(),
    hasCut: boolean(),
    counts,
    countsBefore: counts,
    notables: array(object({ choices: numbers, values: numbers })),
    parts: array(
      object({
        start: position,
        position,
        counts,
        notables: array(object({ choices: numbers, values: numbers, counts })),
        isDone: boolean(),
      }),
    ),
  }),
});

/** The outer form, which later versions keep. */
const envelope = object({ formatVersion: number(), sha256: string(), checkpoint: string() });

/** Writes a checkpoint so that an interruption cannot leave half of one. */
export function saveCheckpoint(file: string, content: Checkpoint): void {
  const text = JSON.stringify(content);
  writeWhole(file, JSON.stringify({ formatVersion: FORMAT_VERSION, sha256: sha256(text), checkpoint: text }));
}

/**
 * Reads a checkpoint, if there is one. A damaged file is moved aside.
 *
 * @throws {UsageError} when the file is of another search or another format version.
 */
export function loadCheckpoint(
  file: string,
  search: SearchIdentity,
): { readonly saved?: Checkpoint; readonly quarantined?: string } {
  const { content, isDamaged } = readJson(file);
  if (content === undefined && !isDamaged) return {};
  const outer = safeParse(envelope, content);
  if (!outer.success) return { quarantined: quarantine(file) };
  const { formatVersion, sha256: checksum, checkpoint: text } = outer.output;
  if (formatVersion !== FORMAT_VERSION)
    refuse(file, `it has format version ${formatVersion}, and this is ${FORMAT_VERSION}`);
  const inner = checksum === sha256(text) ? safeParse(checkpoint, JSON.parse(text)) : undefined;
  if (inner?.success !== true) return { quarantined: quarantine(file) };
  for (const name of new Set([...Object.keys(search), ...Object.keys(inner.output.search)])) {
    const [theirs = "none", ours = "none"] = [inner.output.search[name], search[name]];
    if (theirs !== ours) refuse(file, `its ${name} is ${theirs}, and here it is ${ours}`);
  }
  return { saved: inner.output };
}

/** Forgets a search that has come to its end. */
export function dropCheckpoint(file: string): void {
  rmSync(file, { force: true });
}

function refuse(file: string, why: string): never {
  throw new UsageError(
    `The checkpoint ${file} belongs to another search: ${why}. ` +
      "Go on with the command that made it, name another file with --checkpoint, or remove this one.",
  );
}
