/** `mmrace bug --all`: the whole catalogue, one line per entry. */

import { ablationsOf, bugs, notModelled, type Bug } from "@mmrace/mm";
import type { Exploration, StateExploration, Violation } from "@mmrace/scheduler";
import { nowMs } from "../../clock.ts";
import { counted } from "../../report/violation-text.ts";
import { bold, green, red } from "../../report/style.ts";
import { bothVerdicts, bugJson, isAsExpected, type Verdict } from "../bug-verdicts.ts";
import { EXIT } from "../exit-code.ts";
import type { CommandResult } from "../output.ts";

interface Row {
  readonly bug: Bug;
  readonly buggy: Verdict;
  readonly fixed: Verdict;
  /** The finding of the entry's own oracle. */
  readonly found: Violation | undefined;
}

/** Runs every entry on both of its releases. */
export function runAllBugs(): CommandResult {
  const startMs = nowMs();
  const rows = bugs.map(rowOf);
  const wrong = rows.filter((row) => !isRight(row));
  const verdict = wrong.length === 0 ? green("all as expected") : red(`${wrong.length} NOT as expected`);
  const last = `${counted(rows.length, "bug")}, ${verdict}; ${notModelled.length} more that the model cannot show`;
  return {
    exitCode: wrong.length === 0 ? EXIT.violation : EXIT.ourBug,
    text: [
      ...rows.map(lineOf),
      "",
      bold("Not modelled"),
      ...notModelled.map(({ id, slug, reason }) => `${id} ${slug}: ${reason}`),
      "",
      last,
    ].join("\n"),
    json: {
      bugs: rows.map(jsonOf),
      notModelled,
      asExpected: wrong.length === 0,
      elapsedMs: Math.round(nowMs() - startMs),
    },
  };
}

function rowOf(bug: Bug): Row {
  const [buggy, fixed] = bothVerdicts(bug) as readonly [Verdict, Verdict];
  const found = buggy.exploration.violations.find(({ oracle }) => oracle === bug.oracle);
  return { bug, buggy, fixed, found };
}

function isRight({ bug, buggy, fixed }: Row): boolean {
  return isAsExpected(bug, buggy) && isAsExpected(bug, fixed);
}

/** How much was looked at. */
function sizeOf(exploration: Exploration | StateExploration): string {
  return "states" in exploration
    ? counted(exploration.states, "state")
    : counted(exploration.executions, "execution");
}

function lineOf(row: Row): string {
  const { bug, buggy, fixed, found } = row;
  const without = ablationsOf(bug).length === 0 ? "" : " less a guard";
  const finding =
    found === undefined
      ? red(`not found after ${counted(buggy.exploration.executions, "execution")}`)
      : `found: ${found.oracle}, ${counted(found.preemptions, "preemption")}, ${counted(buggy.exploration.executions, "execution")}`;
  const silence = isAsExpected(bug, fixed)
    ? `clean, complete, ${sizeOf(fixed.exploration)}`
    : red(
        `NOT clean: ${fixed.exploration.violations.map(({ oracle }) => oracle).join(", ") || "incomplete"}`,
      );
  return `${bold(bug.id)} ${bug.slug}\n  ${bug.buggy}${without}: ${finding}\n  ${bug.fixed}: ${silence}`;
}

function jsonOf(row: Row): Record<string, unknown> {
  const { bug, buggy, fixed, found } = row;
  return {
    ...bugJson(bug),
    scenario: bug.family.name,
    buggy: {
      kernel: bug.buggy,
      ablations: bug.ablations ?? [],
      verdict: found === undefined ? "not found" : "found",
      executions: buggy.exploration.executions,
      preemptions: found?.preemptions ?? null,
      signature: found?.signature ?? null,
      token: found?.token ?? null,
    },
    fixed: {
      kernel: bug.fixed,
      verdict: isAsExpected(bug, fixed) ? "clean" : "not clean",
      complete: fixed.exploration.complete,
      ...("states" in fixed.exploration ? { states: fixed.exploration.states } : {}),
      executions: fixed.exploration.executions,
      violations: fixed.exploration.violations.map(({ signature }) => signature),
    },
  };
}
