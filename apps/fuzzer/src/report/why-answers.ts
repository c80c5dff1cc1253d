/** The answers of `mmrace why` that lie in a directory, with their questions. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { array, boolean, number, object, optional, safeParse, string, type InferOutput } from "valibot";
import { readJson } from "../engine/json-file.ts";
import { isOpen, joined, verdictOf } from "../why/verdicts.ts";
import type { WhyData } from "./report-data.ts";

const answer = object({
  verdict: string(),
  executions: number(),
  complete: boolean(),
  leftOut: optional(array(string()), []),
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
    programs: optional(array(string()), []),
    preemptionsMax: number(),
    fuzzed: optional(number()),
  }),
});

/** An answer, as it is kept. */
type Kept = InferOutput<typeof answer>;

/** Each guard once, with the newest answers about it. What is no answer is left where it is, and out. */
export function whyAnswers(directory: string): readonly WhyData[] {
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(directory, name))
    .map((path) => ({ path, writtenMs: statSync(path).mtimeMs }))
    .toSorted((a, b) => a.writtenMs - b.writtenMs);
  const bySites = new Map<string, Map<Stage, Kept>>();
  for (const { path } of files) {
    const parsed = safeParse(answer, readJson(path).content);
    if (!parsed.success) continue;
    const { kernel, sites } = parsed.output.asked;
    const key = JSON.stringify([kernel, sites]);
    const byStage = bySites.get(key) ?? new Map<Stage, Kept>();
    bySites.set(key, byStage.set(stageOf(parsed.output), parsed.output));
  }
  return [...bySites.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, byStage]) => together(STAGES.flatMap((stage) => byStage.get(stage) ?? [])));
}

/** In the order in which they are asked: one more only while nothing was found. */
const STAGES = ["scenarios", "programs", "fuzzing"] as const;
type Stage = (typeof STAGES)[number];

function stageOf({ asked: { programs, fuzzed } }: Kept): Stage {
  if (fuzzed !== undefined) return "fuzzing";
  return programs.length > 0 ? "programs" : "scenarios";
}

function together([first, ...others]: readonly Kept[]): WhyData {
  let verdict = verdictOf(first!);
  const { kernel, sites, preemptionsMax } = first!.asked;
  const scenarios = new Set(first!.asked.scenarios);
  const programs = new Set(first!.asked.programs);
  for (const other of others) {
    if (!isOpen(verdict)) break;
    verdict = joined(verdict, other, other.asked);
    for (const name of other.asked.scenarios) scenarios.add(name);
    for (const name of other.asked.programs) programs.add(name);
  }
  const { executions, fuzzed, complete, finding } = verdict;
  return {
    kernel,
    sites,
    verdict: verdict.verdict,
    executions,
    fuzzed,
    complete,
    preemptionsMax,
    scenarios: [...scenarios],
    programs: programs.size,
    ...(finding === undefined ? {} : { finding }),
  };
}
