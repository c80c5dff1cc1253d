/** Exact numbers: of interleavings, of equivalence classes, of schedules within a bound. */

import {
  Cell,
  cmpxchg,
  cpuRelax,
  defineScenario,
  exhaustive,
  explore,
  iterativeBound,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { expectExactly, expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { atomicUpdate, badChoice, lostUpdate, readers, writers } from "../programs.ts";

function interleavings<W>(scenario: Scenario<W>): number {
  return explore(scenario, exhaustive(), { stopAtFirst: false }).executions;
}

function traces<W>(scenario: Scenario<W>): number {
  const exploration = explore(scenario, exhaustive({ reduction: "sleep-sets" }), { stopAtFirst: false });
  expect(exploration.complete).toBe(true);
  return exploration.executions;
}

/** Interleavings of independent sequences: the multinomial coefficient. */
function multinomial(lengths: readonly number[]): number {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  return lengths.reduce(
    (product, length) => product / factorial(length),
    factorial(lengths.reduce((a, b) => a + b, 0)),
  );
}

describe("plain depth-first search counts interleavings", () => {
  test.each([
    [2, 1],
    [2, 4],
    [2, 8],
    [3, 2],
    [3, 3],
    [4, 2],
  ])("%i threads of %i writes", (threads, writes) => {
    const expected = multinomial(Array.from({ length: threads }, () => writes));
    expect(interleavings(writers(threads, writes, true))).toBe(expected);
    expect(interleavings(writers(threads, writes, false))).toBe(expected);
  });

  test("two increments: 6, of which 4 lose one", () => {
    const exploration = explore(lostUpdate, exhaustive(), { stopAtFirst: false });
    expect(exploration.executions).toBe(6);
    expect(exploration.complete).toBe(true);
    let lost = 0;
    explore(lostUpdate, exhaustive(), { stopWhen: () => (lost++, false) });
    expect(lost).toBe(4);
  });

  test("atomic increments: 2", () => {
    expectExactly(explore(atomicUpdate, exhaustive()), 2);
  });
});

describe("sleep sets count Mazurkiewicz traces", () => {
  test.each([1, 2, 3, 4, 5, 6])("readers(%i): 2^n, the published count", (n) => {
    expect(traces(readers(n))).toBe(2 ** n);
  });

  test("writes to cells apart are one trace; writes to one cell are as many as interleavings", () => {
    expect(traces(writers(2, 8, false))).toBe(1);
    expect(traces(writers(3, 3, false))).toBe(1);
    expect(traces(writers(2, 8, true))).toBe(12_870);
    expect(traces(writers(3, 2, true))).toBe(90);
  });

  test("the same violations are found", () => {
    const plain = explore(lostUpdate, exhaustive(), { stopAtFirst: false });
    const reduced = explore(lostUpdate, exhaustive({ reduction: "sleep-sets" }), { stopAtFirst: false });
    expect(reduced.violations.map(({ signature }) => signature)).toEqual(
      plain.violations.map(({ signature }) => signature),
    );
  });
});

describe("preemption bounds", () => {
  /**
   * Two threads of n steps: with k preemptions at most, and one free switch when a thread ends. By hand for n = 2:
   * aabb and bbaa need none; abba, baab need one (the switch back is free, since the other has ended); abab and baba two.
   */
  test.each([
    [0, 2],
    [1, 4],
    [2, 6],
    [3, 6],
  ])("two threads of two writes, at most %i: %i schedules", (preemptionsMax, schedules) => {
    const exploration = explore(writers(2, 2, true), exhaustive({ preemptionsMax }));
    expect(exploration.executions).toBe(schedules);
    expect(exploration.complete).toBe(preemptionsMax >= 2);
  });

  test("the lost update needs one preemption and is found on that level", () => {
    const clean = explore(lostUpdate, exhaustive({ preemptionsMax: 0 }), { stopAtFirst: false });
    expect(clean.violations).toEqual([]);
    const found = explore(lostUpdate, iterativeBound({ preemptionsMax: 3 }));
    expect(expectViolation(found, "both increments count").preemptions).toBe(1);
    expect(found.executions).toBe(4); // aabb and bbaa on level 0; on level 1 aabb again, then abba.
  });

  test("a bounded search that cut nothing is complete", () => {
    expectExactly(explore(atomicUpdate, iterativeBound({ preemptionsMax: 5 })), 2);
  });
});

test("data choices are enumerated like thread choices", () => {
  const exploration = explore(badChoice, exhaustive(), { stopAtFirst: false });
  expect(exploration.executions).toBe(3);
  expect(exploration.complete).toBe(true);
  expect(expectViolation(exploration, "no storm").schedule).toHaveLength(1);
  expect(exploration.unreached).toEqual([]);
});

test("a failed compare and exchange only reads: it commutes with its like and wakes no spinning thread", () => {
  const claim = function* (cell: Cell<number>): Steps<void> {
    while ((yield* cmpxchg(cell, 0, 1)) !== 0) yield* cpuRelax();
  };
  const claims = (value: number): Scenario<Cell<number>> =>
    defineScenario<Cell<number>>({
      name: `claims-${value}`,
      setup: () => new Cell("claimed", value),
      threads: { a: claim, b: claim },
      properties: [],
    });
  // Taken from the start: both fail once, in either order, and then wait for a write that nobody makes.
  const taken = explore(claims(1), exhaustive(), { stopAtFirst: false });
  expect(taken).toMatchObject({ outcome: { kind: "livelock" }, executions: 2, steps: 4 });
  expect(traces(claims(1))).toBe(1);
  // Free: who is first is all that matters; the other fails, pauses at most once, and waits.
  expect(traces(claims(0))).toBe(2);
});
