/** `mmrace bug`: one entry of the catalogue, on a release that had it and on one where it is gone. */

import { ablationsOf, bugById, type Bug } from "@mmrace/mm";
import { UsageError, type Exploration } from "@mmrace/scheduler";
import type { Command } from "commander";
import { nowMs } from "../../clock.ts";
import { violationText } from "../../report/violation-text.ts";
import { bothVerdicts, bugJson, isAsExpected, searchWhole, type Verdict } from "../bug-verdicts.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { jsonOption } from "../options.ts";
import type { CommandResult } from "../output.ts";
import { bold, green, red } from "../../report/style.ts";
import { runAllBugs } from "./bug-table.ts";
import { explorationJson, summary } from "./explore.ts";

/** Describes the command. */
export function defineBug(program: Command): Command {
  return program
    .command("bug")
    .summary("reproduce a bug of the kernel's history")
    .description(
      "Finds a catalogued bug with the fewest preemptions on a release that had it, then searches all schedules of the " +
        "same scenario on a release where it is gone. Exit code 3: found and gone. 1: not so, which is our bug.",
    )
    .argument("[id]", "id or slug (see: mmrace list bugs)")
    .option("--all", "all entries, as a table; entries that the model cannot show are listed with the reason")
    .option(
      "--kernel <release>",
      "search all schedules on this release only; exit code 3 if anything is found",
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  mmrace bug T1-02\n  mmrace bug --all\n  mmrace bug mremap-vs-retract --kernel 6.12 --json",
    );
}

interface BugOptions {
  readonly kernel?: string;
  readonly all?: boolean;
}

/** Runs the command. */
export function runBug(id: string | undefined, { kernel, all }: BugOptions): CommandResult {
  if (all === true) {
    if (id !== undefined || kernel !== undefined)
      throw new UsageError(
        "--all runs every entry, each on its own releases: leave out the id and --kernel.",
      );
    return runAllBugs();
  }
  if (id === undefined) throw new UsageError("Which bug? Give an id (see: mmrace list bugs), or --all.");
  return runOneBug(bugById(id), kernel);
}

function runOneBug(bug: Bug, asked: string | undefined): CommandResult {
  const startMs = nowMs();
  const verdicts: readonly Verdict[] =
    asked === undefined
      ? bothVerdicts(bug)
      : [{ kernel: asked, role: "asked", exploration: searchWhole(bug, asked) }];
  return {
    exitCode: exitCodeOf(bug, verdicts),
    text: textOf(bug, verdicts),
    json: {
      bug: bugJson(bug),
      scenario: bug.family.name,
      executions: sum(verdicts, ({ executions }) => executions),
      steps: sum(verdicts, ({ steps }) => steps),
      complete: verdicts.at(-1)!.exploration.complete,
      violations: explorationJson(verdicts[0]!.exploration)["violations"],
      releases: verdicts.map(({ kernel, role, exploration }) => ({
        kernel,
        role,
        ...explorationJson(exploration),
      })),
      elapsedMs: Math.round(nowMs() - startMs),
    },
  };
}

function sum(verdicts: readonly Verdict[], part: (exploration: Exploration) => number): number {
  return verdicts.reduce((total, { exploration }) => total + part(exploration), 0);
}

function exitCodeOf(bug: Bug, verdicts: readonly Verdict[]): ExitCode {
  const [first] = verdicts;
  if (first?.role === "asked") return first.exploration.violations.length > 0 ? EXIT.violation : EXIT.clean;
  return verdicts.every((verdict) => isAsExpected(bug, verdict)) ? EXIT.violation : EXIT.ourBug;
}

function textOf(bug: Bug, verdicts: readonly Verdict[]): string {
  const cve = bug.cve === undefined ? "" : ` (${bug.cve})`;
  const head = `${bold(`${bug.id} ${bug.slug}`)}: ${bug.title}${cve}\nFix: ${bug.fix}\n${bug.note}`;
  const parts = verdicts.map((verdict) => {
    const { kernel, role, exploration } = verdict;
    const mark = isAsExpected(bug, verdict)
      ? green("as expected")
      : role === "asked"
        ? ""
        : red("NOT as expected");
    const found = exploration.violations.filter(({ oracle }) => role !== "buggy" || oracle === bug.oracle);
    const shown = found.map((violation) => violationText(bug.family.on(kernel), violation));
    const without = role === "buggy" ? ablationsOf(bug).map(({ name }) => ` ${name}`) : [];
    const title = `${bold(`== Linux ${kernel}${without.join("")}`)} ${role === "asked" ? "" : `(${role}) `}${mark}`;
    return [title, ...shown, summary(exploration)].join("\n\n");
  });
  return [head, ...parts].join("\n\n");
}
