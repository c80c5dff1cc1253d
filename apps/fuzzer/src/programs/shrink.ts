/** Makes the program of a finding small, then its schedule. */

import type { World } from "@mmrace/mm";
import { minimizeProgram, programScenario, type Program } from "@mmrace/mm/programs";
import {
  explore,
  iterativeBound,
  minimize,
  pct,
  random,
  type RunSettings,
  type Scenario,
  type Strategy,
  type Violation,
} from "@mmrace/scheduler";

/** Executions of one strategy that look for the finding in a candidate. */
const ATTEMPTS = 300;

/** A finding in the smallest program that was found to show it. */
export interface Shrunk {
  readonly program: Program;
  readonly scenario: Scenario<World>;
  readonly violation: Violation;
}

/** The same finding, by its signature, in a program with fewer threads, calls and mappings. */
export function shrinkFinding(
  program: Program,
  kernel: string,
  found: Violation,
  settings: RunSettings,
): Shrunk {
  const shows = (candidate: Program): Violation | undefined =>
    showing(programScenario(candidate, kernel), found, settings);
  const smallest = minimizeProgram(program, (candidate) => shows(candidate) !== undefined);
  const scenario = programScenario(smallest, kernel);
  const again = smallest === program ? found : (shows(smallest) ?? found);
  return { program: smallest, scenario, violation: minimize(scenario, again, settings).violation };
}

/** The finding in another program, if a few searches come upon it. */
function showing(
  scenario: Scenario<World>,
  { signature, preemptions }: Violation,
  settings: RunSettings,
): Violation | undefined {
  const limits = { randomSeed: 1, executionsMax: ATTEMPTS };
  const strategies: readonly Strategy[] = [
    iterativeBound({ preemptionsMax: preemptions }),
    pct({ ...limits, depth: preemptions + 1 }),
    random(limits),
  ];
  for (const strategy of strategies) {
    const { violations } = explore(scenario, strategy, {
      ...settings,
      stopAtFirst: false,
      executionsMax: ATTEMPTS,
    });
    const same = violations.find((violation) => violation.signature === signature);
    if (same !== undefined) return same;
  }
  return undefined;
}
