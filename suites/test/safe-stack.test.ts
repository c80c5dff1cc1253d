/**
 * SafeStack is out of reach of small bounds: the study of SCTBench reports five preemptions, and among all schedules with
 * at most three, 829,896 of them with the levels counted up, none is wrong. A test has the time for two.
 */

import { exhaustive, pos } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { executionsToBug, large } from "../src/index.ts";
import { safeStack } from "../src/safe-stack.ts";
import { tally } from "./costs.ts";

const broken = large["race"]!.find(({ id }) => id === "safe_stack")!;
const locked = safeStack("safe_stack under a lock", { threads: 3, rounds: 2, isLocked: true }, {});

const sampled = (executionsMax: number) => pos({ randomSeed: 2, executionsMax });

describe("the stack", () => {
  test("holds within two preemptions", () => {
    expect(tally(broken, exhaustive({ preemptionsMax: 2 })).preemptions).toEqual({
      all: [6, 402, 21_444],
      wrong: [0, 0, 0],
    });
  });

  test("holds within two delays", () => {
    expect(tally(broken, exhaustive({ delaysMax: 2 })).delays).toEqual({
      all: [1, 44, 1_436],
      wrong: [0, 0, 0],
    });
  });

  test("POS has two owners of one element", () => {
    expect(executionsToBug(broken, sampled(10_000), 10_000)).toBe(9_024);
  });
});

describe("its twin under a lock", () => {
  test("holds within two preemptions", () => {
    expect(tally(locked, exhaustive({ preemptionsMax: 2 })).preemptions).toEqual({
      all: [6, 126, 4_434],
      wrong: [0, 0, 0],
    });
  });

  test("holds where POS goes on for longer", () => {
    expect(executionsToBug(locked, sampled(10_000), 10_000)).toBeUndefined();
  });
});
