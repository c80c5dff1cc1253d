/**
 * Whether guards are needed: they are taken out together, and scenarios searched level by level of preemptions, until one
 * shows what the guards were for. The first finding has the fewest preemptions; then its steps are minimized.
 *
 * A scenario that has a finding with its guards in place says nothing about them, and is left out.
 */

import { scenarioFamily, type World } from "@mmrace/mm";
import {
  exhaustive,
  explore,
  InternalError,
  minimize,
  portfolio,
  pct,
  pos,
  UsageError,
  without,
  type Ablation,
  type Scenario,
  type Violation,
} from "@mmrace/scheduler";
import { ForgottenYield } from "../changes/forgotten.ts";
import { kernelOf, type KernelSpec } from "./kernel-spec.ts";
import { goesTheSameWay } from "./same-way.ts";

/** How far to search. */
export interface WhyBounds {
  /** Levels 0, 1, ... up to this are searched. */
  readonly preemptionsMax: number;
  /** Of one scenario on one level; where that is not enough, as many schedules more are drawn at random. */
  readonly executionsMax: number;
}

/** Guards to take out, together. */
export interface WhyJob extends WhyBounds, KernelSpec {
  readonly sites: readonly string[];
  readonly scenarios: readonly string[];
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
  /** Scenarios that say nothing, and why. */
  readonly leftOut: readonly string[];
}

/** Executions that minimizing may take. */
const MINIMIZE_MAX = 2000;
/** Where random schedules start. */
const RANDOM_SEED = 1;

/** Answers one question. */
export function judge(job: WhyJob): WhyVerdict {
  return new Judge(job).answer();
}

class Judge {
  readonly #job: WhyJob;
  readonly #ablations: readonly Ablation[];
  readonly #leftOut: string[] = [];
  /** Scenarios that are still to be searched: on higher levels there would be nothing new in the others. */
  #open: readonly string[];
  #executions = 0;
  #isComplete = true;

  constructor(job: WhyJob) {
    this.#job = job;
    this.#ablations = job.sites.map((site) => without.site(site));
    this.#open = job.scenarios;
  }

  answer(): WhyVerdict {
    if (this.#open.length === 0) return this.#verdict("never executed");
    try {
      for (let level = 0; level <= this.#job.preemptionsMax; level++) {
        const shortest = this.#searchLevel(level);
        if (shortest !== undefined) return this.#verdict("needed", shortest);
      }
      return this.#verdict("not needed within bound");
    } catch (error) {
      // A model that lost what it stands on may not know how to go on.
      if (error instanceof ForgottenYield) throw error;
      if (error instanceof UsageError || error instanceof InternalError)
        return this.#verdict("cannot be removed");
      throw error;
    }
  }

  #verdict(verdict: WhyVerdict["verdict"], finding?: WhyFinding): WhyVerdict {
    const complete = this.#isComplete && verdict === "not needed within bound";
    const known = { verdict, executions: this.#executions, complete, leftOut: this.#leftOut };
    return finding === undefined ? known : { ...known, finding };
  }

  #searchLevel(level: number): WhyFinding | undefined {
    const found: { readonly violation: Violation; readonly scenario: string }[] = [];
    const next: string[] = [];
    for (const name of this.#open) {
      const scenario = this.#scenario(name);
      const { violation, isThrough } = this.#search(scenario, level);
      if (violation === undefined) {
        if (!isThrough) next.push(name);
      } else if (this.#speaksAnyway(scenario, level, violation)) this.#leftOut.push(name);
      else found.push({ violation, scenario: name });
    }
    this.#open = next;
    const [first] = found.toSorted((a, b) => a.violation.steps - b.violation.steps);
    if (first === undefined) return undefined;
    const scenario = this.#scenario(first.scenario);
    const { violation } = minimize(scenario, first.violation, {
      ablations: this.#ablations,
      executionsMax: MINIMIZE_MAX,
    });
    const { oracle, message, signature, token, preemptions, steps } = violation;
    return { scenario: first.scenario, oracle, message, signature, token, preemptions, steps };
  }

  #scenario(name: string): Scenario<World> {
    return scenarioFamily(name).on(kernelOf(this.#job));
  }

  /** Takes the guards out, and searches. @returns a finding, and whether higher levels have nothing to add. */
  #search<W>(
    scenario: Scenario<W>,
    preemptionsMax: number,
  ): { readonly violation: Violation | undefined; readonly isThrough: boolean } {
    const { executionsMax } = this.#job;
    const searched = searchBoth(scenario, { preemptionsMax, executionsMax }, this.#ablations);
    this.#executions += searched.executions;
    if (searched.isCut) this.#isComplete = false;
    return searched;
  }

  /** Whether the scenario has findings with its guards in place: this one, or another, as far as the same effort shows. */
  #speaksAnyway<W>(scenario: Scenario<W>, preemptionsMax: number, violation: Violation): boolean {
    const { executionsMax } = this.#job;
    if (goesTheSameWay(scenario, violation, this.#ablations)) return true;
    return searchBoth(scenario, { preemptionsMax, executionsMax }, []).violation !== undefined;
  }
}

/** All schedules of a level; where there are too many, as many again that are drawn at random. */
function searchBoth<W>(
  scenario: Scenario<W>,
  { preemptionsMax, executionsMax }: WhyBounds,
  ablations: readonly Ablation[],
) {
  const settings = { ablations, executionsMax };
  const searched = explore(scenario, exhaustive({ preemptionsMax }), settings);
  const { executions, outcome, complete } = searched;
  const [violation] = searched.violations;
  if (violation !== undefined || executions < executionsMax)
    return { violation, executions, isCut: outcome.kind === "stepLimit", isThrough: complete };
  const samplers = [pos, pct].map((sample) =>
    sample({ randomSeed: RANDOM_SEED, executionsMax: executionsMax >> 1, depth: 3 }),
  );
  const sampled = explore(scenario, portfolio(samplers), settings);
  const both = executions + sampled.executions;
  return { violation: sampled.violations[0], executions: both, isCut: true, isThrough: true };
}
