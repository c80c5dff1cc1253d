/** What an entry of the catalogue is, and how it is searched for. */

import {
  exhaustive,
  explore,
  parseAblation,
  searchStates,
  type Ablation,
  type Exploration,
  type StateExploration,
} from "@mmrace/scheduler";
import type { ScenarioFamily } from "../scenarios/family.ts";

/** One catalogue entry. */
export interface Bug {
  readonly id: string;
  readonly slug: string;
  readonly title: string;
  readonly cve: string | undefined;
  /** Fixing commit, and the release that first had it. */
  readonly fix: string;
  readonly family: ScenarioFamily;
  /** A release that had the bug, or one that has it with `ablations`. */
  readonly buggy: string;
  /** Guards that are taken out of `buggy` to have the bug back, where no modelled release had it. */
  readonly ablations?: readonly string[];
  /** The fewest preemptions with which `oracle` sees it. */
  readonly preemptions: number;
  /** The oldest modelled release on which the whole scenario is clean. */
  readonly fixed: string;
  /** Whether `fixed` has too many schedules to run them all, and is searched state by state. */
  readonly hasManySchedules?: boolean;
  /** The oracle that sees it. */
  readonly oracle: string;
  /** What a reader should know beyond the title. */
  readonly note: string;
}

/** What to take out of `buggy` to have the bug. */
export function ablationsOf({ ablations = [] }: Bug): readonly Ablation[] {
  return ablations.map(parseAblation);
}

/**
 * Searches a release for everything that the scenario can show: all schedules, or all states.
 *
 * @param onExecution called after each execution, where executions are what is counted.
 */
export function searchAll(
  { family, hasManySchedules = false }: Bug,
  kernel: string,
  onExecution?: (executions: number) => boolean,
): Exploration | StateExploration {
  const scenario = family.on(kernel);
  if (hasManySchedules) return searchStates(scenario, { stopAtFirst: false });
  const search = exhaustive({ reduction: "sleep-sets" });
  return explore(scenario, search, { stopAtFirst: false, ...(onExecution && { onExecution }) });
}
