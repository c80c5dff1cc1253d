/** Sampling strategies hit with the probability that can be worked out, from above and from below. */

import { explore, pct, Prng, random, type Strategy } from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { lostUpdate } from "../programs.ts";

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

test("PCT at depth 1 never preempts, and at depth 2 finds the update with at least 1/(n k)", () => {
  expect(hits((randomSeed) => pct({ randomSeed, executionsMax: 10, depth: 1 }), 100)).toBe(0);
  // n = 2 threads; k = 2 steps at which both are enabled; 20 executions: missed with at most (3/4)^20 = 0.3 %.
  expect(hits((randomSeed) => pct({ randomSeed, executionsMax: 20, depth: 2 }), 200)).toBeGreaterThan(195);
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
