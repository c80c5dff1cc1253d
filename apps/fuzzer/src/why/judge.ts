/**
 * Whether guards are needed: they are taken out together, and scenarios searched level by level of preemptions, until one
 * shows what the guards were for. The first finding has the fewest preemptions; then its steps are minimized.
 */

import { InternalError, UsageError, type Violation } from "@mmrace/scheduler";
import { ForgottenYield } from "../changes/forgotten.ts";
import { searchLevel, type WhyBounds } from "./bounded-search.ts";
import { fuzz } from "./campaigns.ts";
import { GuardsGone } from "./guards-gone.ts";
import { subjectsOf, type SubjectSpec } from "./subjects.ts";

/** Guards to take out, together. */
export interface WhyJob extends WhyBounds, SubjectSpec {
  readonly sites: readonly string[];
  /** Fuzz, for so many executions of all together, and do not search. */
  readonly fuzzed?: number;
  /** It is only asked whether: the counterexample may stay as long as it was found. */
  readonly isRough?: true;
}

/** What happens without the guards. */
export type WhyFinding = Pick<
  Violation,
  "oracle" | "message" | "signature" | "token" | "preemptions" | "steps"
> & { readonly scenario: string };

/** What came of it; plain data. */
export interface WhyVerdict {
  readonly verdict: "needed" | "not needed within bound" | "never executed" | "cannot be removed";
  /** Executions with the guards gone. */
  readonly executions: number;
  /** Every schedule within the bound was searched, in every scenario. */
  readonly complete: boolean;
  /** The shortest counterexample. */
  readonly finding?: WhyFinding;
  /** Scenarios that say nothing, as they have findings with the guards in place. */
  readonly leftOut: readonly string[];
}

/** Answers one question. */
export function judge(job: WhyJob): WhyVerdict {
  const evidence = new GuardsGone(job);
  if (job.scenarios.length + (job.programs?.length ?? 0) === 0) return evidence.verdict("never executed");
  try {
    return job.fuzzed === undefined ? search(job, evidence) : fuzz(job, job.fuzzed, evidence);
  } catch (error) {
    // A model that lost what it stands on may not know how to go on.
    if (error instanceof ForgottenYield) throw error;
    if (error instanceof UsageError || error instanceof InternalError)
      return evidence.verdict("cannot be removed");
    throw error;
  }
}

/** Level by level. On higher levels there is nothing new in scenarios that were searched through. */
function search(job: WhyJob, evidence: GuardsGone): WhyVerdict {
  let open = subjectsOf(job);
  for (let preemptionsMax = 0; preemptionsMax <= job.preemptionsMax; preemptionsMax++) {
    open = open.filter((subject) => {
      const searched = searchLevel(subject.scenario, { ...job, preemptionsMax }, evidence.ablations);
      evidence.executions += searched.executions;
      if (searched.isCut) evidence.isComplete = false;
      if (searched.violation === undefined) return !searched.isThrough;
      evidence.take(subject, searched.violation, preemptionsMax);
      return false;
    });
    const shortest = evidence.shortest();
    if (shortest !== undefined) return evidence.verdict("needed", shortest);
  }
  return evidence.verdict("not needed within bound");
}
