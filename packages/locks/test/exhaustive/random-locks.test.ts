/**
 * The three complete searches end alike on random programs over every lock: what they rely on (footprints, roles, what
 * waiting is enabled by) says all. Losing one ending fails.
 */

import { dpor, Engine, exhaustive, type MemoryModel, type Scenario, type Strategy } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { leftBehind, randomLocking, subjects, type OneLock } from "../random-locks.ts";

const EXECUTIONS_MAX = 600;
const PROGRAMS = 60;

interface Total {
  /** Programs whose plain search is short. */
  readonly programs: number;
  readonly endings: number;
  /** Programs that deadlock. */
  readonly deadlocked: number;
}

/** What there is to compare. A change here needs a reason: another lock, or other programs. */
const TOTALS: Readonly<Record<string, Readonly<Record<MemoryModel, Total>>>> = {
  "spinlock, none": both([54, 402, 0], [30, 135, 0]),
  "rwlock, none": both([42, 236, 0], [26, 110, 0]),
  "spinlock, queued": both([44, 234, 0], [16, 67, 0]),
  "rwlock, queued": both([33, 159, 0], [16, 54, 0]),
  "rwsem, none": both([29, 143, 0], [24, 105, 0]),
  "rwsem, stealing": both([25, 118, 0], [19, 81, 0]),
  "rwsem, fifo": both([25, 118, 0], [19, 81, 0]),
  "mutex, none": both([56, 337, 0], [45, 220, 0]),
  "mutex, fifo": both([39, 191, 0], [33, 153, 0]),
  "folio lock": both([52, 331, 12], [36, 179, 9]),
};

type Numbers = readonly [programs: number, endings: number, deadlocked: number];

function both(sc: Numbers, tso: Numbers): Readonly<Record<MemoryModel, Total>> {
  const total = ([programs, endings, deadlocked]: Numbers): Total => ({ programs, endings, deadlocked });
  return { sc: total(sc), tso: total(tso) };
}

interface Endings {
  readonly texts: ReadonlySet<string>;
  readonly executions: number;
  readonly deadlocked: number;
}

/** Every ending with what it leaves behind; `undefined` where the search takes too long. */
function endingsOf(
  scenario: Scenario<OneLock<never>>,
  strategy: Strategy,
  memory: MemoryModel,
): Endings | undefined {
  let world: OneLock<never> | undefined;
  const engine = new Engine({ ...scenario, setup: () => (world = scenario.setup()) }, { memory });
  const texts = new Set<string>();
  let executions = 0;
  let begun = 0;
  let deadlocked = 0;
  strategy.beginExploration?.({ watchesEveryState: false });
  while (strategy.beginExecution()) {
    if (++begun > EXECUTIONS_MAX) return undefined;
    const ending = engine.run(strategy);
    if (ending.kind === "pruned") continue;
    executions++;
    if (ending.kind === "deadlock") deadlocked++;
    // A violation cuts the others off anywhere.
    texts.add(ending.kind === "violation" ? ending.message : `${ending.kind} ${leftBehind(world!)}`);
  }
  return { texts, executions, deadlocked };
}

describe.each(subjects.map((of) => [of.name, of] as const))("%s", (name, of) => {
  test.each(["sc", "tso"] as const)("%s", (memory) => {
    const total = { programs: 0, endings: 0, deadlocked: 0 };
    for (let randomSeed = 1; randomSeed <= PROGRAMS; randomSeed++) {
      const scenario = randomLocking(of, randomSeed);
      const plain = endingsOf(scenario, exhaustive(), memory);
      if (plain === undefined) continue;
      for (const strategy of [dpor(), exhaustive({ reduction: "sleep-sets" })]) {
        const reduced = endingsOf(scenario, strategy, memory);
        expect(reduced?.texts, `${scenario.name} by ${strategy.name}`).toEqual(plain.texts);
      }
      total.programs++;
      total.endings += plain.texts.size;
      if (plain.deadlocked > 0) total.deadlocked++;
    }
    expect(total).toEqual(TOTALS[name]![memory]);
  });
});
