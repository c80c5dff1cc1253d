/**
 * Bounded DPOR ends where plain search within the same bound ends, and nowhere else; and the published counts of searches
 * within a bound.
 */

import { boundedDpor, exhaustive, writeOnce } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { randomExchanges } from "../src/exchanges.ts";
import { randomGates } from "../src/gates.ts";
import { correct, large, program, survey, times, wrong, type Memory, type Program } from "../src/index.ts";
import { randomProgram } from "../src/random.ts";

const LEVELS = [0, 1, 2, 3];

interface Total {
  searches: number;
  plain: number;
  begun: number;
  outcomes: number;
  complete: number;
}

/** Compares searches with up to three preemptions, and delays, whose plain search is short. */
function compare<W>(programs: readonly Program<W>[], executionsMax: number): Total {
  const total = { searches: 0, plain: 0, begun: 0, outcomes: 0, complete: 0 };
  for (const each of programs) {
    for (const bound of LEVELS.flatMap((k) => [{ preemptionsMax: k }, { delaysMax: k }])) {
      const plain = survey(each, exhaustive(bound), executionsMax);
      if (plain.executions === executionsMax) continue;
      const reduced = survey(each, boundedDpor(bound));
      const what = `${each.id} with ${JSON.stringify(bound)}`;
      expect(reduced.outcomes, what).toEqual(plain.outcomes);
      // It may know that a bound left nothing out where the plain search does not, never the other way round.
      if (plain.isComplete) expect(reduced.isComplete, what).toBe(true);
      if (reduced.isComplete && !plain.isComplete) {
        const all = survey(each, exhaustive(), executionsMax);
        if (all.executions < executionsMax) {
          expect(reduced.outcomes, what).toEqual(all.outcomes);
          total.complete++;
        }
      }
      total.searches++;
      total.plain += plain.executions;
      total.begun += reduced.executions + reduced.pruned;
      total.outcomes += plain.outcomes.size;
    }
  }
  expect(total.begun).toBeLessThan(total.plain);
  return total;
}

function randomly<W>(make: (randomSeed: number) => Program<W>, count: number): readonly Program<W>[] {
  return Array.from({ length: count }, (_, at) => make(at + 1));
}

describe("the same final states as plain search within the bound", () => {
  test("every program of the suites", () => {
    const all = [correct, wrong, large].flatMap((groups) => Object.values(groups).flat());
    const total = compare(all, 300);
    expect(total.searches).toBeGreaterThan(900);
    expect(total.complete).toBeGreaterThan(10);
  });

  test("mixtures of cells, locks, RCU, spinning, choices and violations", () => {
    expect(compare(randomly(randomProgram, 60), 250).outcomes).toBeGreaterThan(800);
  });

  test("gates, where anything may block and unblock anything", () => {
    expect(compare(randomly(randomGates, 250), 600).outcomes).toBeGreaterThan(3_000);
  });

  test("cells, exchanges and locks", () => {
    expect(compare(randomly(randomExchanges, 60), 600).outcomes).toBeGreaterThan(1_500);
  });
});

const find = (id: string): Program => correct["reads and writes"]!.find((each) => each.id === id)!;

/** Threads that write their own values to one cell, so that no two steps commute. */
function writers(count: number, writes: number): Program<Memory> {
  return program({
    id: `${count} writers of ${writes}`,
    cells: { x: 0 },
    threads: times(
      count,
      () =>
        function* (memory) {
          for (let i = 0; i < writes; i++) yield* writeOnce(memory.at("x"), i);
        },
    ),
    expected: {},
  });
}

/** Executions that were not pruned, by the bound. */
function rowOf<W>(each: Program<W>, delays: readonly number[]): readonly number[] {
  return delays.map((delaysMax) => survey(each, boundedDpor({ delaysMax })).executions);
}

describe("published counts, Concuerror's tests of delay-bounded source and optimal DPOR", () => {
  const UP_TO_7 = [0, 1, 2, 3, 4, 5, 6, 7];

  test("readers(6): with the writer first", () => {
    expect(rowOf(find("readers(6)"), UP_TO_7)).toEqual([1, 2, 8, 23, 43, 58, 64, 64]);
  });

  test("readers(6): with the writer last, the sums of binomials", () => {
    expect(rowOf(find("readers(6), writer last"), UP_TO_7)).toEqual([1, 7, 22, 42, 57, 63, 64, 64]);
  });

  test("six writers: the Mahonian numbers, summed up", () => {
    expect(rowOf(writers(6, 1), UP_TO_7)).toEqual([1, 6, 20, 49, 98, 169, 259, 360]);
  });

  test("readers(3)", () => {
    expect(rowOf(find("readers(3)"), [0, 1, 2, 6])).toEqual([1, 2, 5, 8]);
  });

  /**
   * Published: 1, 19, 187. All twenty writes conflict, so each schedule is a trace of its own and no sound reduction can
   * leave one out: plain search runs as many, and its counts are checked against the definition in delays.test.ts of the
   * scheduler. Why the published search has ten fewer was not looked into: it was not run here.
   */
  test("ten writers of two writes: every schedule there is", () => {
    const all = [0, 1, 2].map((delaysMax) => survey(writers(10, 2), exhaustive({ delaysMax })).executions);
    expect(rowOf(writers(10, 2), [0, 1, 2])).toEqual(all);
    expect(all).toEqual([1, 19, 197]);
  });

  /**
   * Published for preemptions, with source sets, of a program of the same name: 15, 36 and 43 executions within 0, 1 and
   * 2, and 8 within 6. That program was not run here; its steps are probably other ones. Here a reader is one step, so
   * there is nothing to preempt, and each bound has one execution of each trace.
   */
  test("readers(3) within a bound on preemptions: one execution of each trace", () => {
    for (const preemptionsMax of [0, 1, 2, 6])
      expect(survey(find("readers(3)"), boundedDpor({ preemptionsMax })).executions).toBe(8);
  });
});
