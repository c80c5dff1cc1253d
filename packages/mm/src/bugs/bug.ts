/** What an entry of the catalogue is, and how it is searched for. */

import { exhaustive, parseAblation, type Ablation, type Strategy } from "@mmrace/scheduler";
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
  /** Where the scenario is too large to be searched whole: the preemptions up to which `fixed` is searched. */
  readonly cleanUpTo?: number;
  /** The oracle that sees it. */
  readonly oracle: string;
  /** What a reader should know beyond the title. */
  readonly note: string;
}

/** What to take out of `buggy` to have the bug. */
export function ablationsOf({ ablations = [] }: Bug): readonly Ablation[] {
  return ablations.map(parseAblation);
}

/** How a release is searched for everything that the scenario can show: all schedules, or those that can be afforded. */
export function cleanSearchOf({ cleanUpTo }: Bug): Strategy {
  return cleanUpTo === undefined
    ? exhaustive({ reduction: "sleep-sets" })
    : exhaustive({ preemptionsMax: cleanUpTo });
}
