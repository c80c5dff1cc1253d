/** An interrupted campaign on disk: enough to go on where it stopped, and to refuse what does not fit. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { array, literal, number, object, record, safeParse, string, type GenericSchema } from "valibot";
import { quarantine, readJson, writeWhole } from "./json-file.ts";
import { sha256 } from "./sha256.ts";

/** What is kept of one scenario's campaign. */
export interface ScenarioState {
  executions: number;
  steps: number;
  /** Schedules, base64. */
  corpus: string[];
  /** Tokens of the findings. */
  findings: string[];
  /** Properties never seen, and sites of ablations that matched nothing. */
  unreached: string[];
  unmatched: string[];
}

/** What is kept of a command's campaigns. */
export interface SavedState {
  schemaVersion: 1;
  /** By scenario name. */
  scenarios: Record<string, ScenarioState>;
}

const savedState: GenericSchema<SavedState> = object({
  schemaVersion: literal(1),
  scenarios: record(
    string(),
    object({
      executions: number(),
      steps: number(),
      corpus: array(string()),
      findings: array(string()),
      unreached: array(string()),
      unmatched: array(string()),
    }),
  ),
});

/** Where interrupted work is saved if nothing else is said. */
export const STATE_DIRECTORY = "mmrace-out";

/** The file for work with these settings: the same command finds it again. */
export function stateFile(directory: string, settings: unknown): string {
  const key = sha256(JSON.stringify(settings)).slice(0, 16);
  return join(directory, `interrupted-${key}.json`);
}

/** What a state file says; a damaged one is moved aside, and the campaign starts anew. */
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

/** Forgets a campaign that has come to its end. */
export function dropState(file: string): void {
  rmSync(file, { force: true });
}
