/** What the comparisons with real kernels have in common: reading files, counting differences. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { green, red } from "../report/style.ts";
import { EXIT } from "./exit-code.ts";
import type { CommandResult } from "./output.ts";

/** A file as text, unzipped if it is zipped. */
export function readText(file: string): string {
  const bytes = readFileSync(file);
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
}

/** A count that should be zero, in colour. */
export function verdict(count: number, one: string, many: string): string {
  return count === 0 ? green(`0 ${many}`) : red(`${count} ${count === 1 ? one : many}`);
}

/** What a comparison prints: exit code 3 when anything differs. */
export function resultOf(
  lines: readonly string[],
  differences: number,
  json: Record<string, unknown>,
): CommandResult {
  return {
    exitCode: differences === 0 ? EXIT.clean : EXIT.violation,
    text: lines.join("\n"),
    json: { differences, ...json },
  };
}
