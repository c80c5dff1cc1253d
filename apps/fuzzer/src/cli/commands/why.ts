/** `mmrace why`: what each guard of a procedure is for. */

import { join } from "node:path";
import { kernelById, kernels, scenarioFamilies } from "@mmrace/mm";
import { UsageError } from "@mmrace/scheduler";
import type { Command } from "commander";
import type { Change } from "../../changes/change.ts";
import { changesJson, kernelWith, withChanges } from "../../changes/changed-kernels.ts";
import { readChanges } from "../../changes/read-changes.ts";
import { nowMs } from "../../clock.ts";
import { STATE_DIRECTORY } from "../../engine/saved-state.ts";
import { counted } from "../../report/violation-text.ts";
import { changedBetween, compare } from "../../why/diff.ts";
import { comparisonMarkdown, comparisonText, differenceJson } from "../../why/diff-text.ts";
import { guardRows, pairRows, type Question } from "../../why/rows.ts";
import { PER_SITE, POOL_SIZE } from "../../why/program-pool.ts";
import {
  boundJson,
  counterexample,
  lineOf,
  markdownOf,
  programOfRow,
  type Effort,
  type Row,
} from "../../why/table.ts";
import { EXIT } from "../exit-code.ts";
import { appended, familyOf, jsonOption, wholeNumber, withOption } from "../options.ts";
import type { CommandResult } from "../output.ts";

const NEWEST = kernels.at(-1)!.id;

interface WhyOptions {
  readonly kernel: string;
  readonly scenario: readonly string[];
  readonly with: readonly string[];
  readonly preemptions: number;
  readonly executions: number;
  readonly programs: number;
  readonly fuzz: number;
  readonly own?: boolean;
  readonly pairs?: boolean;
  readonly diff?: readonly string[];
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
        "preemptions, for what then goes wrong; then, with --programs, generated programs; and where that is not all " +
        "schedules within the bound, it fuzzes. needed: with the shortest counterexample found. not needed within bound: " +
        "nothing went wrong in what was searched and fuzzed. Answers are kept, and asked for again only when the model " +
        "has changed.",
    )
    .argument(
      "[target]",
      "a procedure, a site (procedure/operation/class) or a lock class; with --diff, default: all procedures that differ",
    )
    .option("--kernel <release>", "kernel release (see: mmrace list kernels)", NEWEST)
    .option("--scenario <name>", "only in this scenario; repeatable", appended, [])
    .addOption(withOption())
    .option("--preemptions <n>", "search up to so many preemptions", wholeNumber(0), 2)
    .option("--executions <n>", "of one scenario on one level; then as many at random", wholeNumber(1), 3000)
    .option(
      "--programs <n>",
      `for each guard that nothing was found for, search so many generated programs that come to it as well, of ` +
        `${POOL_SIZE.toLocaleString("en")} that are tried once a release (at most ${PER_SITE})`,
      wholeNumber(0),
      0,
    )
    .option(
      "--fuzz <n>",
      "for each guard that nothing was found for and whose search did not end, fuzz for so many executions; 0: do not",
      wholeNumber(0),
      3000,
    )
    .option("--own", "only guards of the procedure itself, and none of what it calls")
    .option("--pairs", "also take out two guards at a time, of those that are not needed alone")
    .option(
      "--diff <releases...>",
      "compare two releases, the older one first: what became needed, or redundant, and which commit did it",
    )
    .option("--columns", "show every counterexample")
    .option("--markdown", "write a table in Markdown, with tokens")
    .option("--workers <n>", "worker threads", wholeNumber(1), 1)
    .option("--no-cache", "ask everything anew")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  mmrace why retract_page_tables --kernel 6.12\n" +
        "  mmrace why retract_page_tables/spin_lock/pte_lock --kernel 6.12 --columns\n" +
        "  mmrace why pmd_lock --kernel 6.6 --pairs --workers 2\n" +
        "  mmrace why retract_page_tables --own --kernel 6.18 --programs 4 --fuzz 20000\n" +
        "  mmrace why retract_page_tables --diff 6.12 6.14\n" +
        "  mmrace why --diff 6.11 6.12\n" +
        "  mmrace why retract_page_tables --kernel 6.12 --with my-retract.ts",
    );
}

/** Runs the command. */
export async function runWhy(target: string | undefined, options: WhyOptions): Promise<CommandResult> {
  const startMs = nowMs();
  if (options.diff !== undefined) return await runDiff(target, options.diff, options, startMs);
  if (target === undefined) {
    throw new UsageError(
      "Name a procedure (retract_page_tables), a site (retract_page_tables/spin_lock/pte_lock) or a lock class (pte_lock).",
    );
  }
  const changes = readChanges(options.with);
  const question = questionOf(target, options, changes);
  const kernel = kernelWith(options.kernel, changes).id;
  const singles = await guardRows(question);
  const pairs = options.pairs === true ? await pairRows(question, singles) : [];
  const rows = [...singles, ...pairs];
  const text =
    options.markdown === true ? markdownOf(rows, kernel, question) : textOf(rows, options, changes);
  return {
    exitCode: EXIT.clean,
    text: withChanges(text, changes),
    json: {
      target,
      kernel,
      ...changesJson(changes),
      sites: singles.map((row) => jsonOf(row, question)),
      ...(options.markdown === true ? { markdown: text } : {}),
      ...(options.pairs === true ? { pairs: pairs.map((row) => jsonOf(row, question)) } : {}),
      elapsedMs: Math.round(nowMs() - startMs),
    },
  };
}

async function runDiff(
  target: string | undefined,
  releases: readonly string[],
  options: WhyOptions,
  startMs: number,
): Promise<CommandResult> {
  const [older, newer, ...more] = releases.map((release) => kernelById(release).id);
  if (older === undefined || newer === undefined || more.length > 0)
    throw new UsageError(`--diff takes two releases, the older one first: --diff 6.12 6.14.`);
  if (options.with.length > 0 || options.pairs === true || options.columns === true)
    throw new UsageError(
      "--diff compares releases as they are, guard by guard: without --with, --pairs and --columns.",
    );
  const changed = changedBetween({ older, newer });
  const questions = (target === undefined ? changed : [target]).map((name) => {
    const question = questionOf(name, options, []);
    return target === undefined ? { ...question, own: true } : question;
  });
  const effort = questions[0]!;
  const about = target ?? `the ${counted(changed.length, "procedure")} that differ`;
  const comparison = await compare({ older, newer }, questions);
  const text =
    options.markdown === true
      ? comparisonMarkdown(about, comparison, effort)
      : comparisonText(about, comparison);
  return {
    exitCode: EXIT.clean,
    text,
    json: {
      target: target ?? null,
      kernels: [older, newer],
      bound: boundJson(effort),
      differences: comparison.differences.map(differenceJson),
      same: comparison.same,
      ...(options.markdown === true ? { markdown: text } : {}),
      elapsedMs: Math.round(nowMs() - startMs),
    },
  };
}

function questionOf(target: string, options: WhyOptions, changes: readonly Change[]): Question {
  return {
    target,
    release: kernelById(options.kernel).id,
    changes,
    families: options.scenario.length === 0 ? scenarioFamilies : options.scenario.map(familyOf),
    own: options.own === true,
    programs: programsOf(options),
    fuzz: options.fuzz,
    bounds: { preemptionsMax: options.preemptions, executionsMax: options.executions },
    workers: options.workers,
    cache: options.cache ? join(STATE_DIRECTORY, "why") : undefined,
  };
}

function programsOf({ programs }: WhyOptions): number {
  if (programs <= PER_SITE) return programs;
  throw new UsageError(
    `--programs ${programs}: of all programs that come to a guard, ${PER_SITE} are kept. Give at most so many.`,
  );
}

function textOf(rows: readonly Row[], { columns }: WhyOptions, changes: readonly Change[]): string {
  const lines = rows.map((row) => {
    const shown = columns === true ? counterexample(row, changes) : tokenOf(row);
    const program = programOfRow(row)
      ?.trimEnd()
      .replaceAll(/^(?=.)/gm, "  ");
    const head = program === undefined ? lineOf(row) : `${lineOf(row)}\n${program}`;
    return shown === "" ? head : `${head}\n${columns === true ? "\n" : "  "}${shown}`;
  });
  const needed = rows.filter(({ found: { verdict } }) => verdict === "needed").length;
  return [...lines, "", `${counted(rows.length, "guard")}, ${needed} needed.`].join("\n");
}

function tokenOf({ found: { finding } }: Row): string {
  return finding === undefined ? "" : `npx mmrace replay ${finding.token}`;
}

function jsonOf(row: Row, effort: Effort): Record<string, unknown> {
  const { sites, kind, scenarios, programs, found } = row;
  const { finding, ...counts } = found;
  const program = programOfRow(row);
  return {
    ...(sites.length === 1 ? { site: sites[0] } : { sites }),
    kind,
    ...counts,
    ...finding,
    ...(program === undefined ? {} : { program }),
    bound: boundJson(effort),
    scenarios,
    programs,
  };
}
