/** Sources in memory, and what a rule says about them. */

import type { Problem, SourceFile } from "../src/source-file.ts";

/** Files from a record of paths and texts; texts that are not strings become JSON. */
export function sources(texts: Readonly<Record<string, unknown>>): readonly SourceFile[] {
  return Object.entries(texts).map(([path, text]) => ({
    path,
    text: typeof text === "string" ? text : JSON.stringify(text),
  }));
}

/** Each problem as `line: message`. */
export function messages(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ line, message }) => `${line}: ${message}`);
}
