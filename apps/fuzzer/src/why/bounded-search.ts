/** The search of one scenario on one level of preemptions. */

import {
  exhaustive,
  explore,
  pct,
  portfolio,
  pos,
  type Ablation,
  type Scenario,
  type Violation,
} from "@mmrace/scheduler";

/** How far to search. */
export interface WhyBounds {
  /** Levels 0, 1, ... up to this are searched. */
  readonly preemptionsMax: number;
  /** Of one scenario on one level; where that is not enough, as many schedules more are drawn at random. */
  readonly executionsMax: number;
}

/** What a search came to. */
export interface Searched {
  readonly violation: Violation | undefined;
  readonly executions: number;
  /** There are schedules within the bound that were not searched. */
  readonly isCut: boolean;
  /** Higher levels have nothing to add. */
  readonly isThrough: boolean;
}

/** Where random schedules start. */
export const RANDOM_SEED = 1;

/** All schedules of a level; where there are too many, as many again that are drawn at random. */
export function searchLevel<W>(
  scenario: Scenario<W>,
  { preemptionsMax, executionsMax }: WhyBounds,
  ablations: readonly Ablation[],
): Searched {
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
