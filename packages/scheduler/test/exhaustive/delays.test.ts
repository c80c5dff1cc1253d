/** Exact numbers of schedules within a delay bound. */

import {
  exhaustive,
  explore,
  iterativeBound,
  roundRobin,
  type Scenario,
  type Strategy,
} from "@mmrace/scheduler";
import { expectExactly, expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { atomicUpdate, badChoice, lostUpdate, readers, writers } from "../programs.ts";

function schedules<W>(scenario: Scenario<W>, delaysMax: number): number {
  return explore(scenario, exhaustive({ delaysMax }), { stopAtFirst: false }).executions;
}

/**
 * Threads of one step: an execution is a permutation. Counting round from the thread that ran last, the first choice of
 * n has 0 .. n-1 threads before it, the next one 0 .. n-2, and so on, each exactly once: schedules with exactly d delays
 * are as many as permutations with d inversions, the Mahonian numbers (OEIS A008302).
 */
function mahonian(n: number): readonly number[] {
  let counts = [1];
  for (let choices = 2; choices <= n; choices++) {
    const next = Array.from({ length: counts.length + choices - 1 }, () => 0);
    for (const [at, count] of counts.entries()) for (let j = 0; j < choices; j++) next[at + j]! += count;
    counts = next;
  }
  return counts;
}

describe("threads of one step", () => {
  test.each([2, 3, 4, 5, 6])("%i of them: cumulative Mahonian numbers", (n) => {
    const counts = mahonian(n);
    if (n === 6) expect(counts.slice(0, 8)).toEqual([1, 5, 14, 29, 49, 71, 90, 101]);
    let sum = 0;
    for (const [delays, count] of counts.entries()) {
      sum += count;
      expect(schedules(writers(n, 1, true), delays)).toBe(sum);
    }
    expect(schedules(readers(n - 1), counts.length)).toBe(sum);
  });
});

/**
 * Two threads of two steps, by hand: aabb is round robin. One delay: abba (on to b after the first a; b goes on and
 * ends) and bbaa. Two: abab (on to b, back to a) and baab. Three: baba.
 */
test.each([
  [0, 1],
  [1, 3],
  [2, 5],
  [3, 6],
  [4, 6],
])("two threads of two writes, at most %i delays: %i schedules", (delaysMax, count) => {
  const exploration = explore(writers(2, 2, true), exhaustive({ delaysMax }));
  expect(exploration.executions).toBe(count);
  expect(exploration.delaysMax).toBe(delaysMax);
  expect(exploration.preemptionsMax).toBeUndefined();
  expect(exploration.complete).toBe(delaysMax >= 3);
});

test("without delays it is round robin with an endless quantum", () => {
  const schedulesOf = (strategy: Strategy): readonly number[][] => {
    const seen: number[][] = [];
    const observer = {
      beginExecution: () => void seen.push([]),
      onStep: ({ id }: { readonly id: number }) => void seen.at(-1)!.push(id),
    };
    explore(writers(3, 2, true), strategy, { observers: [observer] });
    return seen;
  };
  expect(schedulesOf(exhaustive({ delaysMax: 0 }))).toEqual([[0, 0, 1, 1, 2, 2]]);
  expect(schedulesOf(exhaustive({ delaysMax: 0 }))).toEqual(schedulesOf(roundRobin({ quantum: 99 })));
});

test("the lost update needs one delay and is found on that level", () => {
  expect(explore(lostUpdate, exhaustive({ delaysMax: 0 }), { stopAtFirst: false }).violations).toEqual([]);
  const found = explore(lostUpdate, iterativeBound({ delaysMax: 3 }));
  expect(expectViolation(found, "both increments count").preemptions).toBe(1);
  expect(found.executions).toBe(3); // aabb on level 0; on level 1 aabb again, then abba.
});

test("a bounded search that cut nothing is complete", () => {
  expectExactly(explore(atomicUpdate, iterativeBound({ delaysMax: 5 })), 3); // One on level 0, two on level 1.
});

test("data choices cost nothing", () => {
  const exploration = explore(badChoice, exhaustive({ delaysMax: 0 }), { stopAtFirst: false });
  expect(exploration).toMatchObject({ executions: 3, complete: true });
});
