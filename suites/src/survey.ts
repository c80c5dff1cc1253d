/** Runs a strategy over a program to its end and says what there is: counts, final states, kinds of endings. */

import { Engine, type Strategy } from "@mmrace/scheduler";
import type { Program } from "./program.ts";

/** What a strategy found. */
export interface Survey {
  /** Executions that were not pruned. */
  readonly executions: number;
  readonly pruned: number;
  readonly deadlocked: number;
  /** Executions that broke a property or reported a violation. */
  readonly wrong: number;
  /** Whether the strategy says that it covered everything. */
  readonly isComplete: boolean;
  /** Each final state, with its kind of ending; of an execution that a violation cut off, what it reported. */
  readonly outcomes: ReadonlySet<string>;
}

/** Explores the final states of a program. Stops after `executionsMax` executions, pruned ones included. */
export function survey<W>(
  { scenario, finalState }: Program<W>,
  strategy: Strategy,
  executionsMax: number = Infinity,
): Survey {
  let world: W | undefined;
  const engine = new Engine({ ...scenario, setup: () => (world = scenario.setup()) });
  const outcomes = new Set<string>();
  const counts = { executions: 0, pruned: 0, deadlocked: 0, wrong: 0 };
  strategy.beginExploration?.({ watchesEveryState: false });
  while (counts.executions + counts.pruned < executionsMax && strategy.beginExecution()) {
    const ending = engine.run(strategy);
    if (ending.kind === "pruned") {
      counts.pruned++;
      continue;
    }
    counts.executions++;
    if (ending.kind === "deadlock") counts.deadlocked++;
    if (ending.kind === "violation") counts.wrong++;
    const isCutOff = ending.kind === "violation" && engine.threads.some(({ isEnabled }) => isEnabled);
    outcomes.add(isCutOff ? `${ending.oracle}: ${ending.message}` : `${ending.kind} ${finalState(world!)}`);
  }
  return { ...counts, isComplete: strategy.isComplete, outcomes };
}
