/**
 * The jsfuzz engine: the real jsfuzz package makes the inputs, our bundled target runs them as schedules. jsfuzz ends at
 * its first crash, so it is started again, with what is known so far, until the budget is spent.
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { World } from "@mmrace/mm";
import { assert, parseAblation, type Scenario, type Violation } from "@mmrace/scheduler";
import { deadlineOf, type FuzzJob } from "../engine/job.ts";
import { nowMs } from "../clock.ts";
import { corpusFolder, openCorpus } from "../corpus/open-corpus.ts";
import { Fuzzer } from "../engine/fuzzer.ts";
import { saveFinding } from "../report/finding-directory.ts";
import type { ScenarioReport } from "../report/scenario-report.ts";
import { runJsfuzzProcess } from "./jsfuzz-process.ts";
import type { TargetReport } from "./protocol.ts";

/** Runs the campaigns of a command, one scenario after the other. */
export async function runJsfuzz(job: FuzzJob): Promise<readonly ScenarioReport[]> {
  const workDirectory = mkdtempSync(join(tmpdir(), "mmrace-jsfuzz-"));
  try {
    const reports: ScenarioReport[] = [];
    for (const [index, scenario] of job.scenarios.entries()) {
      reports.push(await runOne({ ...job, deadlineMs: deadlineOf(job, index) }, scenario, workDirectory));
    }
    return reports;
  } finally {
    rmSync(workDirectory, { recursive: true, force: true });
  }
}

async function runOne(
  job: FuzzJob,
  scenario: Scenario<World>,
  workDirectory: string,
): Promise<ScenarioReport> {
  const { options, ablations, deadlineMs } = job;
  const triage = new Fuzzer(scenario, {
    randomSeed: options.seed,
    strategy: "coverage",
    ablations,
    memory: options.memory,
    stopOnFirst: false,
  });
  const corpus = corpusDirectory(job, scenario);
  const reports: TargetReport[] = [];
  let executionsLeft = options.executions;
  do {
    const settings = {
      scenario: scenario.name,
      kernel: scenario.variant ?? "",
      ablations: options.ablate,
      memory: options.memory,
      known: [...triage.findings.keys()],
      executionsMax: executionsLeft,
      ...(deadlineMs === Infinity ? {} : { timeMs: Math.max(deadlineMs - nowMs(), 0) }),
    };
    const report = await runJsfuzzProcess(settings, {
      workDirectory,
      corpus,
      randomSeed: options.seed + reports.length,
    });
    reports.push(report);
    executionsLeft -= report.executions;
    if (report.input === undefined) break;
    saveFinding(options.out, scenario, file(triage, report.input));
  } while (executionsLeft > 0 && options.stopOnFirst !== true);
  return reportOf(scenario, triage, reports);
}

/** Confirms a finding of jsfuzz in this process and minimizes it. */
function file(triage: Fuzzer<World>, input: string): Violation {
  const before = triage.findings.size;
  triage.replay(new Uint8Array(Buffer.from(input, "base64")));
  const found = [...triage.findings.values()].slice(before);
  if (found.length === 0) throw new Error("a finding of jsfuzz did not show again in this process");
  return found[0]!;
}

function corpusDirectory({ options, ablations }: FuzzJob, scenario: Scenario<World>): string | undefined {
  if (options.corpus === undefined) return undefined;
  const directory = resolve(options.corpus, corpusFolder(scenario));
  mkdirSync(directory, { recursive: true });
  // jsfuzz would take damaged files for seeds.
  openCorpus(directory, scenario, { ablations, memory: options.memory });
  return directory;
}

function reportOf(
  scenario: Scenario<World>,
  triage: Fuzzer<World>,
  reports: readonly TargetReport[],
): ScenarioReport {
  const last = reports.at(-1);
  assert(last !== undefined, "jsfuzz runs at least once for each scenario");
  const sum = (part: (report: TargetReport) => number): number =>
    reports.reduce((total, report) => total + part(report), 0);
  return {
    scenario,
    executions: sum(({ executions }) => executions),
    steps: sum(({ steps }) => steps),
    corpus: last.corpus,
    edges: last.edges,
    violations: [...triage.findings.values()],
    unreached: last.unreached.filter((name) => reports.every(({ unreached }) => unreached.includes(name))),
    unmatched: last.unmatched.map(parseAblation),
    isInterrupted: last.end === "outside",
    isSaved: false,
  };
}
