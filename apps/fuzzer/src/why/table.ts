/** Verdicts for people: as lines, and as a table in Markdown. */

import { decodeToken, replayToken } from "@mmrace/scheduler";
import type { Change } from "../changes/change.ts";
import { scenarioOfToken } from "../changes/changed-kernels.ts";
import { bold, green, red } from "../report/style.ts";
import { counted, violationText } from "../report/violation-text.ts";
import type { GuardKind } from "./sites.ts";
import type { WhyBounds, WhyVerdict } from "./judge.ts";

/** A verdict on one guard, or on two that are taken out together. */
export interface Row {
  readonly sites: readonly string[];
  readonly kind: GuardKind | "pair";
  readonly scenarios: readonly string[];
  readonly found: WhyVerdict;
}

/** `needed: lost entry, 1 preemption, 40 steps (retract-vs-uffdcopy)`. */
export function lineOf(row: Row): string {
  return `${bold(row.sites.join(" with "))} (${row.kind})\n  ${colour(row)(verdictText(row))}`;
}

function colour({ found: { verdict } }: Row): (text: string) => string {
  if (verdict === "needed") return red;
  return verdict === "not needed within bound" ? green : (text) => text;
}

/** `needed: lost entry, 1 preemption, 40 steps, retract-vs-uffdcopy`. */
export function verdictText({ found, scenarios }: Row): string {
  const { verdict, finding, executions, complete, leftOut } = found;
  const silent = leftOut.length === 0 ? "" : `; says nothing, as it speaks anyway: ${leftOut.join(", ")}`;
  if (finding !== undefined) {
    const { oracle, preemptions, steps, scenario } = finding;
    return `needed: ${oracle}, ${counted(preemptions, "preemption")}, ${counted(steps, "step")}, ${scenario}${silent}`;
  }
  const scope = complete ? "all schedules" : "not all schedules";
  const where = counted(scenarios.length, "scenario");
  return `${verdict}: ${counted(executions, "execution")} in ${where}, ${scope}${silent}`;
}

/** The counterexample of a row, as columns. */
export function counterexample({ found }: Row, changes: readonly Change[]): string {
  if (found.finding === undefined) return "";
  const content = decodeToken(found.finding.token);
  const scenario = scenarioOfToken(content, changes);
  const replayed = replayToken(scenario, content);
  return replayed.kind === "reproduced" ? violationText(scenario, replayed.violation) : replayed.kind;
}

/** `searched within 2 preemptions, 1,000 executions of a scenario on a level`. */
export function boundText({ preemptionsMax, executionsMax }: WhyBounds): string {
  const [preemptions, executions] = [
    counted(preemptionsMax, "preemption"),
    counted(executionsMax, "execution"),
  ];
  return `searched within ${preemptions}, ${executions} of a scenario on a level`;
}

/** A table in Markdown, with the tokens. */
export function markdownOf(rows: readonly Row[], kernel: string, bounds: WhyBounds): string {
  return [
    `Linux ${kernel}; ${boundText(bounds)}.`,
    "",
    "| guard | what it is | without it | shortest counterexample |",
    "| --- | --- | --- | --- |",
    ...rows.map(markdownRow),
  ].join("\n");
}

function markdownRow(row: Row): string {
  const { finding } = row.found;
  const sites = row.sites.map((site) => `\`${site}\``).join(" with ");
  const token = finding === undefined ? "" : `\`${finding.token}\``;
  return `| ${sites} | ${row.kind} | ${verdictText(row)} | ${token} |`;
}
