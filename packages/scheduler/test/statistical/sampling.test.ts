/** Sampling strategies hit with the probability that can be worked out, from above and from below. */

import {
  Cell,
  defineScenario,
  Engine,
  explore,
  pct,
  Prng,
  random,
  writeOnce,
  type Steps,
  type Strategy,
} from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { lostUpdate } from "../programs.ts";

function writes(count: number) {
  return function* (cell: Cell<number>): Steps<void> {
    for (let i = 0; i < count; i++) yield* writeOnce(cell, i);
  };
}

function hits(make: (randomSeed: number) => Strategy, seeds: number): number {
  let count = 0;
  for (let seed = 1; seed <= seeds; seed++)
    if (explore(lostUpdate, make(seed)).violations.length > 0) count++;
  return count;
}

test("a random walk loses the update in half of its executions", () => {
  // The first two steps are of different threads with probability 1/2, and exactly then one increment is lost:
  // 500 of 1,000, standard deviation 16.
  const count = hits((randomSeed) => random({ randomSeed, executionsMax: 1 }), 1000);
  expect(count).toBeGreaterThan(500 - 4 * 16);
  expect(count).toBeLessThan(500 + 4 * 16);
});

test("PCT at depth 1 never preempts", () => {
  expect(hits((randomSeed) => pct({ randomSeed, executionsMax: 10, depth: 1 }), 100)).toBe(0);
});

test("PCT at depth 2 loses the update with 1/k, and so at least with 1/(n k)", () => {
  // k = 4 steps; the thread that starts must drop after its first: 1,000 of 4,000, standard deviation 27.
  let lost = 0;
  const strategy = pct({ randomSeed: 5, executionsMax: 4_000, depth: 2 });
  explore(lostUpdate, strategy, { stopWhen: () => (lost++, false) });
  expect(lost).toBeGreaterThan(1_000 - 4 * 27);
  expect(lost).toBeLessThan(1_000 + 4 * 27);
});

test("who dropped first may come back first, or last", () => {
  // a and b drop after their first steps. Each way back needs one order of the three threads, 1/6, and both change points
  // where they must be, 1/25: 200 of 30,000, standard deviation 14. Sorted change points would never show one of them.
  const scenario = defineScenario({
    name: "dropped-twice",
    setup: () => new Cell("cell", 0),
    threads: { a: writes(2), b: writes(2), c: writes(1) },
    properties: [],
  });
  const engine = new Engine(scenario);
  const strategy = pct({ randomSeed: 3, executionsMax: 30_000, depth: 3 });
  const counts = { "01210": 0, "01201": 0 };
  while (strategy.beginExecution()) {
    engine.run(strategy);
    const schedule = engine.choices.join("");
    if (schedule in counts) counts[schedule as keyof typeof counts]++;
  }
  for (const count of Object.values(counts)) {
    expect(count).toBeGreaterThan(200 - 4 * 14);
    expect(count).toBeLessThan(200 + 4 * 14);
  }
});

test("draws are uniform", () => {
  const prng = new Prng(1);
  const counts = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 100_000; i++) counts[prng.below(10)]!++;
  // Chi-square with 9 degrees of freedom: above 27.9 with probability 0.001.
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  expect(chiSquare).toBeLessThan(27.9);
  expect(chiSquare).toBeGreaterThan(0);
});

test("a generator can be saved and continued; seeds differ", () => {
  const prng = new Prng(42);
  prng.next();
  const saved = prng.save();
  const drawn = [prng.next(), prng.next()];
  const other = new Prng(0);
  other.restore(saved);
  expect([other.next(), other.next()]).toEqual(drawn);
  expect(new Prng(1).next()).not.toBe(new Prng(2).next());
});
