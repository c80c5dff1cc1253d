/** An interrupted campaign on disk: enough to go on where it stopped, and to refuse what does not fit. */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { array, literal, number, object, record, safeParse, string, type GenericSchema } from "valibot";

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

/** The file for campaigns with these settings: the same command finds it again. */
export function stateFile(directory: string, settings: unknown): string {
  const key = createHash("sha256").update(JSON.stringify(settings)).digest("hex").slice(0, 16);
  return join(directory, `interrupted-${key}.json`);
}

/** What a state file says; a damaged one is moved aside, and the campaign starts anew. */
export function loadState(file: string): { readonly state?: SavedState; readonly quarantined?: string } {
  if (!existsSync(file)) return {};
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    content = undefined;
  }
  const parsed = safeParse(savedState, content);
  if (parsed.success) return { state: parsed.output };
  const quarantined = `${file}.quarantine`;
  renameSync(file, quarantined);
  return { quarantined };
}

/** Writes a state so that an interruption cannot leave half of one. */
export function saveState(directory: string, file: string, state: SavedState): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${file}.part`, JSON.stringify(state));
  renameSync(`${file}.part`, file);
}

/** Forgets a campaign that has come to its end. */
export function dropState(file: string): void {
  rmSync(file, { force: true });
}
