/** Searches end with their time, wherever they are; and a strategy does not notice that it is timed. */

import { beforeEach, describe, expect, test, vi } from "vitest";
import {
  atEnd,
  Cell,
  choose,
  defineScenario,
  dpor,
  exhaustive,
  explore,
  iterativeBound,
  pct,
  portfolio,
  random,
  writeOnce,
  type Strategy,
} from "@mmrace/scheduler";
import { deadlineOf, withDeadline, type Deadline } from "../../src/deadline.ts";
import { atomicUpdate, busyForLong, lostUpdate, mailbox, writers } from "../programs.ts";

const clock = vi.hoisted(() => ({ ms: 0, msPerLook: 0 }));
vi.mock("../../src/clock.ts", () => ({ nowMs: () => (clock.ms += clock.msPerLook) }));
beforeEach(() => {
  clock.ms = 1_000;
  clock.msPerLook = 0;
});

const inMs = (ms: number): Deadline => ({ atMs: clock.ms + ms, timeoutMs: ms });

describe("a timed strategy", () => {
  test.each<[string, () => Strategy]>([
    ["dfs", exhaustive],
    ["sleep sets", () => exhaustive({ reduction: "sleep-sets" })],
    ["dpor", dpor],
    ["bounded", () => iterativeBound({ preemptionsMax: 1 })],
    ["random", () => random({ randomSeed: 3, executionsMax: 50 })],
    ["pct", () => pct({ randomSeed: 3, executionsMax: 50, depth: 3 })],
    ["portfolio", () => portfolio([random({ randomSeed: 3, executionsMax: 5 }), exhaustive()])],
  ])("with time enough does as it would without: %s", (_name, make) => {
    for (const scenario of [lostUpdate, writers(3, 2)]) {
      const options = { stopAtFirst: false };
      const plain = explore(scenario, make(), options);
      expect(explore(scenario, withDeadline(make(), inMs(1)), options)).toEqual(plain);
      expect(explore(scenario, withDeadline(make(), undefined), options)).toEqual(plain);
    }
    const watched = explore(mailbox, make(), { stopAtFirst: false });
    expect(explore(mailbox, withDeadline(make(), inMs(1)), { stopAtFirst: false })).toEqual(watched);
  });

  test("hears and answers all that it would without", () => {
    const calls: string[] = [];
    let executionsLeft = 1;
    const listening: Strategy = {
      name: "listening",
      isComplete: true,
      preemptionsMax: 7,
      beginExploration: (facts) => calls.push(`begin ${JSON.stringify(facts)}`),
      beginExecution: () => executionsLeft-- > 0,
      pickThread: ({ enabled }) => (calls.push("thread"), enabled[0]!.id),
      pickValue: (count) => (calls.push(`value of ${count}`), 1),
      endExecution: (threads, { kind }) => calls.push(`end of ${threads.length}: ${kind}`),
    };
    const choosing = defineScenario<Cell<number>>({
      name: "choosing",
      setup: () => new Cell("cell", 0),
      threads: {
        *a(cell) {
          yield* writeOnce(cell, yield* choose("number", 3));
        },
      },
      properties: [atEnd("the second of three", ({ value }) => value === 1)],
    });
    const strategy = withDeadline(listening, inMs(1));
    expect(explore(choosing, strategy)).toMatchObject({
      executions: 1,
      complete: true,
      preemptionsMax: 7,
      outcome: { kind: "none" },
    });
    expect(strategy.name).toBe("listening");
    expect(calls).toEqual([
      'begin {"watchesEveryState":false}',
      "value of 3",
      "thread",
      "end of 1: finished",
    ]);
  });

  test("is not complete out of time, even if it was complete before", () => {
    const usedUp = exhaustive();
    explore(atomicUpdate, usedUp);
    const { executions, complete } = explore(atomicUpdate, withDeadline(usedUp, inMs(0)));
    expect([usedUp.isComplete, executions, complete]).toEqual([true, 0, false]);
  });

  test("ends before the execution that would be too late, and is not complete", () => {
    clock.msPerLook = 10;
    const strategy = withDeadline(exhaustive(), inMs(55));
    const { executions, complete } = explore(lostUpdate, strategy, { stopAtFirst: false });
    expect([executions, complete, strategy.isOutOfTime]).toEqual([5, false, true]);
  });

  test("is not out of time at the very last moment", () => {
    clock.msPerLook = 10;
    // Six executions and the look that finds no seventh.
    const strategy = withDeadline(exhaustive(), inMs(75));
    const { executions, complete } = explore(lostUpdate, strategy, { stopAtFirst: false });
    expect([executions, complete, strategy.isOutOfTime]).toEqual([6, true, false]);
  });

  test("ends in the middle of an execution that does not end", () => {
    clock.msPerLook = 10;
    const strategy = withDeadline(exhaustive(), inMs(35));
    const { executions, pruned, steps } = explore(busyForLong, strategy);
    // One look before the execution, one at every 1,024th choice; the fourth comes too late.
    expect([executions, pruned, strategy.isOutOfTime]).toEqual([0, 1, true]);
    expect(steps).toBe(3 * 1_024 - 1);
  });
});

describe("the deadline of a test", () => {
  test("leaves a tenth of the time limit for the rest of the test", () => {
    expect(deadlineOf({ timeout: 5_000 })).toEqual({ atMs: 1_000 + 4_500, timeoutMs: 5_000 });
  });

  test("is one for all its matchers, and a new one for each attempt", () => {
    const result = { retryCount: 0, repeatCount: 0 };
    const running = { timeout: 100, result };
    const first = deadlineOf(running);
    clock.ms += 60;
    expect(deadlineOf(running)).toBe(first);
    result.retryCount = 1;
    expect(deadlineOf(running)).toEqual({ atMs: 1_060 + 90, timeoutMs: 100 });
    clock.ms += 60;
    result.repeatCount = 1;
    expect(deadlineOf(running)).toEqual({ atMs: 1_120 + 90, timeoutMs: 100 });
    expect(deadlineOf({ timeout: 100 })).toEqual({ atMs: 1_120 + 90, timeoutMs: 100 });
  });

  test("does not exist outside of a test and without a time limit", () => {
    expect(deadlineOf(undefined)).toBeUndefined();
    for (const timeout of [0, -1, Infinity]) expect(deadlineOf({ timeout })).toBeUndefined();
  });
});
