/** Complete searches of a scenario, and what they must agree on. */

import {
  dpor,
  Engine,
  exhaustive,
  optimalDpor,
  type Ablation,
  type Ending,
  type MemoryModel,
  type RunSettings,
  type Scenario,
  type Strategy,
} from "@mmrace/scheduler";
import { expect } from "vitest";

/** What a complete search found. */
export interface Verdict {
  /** Executions that were not cut off, and how many of them ended badly. */
  readonly executions: number;
  readonly wrong: number;
  /** Kinds of endings with what the world tells about itself; of violations, what they report. */
  readonly endings: ReadonlySet<string>;
}

/** A world that can tell its final state. */
export interface Told {
  /** What threads have seen, in any order: ghost state. */
  readonly log: readonly string[];
}

/** Runs a complete search and shows each execution that was not cut off. */
export function everyEnding<W>(
  scenario: Scenario<W>,
  strategy: Strategy,
  settings: RunSettings,
  visit: (ending: Ending, world: W) => void,
): void {
  let world: W | undefined;
  const engine = new Engine({ ...scenario, setup: () => (world = scenario.setup()) }, settings);
  strategy.beginExploration?.({ watchesEveryState: false });
  while (strategy.beginExecution()) {
    const ending = engine.run(strategy);
    if (ending.kind !== "pruned") visit(ending, world!);
  }
  expect(strategy.isComplete).toBe(true);
  const { ablations = [] } = settings;
  expect(ablations.filter((ablation) => !engine.ablations.matched.has(ablation))).toEqual([]);
}

/** Runs a complete search. */
export function verdictOf<W extends Told>(
  scenario: Scenario<W>,
  strategy: Strategy,
  memory: MemoryModel = "sc",
  ablations: readonly Ablation[] = [],
): Verdict {
  const counts = { executions: 0, wrong: 0 };
  const endings = new Set<string>();
  everyEnding(scenario, strategy, { memory, ablations }, (ending, { log }) => {
    counts.executions++;
    if (ending.kind !== "finished") counts.wrong++;
    if ("oracle" in ending) endings.add(`${ending.oracle}: ${ending.message}`);
    else endings.add(ending.kind === "finished" ? log.toSorted().join(" ") : ending.kind);
  });
  return { ...counts, endings };
}

/**
 * Searches with source-DPOR, optimal DPOR, sleep sets and, under sc, plainly; fails unless all see the same endings.
 * Under tso a plain search has too many interleavings; `isSmall` says that it has not.
 *
 * @returns what the plain search found where there was one, else what source-DPOR did.
 */
export function agreed<W extends Told>(
  scenario: Scenario<W>,
  memory: MemoryModel = "sc",
  options: { readonly ablations?: readonly Ablation[]; readonly isSmall?: boolean } = {},
): Verdict {
  const { ablations = [], isSmall = memory === "sc" } = options;
  const reduced = verdictOf(scenario, dpor(), memory, ablations);
  const asleep = verdictOf(scenario, exhaustive({ reduction: "sleep-sets" }), memory, ablations);
  expect(asleep.endings).toEqual(reduced.endings);
  expect(verdictOf(scenario, optimalDpor(), memory, ablations).endings).toEqual(reduced.endings);
  if (!isSmall) return reduced;
  const plain = verdictOf(scenario, exhaustive(), memory, ablations);
  expect(plain.endings).toEqual(reduced.endings);
  return plain;
}
