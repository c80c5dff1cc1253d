/** Verdicts for people: as lines, and as a table in Markdown. */

import { isProgramName, programOf, programText } from "@mmrace/mm/programs";
import { decodeToken, replayToken } from "@mmrace/scheduler";
import type { Change } from "../changes/change.ts";
import { scenarioOfToken } from "../changes/changed-kernels.ts";
import { bold, green, red } from "../report/style.ts";
import { counted, violationText } from "../report/violation-text.ts";
import type { GuardKind } from "./sites.ts";
import type { WhyBounds } from "./bounded-search.ts";
import type { RowVerdict } from "./verdicts.ts";

/** A verdict on one guard, or on two that are taken out together. */
export interface Row {
  readonly sites: readonly string[];
  readonly kind: GuardKind | "pair";
  readonly scenarios: readonly string[];
  /** Names of generated programs. */
  readonly programs: readonly string[];
  readonly found: RowVerdict;
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
export function verdictText({ found, scenarios, programs }: Row): string {
  const { verdict, finding, executions, complete, fuzzed, leftOut } = found;
  const silent = leftOut.length === 0 ? "" : `; says nothing, as it speaks anyway: ${leftOut.join(", ")}`;
  if (finding !== undefined) {
    const { oracle, preemptions, steps, scenario } = finding;
    return `needed: ${oracle}, ${counted(preemptions, "preemption")}, ${counted(steps, "step")}, ${scenario}${silent}`;
  }
  const scope = complete ? "all schedules" : "not all schedules";
  const where = [
    ...(scenarios.length > 0 || programs.length === 0 ? [counted(scenarios.length, "scenario")] : []),
    ...(programs.length > 0 ? [counted(programs.length, "generated program")] : []),
  ].join(" and ");
  const more = fuzzed === 0 ? "" : `; ${counted(fuzzed, "execution")} more fuzzed`;
  return `${verdict}: ${counted(executions, "execution")} in ${where}, ${scope}${more}${silent}`;
}

/** The program of a counterexample that is none of a scenario of the model, as text. */
export function programOfRow({ found: { finding } }: Row): string | undefined {
  if (finding === undefined || !isProgramName(finding.scenario)) return undefined;
  return programText(programOf(decodeToken(finding.token)));
}

/** The counterexample of a row, as columns. */
export function counterexample({ found }: Row, changes: readonly Change[]): string {
  if (found.finding === undefined) return "";
  const content = decodeToken(found.finding.token);
  const scenario = scenarioOfToken(content, changes);
  const replayed = replayToken(scenario, content);
  return replayed.kind === "reproduced" ? violationText(scenario, replayed.violation) : replayed.kind;
}

/** How much is done for each guard. */
export interface Effort {
  readonly bounds: WhyBounds;
  /** Generated programs that are searched as well. */
  readonly programs: number;
  /** Executions of campaigns where the search comes to no end. */
  readonly fuzz: number;
}

/** `searched within 2 preemptions, 1,000 executions of a scenario on a level`, and what is done besides. */
export function boundText({ bounds, programs, fuzz }: Effort): string {
  const [preemptions, executions] = [
    counted(bounds.preemptionsMax, "preemption"),
    counted(bounds.executionsMax, "execution"),
  ];
  return [
    `searched within ${preemptions}, ${executions} of a scenario on a level`,
    ...(programs === 0 ? [] : [`then ${counted(programs, "generated program")} for each guard`]),
    ...(fuzz === 0
      ? []
      : [`then fuzzed for ${counted(fuzz, "execution")} where not all schedules were searched`]),
  ].join("; ");
}

/** The same as JSON. */
export function boundJson({ bounds, programs, fuzz }: Effort): Record<string, number> {
  return { ...bounds, programsMax: programs, fuzzMax: fuzz };
}

/** A table in Markdown, with the tokens. */
export function markdownOf(rows: readonly Row[], kernel: string, effort: Effort): string {
  return [
    `Linux ${kernel}; ${boundText(effort)}.`,
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
