/**
 * How often samplers hit the bugs of SCTBench in their pure shapes. For the random walk the probability is exact, by
 * dynamic programming over states; for POS it is known from 20,000 or more runs of an independent implementation, so to
 * about 2 %. Tolerance: four standard deviations, and for POS 5 % more.
 */

import { pos, random, type Strategy } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { survey, wrong, type Program } from "../src/index.ts";

const RUNS = 3_000;

const programs = new Map(
  Object.values(wrong).flatMap((group) => group.map((program) => [program.id, program] as const)),
);

function expectRate(program: Program, strategy: Strategy, rate: number, slack: number): void {
  const { executions, wrong: broken, deadlocked } = survey(program, strategy);
  expect(executions).toBe(RUNS);
  const tolerance = 4 * Math.sqrt(RUNS * rate * (1 - rate)) + slack * RUNS * rate;
  expect(broken + deadlocked).toBeGreaterThan(RUNS * rate - tolerance);
  expect(broken + deadlocked).toBeLessThan(RUNS * rate + tolerance);
}

describe.each([
  ["reorder_3", 0.0493827, 1 / 10],
  ["reorder_4", 0.0380859, 1 / 12.8],
  ["wronglock_3", 0.371584, 1 / 2.7],
  ["account", 1 / 3, 1 / 3],
  ["lazy01", 1 / 3, 1 / 3],
  ["token_ring", 1 / 6, 1 / 6],
  ["deadlock01", 1 / 2, 1 / 3],
  ["carter01", 1 / 2, 1 / 2],
  ["dining_naive(3)", 1 / 3, 1 / 5],
  ["dining_naive(5)", 0.158333, 1 / 14.5],
] as const)("%s", (id, ofWalk, ofPos) => {
  const program = programs.get(id)!;
  test("random walk", () => {
    expectRate(program, random({ randomSeed: 17, executionsMax: RUNS }), ofWalk, 0);
  });
  test("POS", () => {
    expectRate(program, pos({ randomSeed: 17, executionsMax: RUNS }), ofPos, 0.05);
  });
});

test("stack(3), random walk", () => {
  expectRate(programs.get("stack(3)")!, random({ randomSeed: 17, executionsMax: RUNS }), 0.25, 0);
});
