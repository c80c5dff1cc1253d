/** The answers of `mmrace why` that lie in a directory, with their questions. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { array, boolean, number, object, optional, safeParse, string } from "valibot";
import { readJson } from "../engine/json-file.ts";
import type { WhyData } from "./report-data.ts";

const answer = object({
  verdict: string(),
  executions: number(),
  complete: boolean(),
  finding: optional(
    object({
      scenario: string(),
      oracle: string(),
      message: string(),
      token: string(),
      preemptions: number(),
      steps: number(),
    }),
  ),
  asked: object({
    kernel: string(),
    sites: array(string()),
    scenarios: array(string()),
    preemptionsMax: number(),
  }),
});

/** Each question once, with its newest answer. What is no answer is left where it is, and out. */
export function whyAnswers(directory: string): readonly WhyData[] {
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(directory, name))
    .map((path) => ({ path, writtenMs: statSync(path).mtimeMs }))
    .toSorted((a, b) => a.writtenMs - b.writtenMs);
  const answers = new Map<string, WhyData>();
  for (const { path } of files) {
    const parsed = safeParse(answer, readJson(path).content);
    if (!parsed.success) continue;
    const { asked, finding, ...verdict } = parsed.output;
    const data: WhyData = { ...asked, ...verdict, ...(finding === undefined ? {} : { finding }) };
    answers.set(JSON.stringify([asked.kernel, asked.sites]), data);
  }
  return [...answers.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, data]) => data);
}
