/** What commands that run campaigns have in common: options, the job they make, and how its result is put out. */

import { join } from "node:path";
import { scenarioFamilies } from "@mmrace/mm";
import { programScenario } from "@mmrace/mm/programs";
import { Option, type Command } from "commander";
import { changesJson, kernelWith, withChanges } from "../changes/changed-kernels.ts";
import { readChanges } from "../changes/read-changes.ts";
import { nowMs } from "../clock.ts";
import { fuzzStrategies } from "../arms/arms.ts";
import type { FuzzJob, FuzzOptions } from "../engine/job.ts";
import type { CampaignsResult } from "../engine/native-campaigns.ts";
import { STATE_DIRECTORY } from "../engine/saved-state.ts";
import { NEWEST } from "../programs/newest.ts";
import { readProgram } from "../programs/program-file.ts";
import { reportText, type ScenarioReport } from "../report/scenario-report.ts";
import { EXIT } from "./exit-code.ts";
import { withPrograms } from "./fuzz-programs.ts";
import {
  ablateOption,
  ablationsOf,
  appended,
  duration,
  familyOf,
  jsonOption,
  kernelOption,
  memoryOption,
  refuseUnmatched,
  scenarioOn,
  wholeNumber,
} from "./options.ts";
import { violationJson, type CommandResult } from "./output.ts";

/** Adds what every campaign has: scenarios, budget, where it is kept. */
export function addCampaignOptions(command: Command): Command {
  return command
    .argument("[scenario...]", "scenarios or bug ids; default: all (see: mmrace list scenarios)")
    .addOption(kernelOption())
    .addOption(
      new Option("--strategy <name>", "how the native engine makes schedules")
        .choices(fuzzStrategies)
        .default("coverage"),
    )
    .option(
      "--time <duration>",
      "stop after this long, shared by the scenarios, for example 60s; default: no limit",
      duration,
    )
    .option(
      "--program <file>",
      "fuzz a program of system calls too (see: mmrace program); repeatable",
      appended,
      [],
    )
    .option(
      "--programs <n>",
      "generate, run and change so many programs, beside the scenarios named",
      wholeNumber(1),
    )
    .option(
      "--executions <n>",
      "executions per scenario, and of all --programs together",
      wholeNumber(1),
      20_000,
    )
    .option("--seed <n>", "random seed", wholeNumber(0), 1)
    .option(
      "--corpus <dir>",
      "begin with, and add to, the schedules in DIR/<scenario>-<kernel> and the programs in DIR/programs-<kernel>",
    )
    .option(
      "--out <dir>",
      "campaign directory: its progress, and a directory for each finding (see: mmrace report)",
      STATE_DIRECTORY,
    )
    .addOption(ablateOption())
    .addOption(memoryOption())
    .option("--stop-on-first", "stop at the first finding")
    .option("--events", "progress and findings as JSON lines on standard error, for other programs")
    .addOption(jsonOption());
}

/** Runs a campaign and tells its result. */
export async function campaignResult(
  names: readonly string[],
  options: FuzzOptions,
  run: (job: FuzzJob) => Promise<CampaignsResult>,
): Promise<CommandResult> {
  const hasPrograms = options.program.length > 0 || options.programs !== undefined;
  const families = names.length === 0 && !hasPrograms ? scenarioFamilies : [...new Set(names.map(familyOf))];
  const changes = readChanges(options.with);
  const programs = options.program.map((file) =>
    programScenario(readProgram(file), kernelWith(options.kernel ?? NEWEST, changes)),
  );
  const startMs = nowMs();
  const job: FuzzJob = {
    scenarios: [...families.map((family) => scenarioOn(family, options.kernel, changes)), ...programs],
    ablations: ablationsOf(options.ablate),
    changes,
    options,
    deadlineMs: options.time === undefined ? Infinity : startMs + options.time,
  };
  const { reports, hunted } = await run(job);
  for (const report of reports) refuseUnmatched(report.unmatched, report.scenario.name);
  return withPrograms(resultOf(job, reports, nowMs() - startMs), hunted);
}

function resultOf(
  { options, changes }: FuzzJob,
  reports: readonly ScenarioReport[],
  elapsedMs: number,
): CommandResult {
  const violations = reports.flatMap((report) => report.violations);
  const total = (part: (report: ScenarioReport) => number): number =>
    reports.reduce((sum, report) => sum + part(report), 0);
  return {
    exitCode: violations.length > 0 ? EXIT.violation : EXIT.clean,
    text: withChanges(
      [reportText(reports, elapsedMs), ...whereText(violations.length, options.out)].join("\n"),
      changes,
    ),
    json: {
      engine: options.engine,
      strategy: options.strategy,
      seed: options.seed,
      ablations: options.ablate,
      ...changesJson(changes),
      memory: options.memory,
      executions: total(({ executions }) => executions),
      steps: total(({ steps }) => steps),
      complete: false,
      out: options.out,
      interrupted: reports.some(({ isInterrupted }) => isInterrupted),
      violations: violations.map(violationJson),
      scenarios: reports.map(
        ({ scenario, executions, steps, corpus, edges, unreached, violations: found }) => ({
          scenario: scenario.name,
          kernel: scenario.variant,
          executions,
          steps,
          corpus,
          edges,
          unreached,
          violations: found.map(violationJson),
        }),
      ),
      elapsedMs: Math.round(elapsedMs),
    },
  };
}

function whereText(findings: number, out: string): readonly string[] {
  const written = `Findings with traces and regression tests: ${join(out, "findings")}`;
  const page = `As a page: npx mmrace report ${out}`;
  return findings === 0 ? [] : ["", written, page];
}
