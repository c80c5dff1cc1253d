/** What commands give back, and how it is put out: text for people, or one JSON object and nothing else. */

import type { Violation } from "@mmrace/scheduler";
import type { ExitCode } from "./exit-code.ts";

/** Grows when a field changes its meaning or goes away. */
const SCHEMA_VERSION = 1;

/** The result of a command. */
export interface CommandResult {
  readonly exitCode: ExitCode;
  /** For a terminal. */
  readonly text: string;
  /** Fields of the JSON object besides schemaVersion, command and exitCode. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** The JSON object of a result, as one line. */
export function jsonText(command: string, { exitCode, json }: CommandResult): string {
  return JSON.stringify({ schemaVersion: SCHEMA_VERSION, command, exitCode, ...json });
}

/** A finding as it stands in `violations[]`. */
export function violationJson(violation: Violation): Record<string, unknown> {
  const { oracle, message, details, signature, token, preemptions, threads, steps } = violation;
  return { oracle, message, details, signature, token, preemptions, threads, steps };
}
