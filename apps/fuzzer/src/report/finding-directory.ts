/**
 * The findings of campaigns on disk: one directory per signature, whoever finds it and how often. It shows the smallest
 * execution that was seen, and lists where else it was seen. `finding.json` is written last: a directory that has none
 * was interrupted, and is written again.
 */

import { join } from "node:path";
import type { World } from "@mmrace/mm";
import type { Scenario, Violation } from "@mmrace/scheduler";
import {
  array,
  boolean,
  literal,
  number,
  object,
  optional,
  record,
  safeParse,
  string,
  union,
  type GenericSchema,
} from "valibot";
import { quarantine, readJson, writeWhole } from "../engine/json-file.ts";
import { sha256 } from "../engine/sha256.ts";
import { version } from "../version.ts";
import { findingFiles, placeOf, sightingOf, type Sighting } from "./finding-files.ts";

/** What `finding.json` says. */
export interface FindingRecord extends Sighting {
  readonly schemaVersion: 1;
  readonly signature: string;
  readonly oracle: string;
  readonly message: string;
  readonly details?: string[] | undefined;
  readonly threads: string[];
  /** The version of mmrace that wrote it. */
  readonly version: string;
  /** Where else it was seen: other scenarios, releases, memory models, ablations. */
  readonly alsoSeen: Sighting[];
}

const sighting = {
  scenario: string(),
  kernel: string(),
  parameters: record(string(), union([string(), number(), boolean()])),
  memory: string(),
  ablations: array(string()),
  preemptions: number(),
  steps: number(),
  token: string(),
  fingerprint: string(),
};
const findingRecord: GenericSchema<FindingRecord> = object({
  ...sighting,
  schemaVersion: literal(1),
  signature: string(),
  oracle: string(),
  message: string(),
  details: optional(array(string())),
  threads: array(string()),
  version: string(),
  alsoSeen: array(object(sighting)),
});

/** Characters of a signature that a directory's name keeps. */
const SLUG_LENGTH = 60;

/** A name for a directory: what can be read of the signature, and a hash of all of it. */
export function slugOf(signature: string): string {
  const words = signature
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, SLUG_LENGTH)
    .replace(/^-+|-+$/g, "");
  return `${words}-${sha256(signature).slice(0, 8)}`;
}

/** Where a campaign directory has the finding of a signature. */
export function findingDirectory(campaign: string, signature: string): string {
  return join(campaign, "findings", slugOf(signature));
}

/** What a finding's directory says; nothing when there is none, or when it is damaged: then it is moved aside. */
export function readFinding(directory: string): {
  readonly found?: FindingRecord;
  readonly quarantined?: string;
} {
  const file = join(directory, "finding.json");
  const { content, isDamaged } = readJson(file);
  if (content === undefined && !isDamaged) return {};
  const parsed = safeParse(findingRecord, content);
  return parsed.success ? { found: parsed.output } : { quarantined: quarantine(file) };
}

/** Writes a finding, or updates what is there. @returns its directory. */
export function saveFinding(campaign: string, scenario: Scenario<World>, violation: Violation): string {
  const directory = findingDirectory(campaign, violation.signature);
  const { found } = readFinding(directory);
  const now = sightingOf(violation);
  const before = found === undefined ? [] : [sightingIn(found), ...found.alsoSeen];
  const here = before.find((one) => isSamePlace(one, now));
  // An execution of another model may not replay any more, however small it is.
  if (here?.fingerprint === now.fingerprint && !isSmaller(now, here)) return directory;
  const others = before.filter((one) => one !== here);
  if (found !== undefined && !isSamePlace(found, now) && !isSmaller(now, found)) {
    // What is shown stays.
    writeRecord(directory, { ...found, alsoSeen: [...others.slice(1), now] });
    return directory;
  }
  for (const [name, text] of Object.entries(findingFiles(scenario, violation)))
    writeWhole(join(directory, name), `${text.trimEnd()}\n`);
  const { signature, oracle, message, details, threads } = violation;
  const described = details === undefined ? {} : { details: [...details] };
  writeRecord(directory, {
    schemaVersion: 1,
    version: version(),
    signature,
    oracle,
    message,
    ...described,
    ...now,
    threads: [...threads],
    alsoSeen: others,
  });
  return directory;
}

function writeRecord(directory: string, content: FindingRecord): void {
  const alsoSeen = content.alsoSeen.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  writeWhole(join(directory, "finding.json"), `${JSON.stringify({ ...content, alsoSeen }, null, 2)}\n`);
}

function sightingIn(found: FindingRecord): Sighting {
  const { scenario, kernel, parameters, memory, ablations, preemptions, steps, token, fingerprint } = found;
  return { scenario, kernel, parameters, memory, ablations, preemptions, steps, token, fingerprint };
}

function isSamePlace(a: Sighting, b: Sighting): boolean {
  return placeOf(a) === placeOf(b) && JSON.stringify(a.parameters) === JSON.stringify(b.parameters);
}

/** Fewest preemptions first, then fewest steps. */
function isSmaller(a: Sighting, b: Sighting): boolean {
  return a.preemptions === b.preemptions ? a.steps < b.steps : a.preemptions < b.preemptions;
}
