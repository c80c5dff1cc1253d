/** Random programs: whatever plain search ends in, dpor ends in, and nothing else. Losing one outcome fails. */

import { dpor, exhaustive, type Strategy } from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { randomGates } from "../src/gates.ts";
import { randomProgram } from "../src/random.ts";
import { survey } from "../src/survey.ts";
import type { Program } from "../src/program.ts";

/** Compares `count` programs whose plain search is short; answers what there was to compare. */
function compare<W>(
  make: (randomSeed: number) => Program<W>,
  count: number,
): { plain: number; dpor: number; asleep: number; outcomes: number; deadlocked: number; wrong: number } {
  const total = { plain: 0, dpor: 0, asleep: 0, outcomes: 0, deadlocked: 0, wrong: 0 };
  for (let randomSeed = 1, left = count; left > 0; randomSeed++) {
    const program = make(randomSeed);
    const plain = survey(program, exhaustive(), 600);
    if (!plain.isComplete) continue;
    left--;
    const begun = (strategy: Strategy): number => {
      const reduced = survey(program, strategy);
      expect(reduced.outcomes, `${program.id} by ${strategy.name}`).toEqual(plain.outcomes);
      return reduced.executions + reduced.pruned;
    };
    total.dpor += begun(dpor());
    total.asleep += begun(exhaustive({ reduction: "sleep-sets" }));
    total.plain += plain.executions;
    total.outcomes += plain.outcomes.size;
    if (plain.deadlocked > 0) total.deadlocked++;
    if (plain.wrong > 0) total.wrong++;
  }
  return total;
}

test("mixtures of cells, locks, RCU, spinning, choices and violations", () => {
  const total = compare(randomProgram, 300);
  expect(total.deadlocked).toBeGreaterThan(5);
  expect(total.wrong).toBeGreaterThan(30);
  expect(total.outcomes).toBeGreaterThan(600);
  expect(total.dpor).toBeLessThan(total.asleep);
  expect(total.asleep).toBeLessThan(total.plain);
});

test("gates, where anything may block and unblock anything", () => {
  const total = compare(randomGates, 2_000);
  expect(total.deadlocked).toBeGreaterThan(500);
  expect(total.outcomes).toBeGreaterThan(2_500);
  expect(total.dpor).toBeLessThan(total.asleep);
  expect(total.asleep).toBeLessThan(total.plain);
});
