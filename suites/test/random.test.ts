/**
 * Random programs: whatever plain search ends in, the reductions end in, and nothing else. Losing one outcome fails, and
 * so does losing one trace where no violation cuts executions off.
 */

import { dpor, exhaustive, optimalDpor, Prng, type Strategy } from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { randomExchanges } from "../src/exchanges.ts";
import { randomGates } from "../src/gates.ts";
import { randomProgram } from "../src/random.ts";
import { survey, type Survey } from "../src/survey.ts";
import type { Program } from "../src/program.ts";

interface Total {
  plain: number;
  dpor: number;
  optimal: number;
  optimalPruned: number;
  fallenBack: number;
  asleep: number;
  outcomes: number;
  deadlocked: number;
  wrong: number;
}

function begun({ executions, pruned }: Survey): number {
  return executions + pruned;
}

/** Compares `count` programs whose plain search is short; answers what there was to compare. */
function compare<W>(make: (randomSeed: number) => Program<W>, count: number): Total {
  const total = {
    plain: 0,
    dpor: 0,
    optimal: 0,
    optimalPruned: 0,
    fallenBack: 0,
    asleep: 0,
    outcomes: 0,
    deadlocked: 0,
    wrong: 0,
  };
  for (let randomSeed = 1, left = count; left > 0; randomSeed++) {
    const program = make(randomSeed);
    const plain = survey(program, exhaustive(), 600);
    if (!plain.isComplete) continue;
    left--;
    const asleep = survey(program, exhaustive({ reduction: "sleep-sets" }));
    const run = (strategy: Strategy): Survey => {
      const reduced = survey(program, strategy);
      expect(reduced.outcomes, `${program.id} by ${strategy.name}`).toEqual(plain.outcomes);
      if (plain.wrong === 0) {
        expect(reduced.executions, `${program.id} by ${strategy.name}`).toBe(asleep.executions);
      }
      return reduced;
    };
    const optimal = run(optimalDpor());
    total.dpor += begun(run(dpor()));
    total.optimal += begun(optimal);
    total.optimalPruned += optimal.pruned;
    const small = optimalDpor({ wakeupTreeNodesMax: new Prng(randomSeed).below(20) });
    run(small);
    if (small.hasFallenBack) total.fallenBack++;
    total.asleep += begun(asleep);
    total.plain += plain.executions;
    total.outcomes += plain.outcomes.size;
    if (plain.deadlocked > 0) total.deadlocked++;
    if (plain.wrong > 0) total.wrong++;
  }
  expect(total.optimal).toBeLessThan(total.dpor);
  expect(total.dpor).toBeLessThan(total.asleep);
  expect(total.asleep).toBeLessThan(total.plain);
  return total;
}

test("mixtures of cells, locks, RCU, spinning, choices and violations", () => {
  const total = compare(randomProgram, 300);
  expect(total.deadlocked).toBeGreaterThan(5);
  expect(total.wrong).toBeGreaterThan(30);
  expect(total.outcomes).toBeGreaterThan(600);
  expect(total.fallenBack).toBeGreaterThan(20);
});

test("gates, where anything may block and unblock anything", () => {
  const total = compare(randomGates, 2_000);
  expect(total.deadlocked).toBeGreaterThan(500);
  expect(total.outcomes).toBeGreaterThan(2_500);
  expect(total.fallenBack).toBeGreaterThan(20);
});

test("cells, exchanges and locks, where optimal means optimal", () => {
  const total = compare(randomExchanges, 500);
  expect(total.optimalPruned).toBe(0);
  expect(total.outcomes).toBeGreaterThan(2_500);
});
