/** `mmrace why`: what each guard of a procedure is for. */

import { join } from "node:path";
import { kernelById, kernels, scenarioFamilies } from "@mmrace/mm";
import type { Command } from "commander";
import { nowMs } from "../../clock.ts";
import { STATE_DIRECTORY } from "../../engine/saved-state.ts";
import { Progress } from "../../report/progress.ts";
import { counted } from "../../report/violation-text.ts";
import { answersTo } from "../../why/answers.ts";
import { guardsOf, type Guard } from "../../why/guards.ts";
import type { WhyBounds } from "../../why/judge.ts";
import { counterexample, lineOf, markdownOf, type Row } from "../../why/table.ts";
import { EXIT } from "../exit-code.ts";
import { appended, familyOf, jsonOption, wholeNumber } from "../options.ts";
import type { CommandResult } from "../output.ts";

const NEWEST = kernels.at(-1)!.id;

interface WhyOptions {
  readonly kernel: string;
  readonly scenario: readonly string[];
  readonly preemptions: number;
  readonly executions: number;
  readonly pairs?: boolean;
  readonly columns?: boolean;
  readonly markdown?: boolean;
  readonly workers: number;
  readonly cache: boolean;
}

/** Describes the command. */
export function defineWhy(program: Command): Command {
  return program
    .command("why")
    .summary("say what each lock, recheck and flush of a procedure is for")
    .description(
      "Takes the guards of a procedure out one by one and searches every scenario that comes to them, level by level of " +
        "preemptions, for what then goes wrong. needed: with the shortest counterexample found. not needed within bound: " +
        "nothing went wrong in what was searched. Answers are kept, and asked for again only when the model has changed.",
    )
    .argument("<target>", "a procedure, a site (procedure/operation/class) or a lock class")
    .option("--kernel <release>", "kernel release (see: mmrace list kernels)", NEWEST)
    .option("--scenario <name>", "only in this scenario; repeatable", appended, [])
    .option("--preemptions <n>", "search up to so many preemptions", wholeNumber(0), 2)
    .option("--executions <n>", "of one scenario on one level; then as many at random", wholeNumber(1), 3000)
    .option("--pairs", "also take out two guards at a time, of those that are not needed alone")
    .option("--columns", "show every counterexample")
    .option("--markdown", "write a table in Markdown, with tokens")
    .option("--workers <n>", "worker threads", wholeNumber(1), 1)
    .option("--no-cache", "ask everything anew")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  mmrace why retract_page_tables --kernel 6.12\n" +
        "  mmrace why retract_page_tables/spin_lock/pte_lock --kernel 6.12 --columns\n" +
        "  mmrace why pmd_lock --kernel 6.6 --pairs --workers 2",
    );
}

/** Runs the command. */
export async function runWhy(target: string, options: WhyOptions): Promise<CommandResult> {
  const startMs = nowMs();
  const kernel = kernelById(options.kernel).id;
  const families = options.scenario.length === 0 ? scenarioFamilies : options.scenario.map(familyOf);
  const guards = guardsOf(target, kernel, families);
  const singles = await rowsOf(
    guards.map(({ site }) => [site]),
    guards,
    kernel,
    options,
  );
  const pairs = options.pairs === true ? await pairRows(singles, guards, kernel, options) : [];
  const rows = [...singles, ...pairs];
  return {
    exitCode: EXIT.clean,
    text: options.markdown === true ? markdownOf(rows, kernel, boundsOf(options)) : textOf(rows, options),
    json: {
      target,
      kernel,
      sites: singles.map((row) => jsonOf(row, options)),
      ...(options.pairs === true ? { pairs: pairs.map((row) => jsonOf(row, options)) } : {}),
      elapsedMs: Math.round(nowMs() - startMs),
    },
  };
}

function boundsOf({ preemptions, executions }: WhyOptions): WhyBounds {
  return { preemptionsMax: preemptions, executionsMax: executions };
}

/** The needed ones among all pairs of guards that are redundant alone. */
async function pairRows(
  singles: readonly Row[],
  guards: readonly Guard[],
  kernel: string,
  options: WhyOptions,
): Promise<readonly Row[]> {
  const redundant = singles.flatMap(({ sites, found: { verdict } }) =>
    verdict === "not needed within bound" ? sites : [],
  );
  const pairs = redundant.flatMap((a, at) => redundant.slice(at + 1).map((b) => [a, b]));
  const rows = await rowsOf(pairs, guards, kernel, options);
  return rows.filter(({ found: { verdict } }) => verdict === "needed");
}

/** One row for each group of guards, searched in the scenarios that come to all of them. */
async function rowsOf(
  groups: readonly (readonly string[])[],
  guards: readonly Guard[],
  kernel: string,
  options: WhyOptions,
): Promise<readonly Row[]> {
  const bySite = new Map(guards.map((guard) => [guard.site, guard]));
  const jobs = groups.map((sites) => ({
    ...boundsOf(options),
    kernel,
    sites,
    scenarios: scenariosOf(sites, bySite),
  }));
  const progress = new Progress();
  const verdicts = await answersTo(jobs, {
    workers: options.workers,
    cache: options.cache ? join(STATE_DIRECTORY, "why") : undefined,
    onAnswer: (answered) =>
      progress.show(() => `${answered} of ${counted(jobs.length, "question")} answered`),
  });
  progress.end();
  return jobs.map(({ sites, scenarios }, at) => ({
    sites,
    kind: sites.length > 1 ? "pair" : bySite.get(sites[0]!)!.kind,
    scenarios,
    found: verdicts[at]!,
  }));
}

function scenariosOf(sites: readonly string[], bySite: ReadonlyMap<string, Guard>): readonly string[] {
  const [first, ...others] = sites.map((site) => bySite.get(site)!.scenarios);
  return first!.filter((name) => others.every((scenarios) => scenarios.includes(name)));
}

function textOf(rows: readonly Row[], { columns }: WhyOptions): string {
  const lines = rows.map((row) => {
    const shown = columns === true ? counterexample(row) : tokenOf(row);
    return shown === "" ? lineOf(row) : `${lineOf(row)}\n${columns === true ? "\n" : "  "}${shown}`;
  });
  const needed = rows.filter(({ found: { verdict } }) => verdict === "needed").length;
  return [...lines, "", `${counted(rows.length, "guard")}, ${needed} needed.`].join("\n");
}

function tokenOf({ found: { finding } }: Row): string {
  return finding === undefined ? "" : `npx mmrace replay ${finding.token}`;
}

function jsonOf({ sites, kind, scenarios, found }: Row, options: WhyOptions): Record<string, unknown> {
  const { finding, ...counts } = found;
  return {
    ...(sites.length === 1 ? { site: sites[0] } : { sites }),
    kind,
    ...counts,
    ...finding,
    bound: boundsOf(options),
    scenarios,
  };
}
