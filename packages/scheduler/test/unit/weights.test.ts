/** Step counts: what was seen, what is left, and draws in proportion. */

import { Prng } from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { drawWeighted, StepCounts } from "../../src/strategies/weights.ts";

test("a thread that did nothing counts as nothing, also below one that did something", () => {
  const counts = new StepCounts();
  counts.step(2);
  counts.step(2);
  counts.beginExecution();
  expect([0, 1, 2, 3].map((id) => counts.most(id))).toEqual([0, 0, 2, 0]);
  counts.step(2);
  expect([0, 1, 2].map((id) => counts.left(id))).toEqual([0, 0, 1]);
});

test("counts only grow", () => {
  const counts = new StepCounts();
  counts.step(0);
  counts.step(0);
  counts.beginExecution();
  counts.step(0);
  counts.beginExecution();
  expect(counts.most(0)).toBe(2);
});

test("draws follow the weights, and are uniform where all are 0", () => {
  const prng = new Prng(1);
  const tally = (weights: readonly number[]): number[] => {
    const counts = weights.map(() => 0);
    for (let i = 0; i < 6000; i++) counts[drawWeighted(prng, weights)]!++;
    return counts;
  };
  const [none, one, two] = tally([0, 1, 2]);
  expect(none).toBe(0);
  expect(Math.abs(one! - 2000)).toBeLessThan(4 * Math.sqrt(6000 * (1 / 3) * (2 / 3)));
  expect(one! + two!).toBe(6000);
  for (const count of tally([0, 0])) expect(Math.abs(count - 3000)).toBeLessThan(4 * Math.sqrt(1500));
});
