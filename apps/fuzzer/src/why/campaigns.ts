/** Fuzzing for the sake of a guard, where the search within the bound came to no end: a campaign on each scenario. */

import type { Ablation, Scenario, Violation } from "@mmrace/scheduler";
import { Fuzzer } from "../engine/fuzzer.ts";
import { RANDOM_SEED } from "./bounded-search.ts";
import type { GuardsGone } from "./guards-gone.ts";
import type { WhyJob, WhyVerdict } from "./judge.ts";
import { subjectsOf } from "./subjects.ts";

/** Deals the executions out evenly, and looks at all scenarios before it says which finding is the shortest. */
export function fuzz(job: WhyJob, executionsMax: number, evidence: GuardsGone): WhyVerdict {
  const subjects = subjectsOf(job);
  evidence.isComplete = false;
  for (const [at, subject] of subjects.entries()) {
    const share = shareOf(executionsMax, subjects.length, at);
    const { scenario } = subject;
    const { executions, violation } = campaign(scenario, share, evidence.ablations);
    evidence.executions += executions;
    if (violation === undefined) continue;
    evidence.take(subject, violation, job.preemptionsMax, () => campaign(scenario, share, []).violation);
  }
  const shortest = evidence.shortest();
  return evidence.verdict(shortest === undefined ? "not needed within bound" : "needed", shortest);
}

/** The first scenarios, which are the shortest, get what does not divide evenly. */
function shareOf(executions: number, count: number, at: number): number {
  return Math.floor(executions / count) + (at < executions % count ? 1 : 0);
}

function campaign<W>(
  scenario: Scenario<W>,
  executions: number,
  ablations: readonly Ablation[],
): { readonly executions: number; readonly violation: Violation | undefined } {
  const fuzzer = new Fuzzer(scenario, {
    randomSeed: RANDOM_SEED,
    strategy: "coverage",
    ablations,
    memory: "sc",
    stopOnFirst: true,
    minimizes: false,
  });
  fuzzer.run(executions);
  return { executions: fuzzer.executions, violation: fuzzer.findings.values().next().value };
}
