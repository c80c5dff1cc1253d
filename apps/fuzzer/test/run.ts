/** Runs the command line in this process and gives back what it would put out. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { jsonText, type CommandResult } from "../src/cli/output.ts";
import { createProgram } from "../src/cli/program.ts";

export interface Run extends CommandResult {
  /** The JSON object as a user would see it. */
  readonly parsed: Record<string, unknown>;
}

/** Where campaigns of this file's tests go unless they say otherwise: not into each other's way. */
const out = mkdtempSync(join(tmpdir(), "mmrace-out-"));
afterAll(() => rmSync(out, { recursive: true }));

/** @throws what the program throws: `UsageError` or `CommanderError`. */
export async function mmrace(...args: readonly string[]): Promise<Run> {
  let run: Run | undefined;
  const program = createProgram((command, result) => {
    run = { ...result, parsed: JSON.parse(jsonText(command, result)) as Record<string, unknown> };
  });
  program.configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  const place = args[0] === "fuzz" && !args.includes("--out") ? ["--out", out] : [];
  await program.parseAsync(["node", "mmrace", ...args, ...place]);
  if (run === undefined) throw new Error("the command gave back nothing");
  return run;
}

/** The object without the fields that hold times. */
export function withoutTimes(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key.endsWith("Ms") ? undefined : inner)));
}

/** The violations of a run. */
export function violationsOf(
  run: Run,
): readonly { readonly oracle: string; readonly token: string; readonly signature: string }[] {
  return run.parsed["violations"] as never;
}
