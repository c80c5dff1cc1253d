/** Lock orders that different workers have seen meet in the campaign that collects from them. */

import { LOCK_PROTOCOL, Lockdep, SpinLock, spinLock, spinUnlock } from "@mmrace/locks";
import { choose, decodeToken, defineScenario, replayToken, type Scenario } from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { Fuzzer, type RoundResult } from "../../src/engine/fuzzer.ts";

interface World {
  readonly a: SpinLock;
  readonly b: SpinLock;
}

/** One thread; a data choice says in which order it takes its locks. */
function scenarioOf(isOrdered: boolean): Scenario<World> {
  return defineScenario<World>({
    name: "orders by choice",
    setup: () => {
      const lockdep = new Lockdep();
      return { a: new SpinLock(lockdep, "a"), b: new SpinLock(lockdep, "b") };
    },
    threads: {
      *only({ a, b }) {
        const isTurned = (yield* choose("order", 2)) === 1 && !isOrdered;
        const [first, second] = isTurned ? [b, a] : [a, b];
        yield* spinLock(first);
        yield* spinLock(second);
        yield* spinUnlock(second);
        yield* spinUnlock(first);
      },
    },
    properties: [],
  });
}

function fuzzerOf(scenario: Scenario<World>): Fuzzer<World> {
  return new Fuzzer(scenario, {
    randomSeed: 1,
    strategy: "coverage",
    ablations: [],
    memory: "sc",
    stopOnFirst: false,
  });
}

/** What a worker that has run a single execution reports. */
function roundOf(scenario: Scenario<World>, choice: number): RoundResult {
  const worker = fuzzerOf(scenario);
  const seeds: Uint8Array[] = [];
  worker.onSeed = (schedule) => void seeds.push(schedule);
  worker.replay(Uint8Array.of(choice));
  expect(worker.findings.size).toBe(0);
  return { executions: 1, steps: worker.steps, seeds, findings: [], unreached: [], unmatched: [] };
}

test("each worker is clean, and together they are not", () => {
  const scenario = scenarioOf(false);
  const campaign = fuzzerOf(scenario);
  for (const choice of [0, 1]) campaign.absorb(roundOf(scenario, choice));
  const [finding] = [...campaign.findings.values()];
  expect([campaign.findings.size, finding?.oracle]).toEqual([1, LOCK_PROTOCOL]);
  expect(campaign.executions).toBe(2);
  expect(replayToken(scenario, decodeToken(finding!.token)).kind).toBe("reproduced");
});

test("one order is fine: the control", () => {
  const scenario = scenarioOf(true);
  const campaign = fuzzerOf(scenario);
  for (const choice of [0, 1]) campaign.absorb(roundOf(scenario, choice));
  expect(campaign.findings.size).toBe(0);
});
