/**
 * What stands between jsfuzz and a target. jsfuzz ends with exit code 0 and without a crash file when a target rejects
 * where it does not look, fails in a timer, leaves the process, does not load, or fails while no file is instrumented. Here
 * each of these becomes a report for whoever started jsfuzz, or, where nobody wants one, a crash that jsfuzz understands.
 */

import { writeFileSync } from "node:fs";
import { TARGET_VARIABLE, type TargetReport, type TargetSettings } from "../src/jsfuzz/protocol.ts";

/** What a target knows about its run. */
export type Facts = Pick<TargetReport, "executions" | "steps" | "kept" | "unreached" | "unmatched">;

/** Thrown by a target to end the run; jsfuzz knows no other way. */
export class Stop extends Error {
  readonly end: TargetReport["end"];

  constructor(end: TargetReport["end"], message: string) {
    super(message);
    this.end = end;
  }
}

/** What was asked for in the environment. */
export const settings: Partial<TargetSettings> = JSON.parse(
  process.env[TARGET_VARIABLE] ?? "{}",
) as Partial<TargetSettings>;

// Without the global object the crash handler of jsfuzz fails itself.
(globalThis as { __coverage__?: Record<string, unknown> }).__coverage__ ??= {};

let facts: () => Facts = () => ({ executions: 0, steps: 0, kept: [], unreached: [], unmatched: [] });
let end: TargetReport["end"] | undefined;
let failure: string | undefined;
/** The input that was begun last, and whether it runs. */
let input: Uint8Array | undefined;
let isRunning = false;
let isInterrupted = false;

/** Makes the function that a target exports. It is async, since jsfuzz waits for no other kind of function. */
export function guard(
  target: (bytes: Uint8Array) => unknown,
  tell: () => Facts,
): (bytes: Uint8Array) => Promise<void> {
  facts = tell;
  return async (bytes) => {
    input = bytes;
    isRunning = true;
    try {
      await target(bytes);
    } catch (error) {
      end = error instanceof Stop ? error.end : "failure";
      failure = textOf(error);
      throw error;
    }
    isRunning = false;
  };
}

process.on("SIGINT", () => {
  isInterrupted = true;
});

// An error in a timer, a promise that nobody has waited for, a target that does not load.
process.on("uncaughtException", (error) => {
  end = "failure";
  failure = `outside of an execution: ${textOf(error)}`;
  process.stderr.write(`${failure}\n`);
  process.exit(1);
});

process.on("exit", (code) => {
  if (end === undefined && !isRunning && (isInterrupted || !process.connected)) end = "interrupted";
  if (end === undefined) failure = `the target ended its process, with exit code ${code}`;
  const isSilent = end === undefined || failure?.startsWith("outside of") === true;
  end ??= "failure";
  if (settings.reportFile === undefined) {
    // jsfuzz takes only an end by a signal for a crash.
    if (isSilent) process.kill(process.pid, "SIGKILL");
    return;
  }
  const report: TargetReport = {
    ...facts(),
    end,
    ...(failure === undefined ? {} : { failure }),
    ...(input === undefined ? {} : { input: Buffer.from(input).toString("base64") }),
  };
  writeFileSync(settings.reportFile, JSON.stringify(report));
});

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
