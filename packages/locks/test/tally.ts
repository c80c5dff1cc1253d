/** What complete searches see: how many executions end in which way, and in which states. */

import {
  dpor,
  optimalDpor,
  exhaustive,
  type Ending,
  type RunSettings,
  type Scenario,
  type Strategy,
} from "@mmrace/scheduler";
import { expect } from "vitest";
import { everyEnding } from "./searches.ts";

/** How many executions there are, and how many of them end in a deadlock. */
export interface Counts {
  readonly executions: number;
  readonly deadlocks: number;
}

/** Counts, and all final states in words. */
export interface Tally extends Counts {
  readonly outcomes: ReadonlySet<string>;
}

/** Runs all executions of a strategy. The world's `toString` says what of a final state counts. */
export function tally<W>(
  scenario: Scenario<W>,
  settings: RunSettings = {},
  strategy: Strategy = exhaustive(),
): Tally {
  const outcomes = new Set<string>();
  const counts = { executions: 0, deadlocks: 0 };
  everyEnding(scenario, strategy, settings, (ending, world) => {
    counts.executions++;
    if (ending.kind === "deadlock") counts.deadlocks++;
    outcomes.add(outcomeOf(ending, String(world)));
  });
  return { ...counts, outcomes };
}

/** A violation cuts the other threads off somewhere, so only its words count. */
function outcomeOf(ending: Ending, state: string): string {
  if (ending.kind === "finished") return state;
  if (ending.kind === "stepLimit" || ending.kind === "pruned") return ending.kind;
  return ending.kind === "violation" ? ending.message : `${ending.kind}: ${state}`;
}

/** The counts of the plain search, and that reduced searches come to the same final states. */
export function expectCounts<W>(scenario: Scenario<W>, expected: Counts, settings: RunSettings = {}): Tally {
  const plain = tally(scenario, settings);
  expect({ executions: plain.executions, deadlocks: plain.deadlocks }).toEqual(expected);
  for (const strategy of [exhaustive({ reduction: "sleep-sets" }), dpor(), optimalDpor()]) {
    const reduced = tally(scenario, settings, strategy);
    expect([strategy.name, reduced.outcomes]).toEqual([strategy.name, plain.outcomes]);
    expect(reduced.executions).toBeLessThanOrEqual(plain.executions);
  }
  return plain;
}

/** The same under both memory models, for scenarios in which no buffered store meets another thread. */
export function expectCountsAnyway<W>(scenario: Scenario<W>, expected: Counts): Tally {
  const sc = expectCounts(scenario, expected, { memory: "sc" });
  const tso = expectCounts(scenario, expected, { memory: "tso" });
  expect(tso.outcomes).toEqual(sc.outcomes);
  return sc;
}
