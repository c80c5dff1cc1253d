/** What a campaign on one scenario came to, and the summary for people. */

import type { World } from "@mmrace/mm";
import type { Ablation, Scenario, Violation } from "@mmrace/scheduler";
import type { Fuzzer } from "../engine/fuzzer.ts";
import { bold, dim, green } from "./style.ts";
import { counted, violationText } from "./violation-text.ts";

/** The result of one scenario's share of a campaign. */
export interface ScenarioReport {
  readonly scenario: Scenario<World>;
  readonly executions: number;
  readonly steps: number;
  /** Schedules kept. */
  readonly corpus: number;
  /** Distinct coverage edges by map. */
  readonly edges: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
  readonly unreached: readonly string[];
  readonly unmatched: readonly Ablation[];
  readonly isInterrupted: boolean;
  /** Whether the same command will go on where this one stopped. */
  readonly isSaved: boolean;
}

/** The report of a campaign that has ended, or was interrupted and is saved. */
export function scenarioReport(
  scenario: Scenario<World>,
  fuzzer: Fuzzer<World>,
  isInterrupted: boolean,
): ScenarioReport {
  return {
    scenario,
    executions: fuzzer.executions,
    steps: fuzzer.steps,
    corpus: fuzzer.corpus.seeds.length,
    edges: fuzzer.novelty.edges(),
    violations: [...fuzzer.findings.values()],
    unreached: fuzzer.unreached,
    // Who was interrupted may not have come to where an ablation matches.
    unmatched: isInterrupted ? [] : fuzzer.unmatched,
    isInterrupted,
    isSaved: isInterrupted,
  };
}

/** Findings first, then one line per scenario. */
export function reportText(reports: readonly ScenarioReport[], elapsedMs: number): string {
  const findings = reports.flatMap(({ scenario, violations }) =>
    violations.map((violation) => violationText(scenario, violation)),
  );
  const executions = reports.reduce((sum, report) => sum + report.executions, 0);
  const perSecond = Math.round((executions / Math.max(elapsedMs, 1)) * 1000);
  const speed = dim(
    `${counted(executions, "execution")} in ${(elapsedMs / 1000).toFixed(1)} s (${perSecond.toLocaleString("en")}/s)`,
  );
  const saved = reports.some(({ isSaved }) => isSaved)
    ? " The campaign is saved; the same command goes on with it."
    : "";
  const interrupted = reports.some(({ isInterrupted }) => isInterrupted) ? `\nInterrupted.${saved}` : "";
  return [...findings, `${reports.map(lineOf).join("\n")}\n${speed}${interrupted}`].join("\n\n");
}

function lineOf({ scenario, executions, corpus, edges, violations, unreached }: ScenarioReport): string {
  const verdict =
    violations.length === 0 ? green("nothing found") : bold(counted(violations.length, "violation"));
  const coverage = Object.entries(edges).map(([map, count]) => `${count} ${map} edges`);
  const facts = [counted(executions, "execution"), `corpus ${corpus}`, ...coverage].join(", ");
  const missing = unreached.map((what) => `\n  never reached: ${what}`).join("");
  return `${scenario.name} on ${scenario.variant ?? "?"}: ${verdict}; ${facts}${missing}`;
}
