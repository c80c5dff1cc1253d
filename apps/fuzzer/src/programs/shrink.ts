/** Makes the program of a finding small, then its schedule. */

import type { Kernel, World } from "@mmrace/mm";
import { minimizeProgram, programScenario, type Program } from "@mmrace/mm/programs";
import {
  encodeSchedule,
  Engine,
  explore,
  minimize,
  pct,
  random,
  replaySchedule,
  type RunSettings,
  type Scenario,
  type Strategy,
  type Violation,
} from "@mmrace/scheduler";

/** Executions of one strategy that look for the finding in a candidate. */
const ATTEMPTS = 80;
/** Executions that the proof for the smallest program may take. */
const PROOF = 2000;

/** A finding in the smallest program that was found to show it. */
export interface Shrunk {
  readonly program: Program;
  readonly scenario: Scenario<World>;
  readonly violation: Violation;
}

/** The same finding, by its signature, in a program with fewer threads, calls and mappings. */
export function shrinkFinding(
  program: Program,
  kernel: Kernel,
  violation: Violation,
  settings: RunSettings,
): Shrunk {
  let best: Shrunk = { program, scenario: programScenario(program, kernel), violation };
  minimizeProgram(program, (candidate) => {
    const scenario = programScenario(candidate, kernel);
    const same = showing(scenario, best, settings);
    if (same !== undefined) best = { program: candidate, scenario, violation: same };
    return same !== undefined;
  });
  const options = { ...settings, executionsMax: PROOF };
  return { ...best, violation: minimize(best.scenario, best.violation, options).violation };
}

/** The finding in a smaller program: under the same schedule, or if a few searches come upon it. */
function showing(scenario: Scenario<World>, known: Shrunk, settings: RunSettings): Violation | undefined {
  const { signature, preemptions } = known.violation;
  const limits = { randomSeed: 1, executionsMax: ATTEMPTS };
  const strategies: readonly Strategy[] = [
    replaySchedule(translated(scenario, known, settings)),
    pct({ ...limits, depth: preemptions + 1 }),
    random(limits),
  ];
  for (const [at, strategy] of strategies.entries()) {
    const { violations } = explore(scenario, strategy, {
      ...settings,
      stopAtFirst: false,
      executionsMax: at === 0 ? 1 : ATTEMPTS,
    });
    const same = violations.find((violation) => violation.signature === signature);
    if (same !== undefined) return same;
  }
  return undefined;
}

/** The schedule without the threads that have gone, the others under their new numbers. */
function translated(to: Scenario<World>, { scenario, violation }: Shrunk, settings: RunSettings): Uint8Array {
  const engine = new Engine(scenario, settings);
  const strategy = replaySchedule(violation.schedule);
  strategy.beginExecution();
  engine.run(strategy);
  const before = namesOf(scenario);
  const after = namesOf(to);
  const choices = engine.choices.map((id) => after.indexOf(before[id]!)).filter((id) => id >= 0);
  return encodeSchedule(choices, engine.values);
}

/** Threads and daemons, in the order of their numbers. */
function namesOf({ threads, daemons = {} }: Scenario<World>): readonly string[] {
  return [...Object.keys(threads), ...Object.keys(daemons)];
}
