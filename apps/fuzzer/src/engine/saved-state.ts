/**
 * A campaign on disk: `campaign-<key>.json`, written at least every second while it runs. It is what `mmrace report`
 * reads, and, as long as the campaign has not come to its end, what the same command goes on from.
 */

import { join } from "node:path";
import {
  array,
  boolean,
  literal,
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
import { huntStateSchema, type HuntState } from "../programs/hunt-state.ts";
import type { GrowthPoint } from "../report/report-data.ts";
import { growthSchema } from "./growth.ts";
import { quarantine, readJson, writeWhole } from "./json-file.ts";
import { sha256 } from "./sha256.ts";

/** What is kept of one scenario's campaign. */
export interface ScenarioState {
  kernel: string;
  /** With name and kernel, what identifies a scenario. */
  parameters: Record<string, string | number | boolean>;
  executions: number;
  steps: number;
  /** How long it has run. */
  seconds: number;
  /** Schedules, base64. */
  corpus: string[];
  /** Tokens of the findings. */
  findings: string[];
  /** Properties never seen, and sites of ablations that matched nothing. */
  unreached: string[];
  unmatched: string[];
  /** How it grew; the points lie the further apart, the more executions there are. */
  growth: GrowthPoint[];
}

/** What is kept of a command's campaigns. */
export interface SavedState {
  schemaVersion: 2;
  state: "running" | "interrupted" | "done";
  /** The process that wrote it. */
  pid: number;
  settings: { strategy: string; memory: string; ablations: string[]; seed: number; workers: number };
  /** By scenario name. */
  scenarios: Record<string, ScenarioState>;
  /** The hunt over generated programs, if there is one. */
  programs?: HuntState | undefined;
}

const savedState: GenericSchema<SavedState> = object({
  schemaVersion: literal(2),
  state: picklist(["running", "interrupted", "done"]),
  pid: number(),
  settings: object({
    strategy: string(),
    memory: string(),
    ablations: array(string()),
    seed: number(),
    workers: number(),
  }),
  scenarios: record(
    string(),
    object({
      kernel: string(),
      parameters: record(string(), union([string(), number(), boolean()])),
      executions: number(),
      steps: number(),
      seconds: number(),
      corpus: array(string()),
      findings: array(string()),
      unreached: array(string()),
      unmatched: array(string()),
      growth: growthSchema,
    }),
  ),
  programs: optional(huntStateSchema),
});

/** Where campaigns are kept if nothing else is said. */
export const STATE_DIRECTORY = "mmrace-out";

/** The file for work with these settings: the same command finds it again. */
export function stateFile(directory: string, prefix: string, settings: unknown): string {
  const key = sha256(JSON.stringify(settings)).slice(0, 16);
  return join(directory, `${prefix}-${key}.json`);
}

/** Whether a file of a campaign directory is the state of a campaign. */
export function isStateFile(name: string): boolean {
  return /^campaign-[0-9a-f]{16}\.json$/.test(name);
}

/** What a state file says; a damaged one, or one of another form, is moved aside. */
export function loadState(file: string): { readonly state?: SavedState; readonly quarantined?: string } {
  const { content, isDamaged } = readJson(file);
  if (content === undefined && !isDamaged) return {};
  const parsed = safeParse(savedState, content);
  return parsed.success ? { state: parsed.output } : { quarantined: quarantine(file) };
}

/** Writes a state so that an interruption cannot leave half of one. */
export function saveState(file: string, state: SavedState): void {
  writeWhole(file, JSON.stringify(state));
}
