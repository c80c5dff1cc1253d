/** What a hunt is reported as. */

import type { Kernel, World } from "@mmrace/mm";
import { programOf, type Program } from "@mmrace/mm/programs";
import { decodeToken, type Scenario } from "@mmrace/scheduler";
import { scenarioOfToken } from "../changes/changed-kernels.ts";
import type { FuzzJob } from "../engine/job.ts";
import type { ScenarioReport } from "../report/scenario-report.ts";
import { counted } from "../report/violation-text.ts";
import type { HuntLedger } from "./hunt-ledger.ts";
import type { HuntPlan } from "./hunt-plan.ts";

/** What a hunt came to. */
export interface HuntResult {
  /** One for each finding, and one for all programs together. */
  readonly reports: readonly ScenarioReport[];
  /** The programs of the findings, made small, by the names of their scenarios. */
  readonly programs: ReadonlyMap<string, Program>;
  /** Programs that were run, and that were kept for what they showed. */
  readonly tried: number;
  readonly kept: number;
  /** Where the kept ones lie. */
  readonly folder: string;
}

/** Puts together what a hunt came to. */
export function huntResult(
  { changes }: FuzzJob,
  kernel: Kernel,
  ledger: HuntLedger,
  { kept }: HuntPlan,
  { folder, isInterrupted }: { readonly folder: string; readonly isInterrupted: boolean },
): HuntResult {
  const common = { unreached: [], unmatched: [], isInterrupted, isSaved: isInterrupted };
  const programs = new Map<string, Program>();
  const reports: ScenarioReport[] = [];
  for (const { violation } of ledger.findings.values()) {
    const token = decodeToken(violation.token);
    programs.set(token.scenario, programOf(token));
    const nothing = { executions: 0, steps: 0, corpus: 0, edges: {} };
    const scenario = scenarioOfToken(token, changes);
    reports.push({ ...common, ...nothing, scenario, violations: [violation] });
  }
  const { executions, steps } = ledger.soFar;
  const all: ScenarioReport = {
    ...common,
    scenario: { ...MANY, name: counted(ledger.merged, "generated program"), variant: kernel.id },
    executions,
    steps,
    corpus: ledger.corpus,
    edges: ledger.features.edges(),
    violations: [],
  };
  return {
    reports: [...reports, all],
    programs,
    tried: ledger.merged,
    kept: kept.length,
    folder,
  };
}

/** Stands for the programs of a hunt together; nobody runs it. */
const MANY: Scenario<World> = {
  name: "",
  setup: () => {
    throw new Error("these are many programs");
  },
  threads: {},
  properties: [],
};
