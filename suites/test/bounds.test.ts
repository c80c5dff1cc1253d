/**
 * Schedules by preemptions and by delays, exactly, on the shapes of SCTBench. The numbers come from an independent
 * enumerator; those of twostage, of bluetooth, of circular_buffer and of wsq are ours. Here each is counted twice more: by the
 * searches within a bound, and among all interleavings by the definition of the costs.
 */

import { exhaustive, iterativeBound, type Strategy } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { large, survey, wrong, type CostCounts, type Program } from "../src/index.ts";
import { tally, type Histogram } from "./costs.ts";

/** More schedules than these take too long for a test. */
const SCHEDULES_MAX = 150_000;

const programs = [...Object.values(wrong), ...Object.values(large)]
  .flat()
  .filter(({ expected }) => expected.preemptions !== undefined)
  .map((program) => [program.id, program] as const);

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

/** The first entries, with zeros where the histogram ends before. */
function head({ all, wrong: broken }: Histogram, length: number): CostCounts {
  const fill = (counts: readonly number[]): number[] => Array.from({ length }, (_, at) => counts[at] ?? 0);
  return [fill(all), fill(broken)];
}

/** The highest level, up to that of the last known count, which a test has the time for. */
function levelOf([all]: CostCounts): number {
  let level = all.length - 1;
  while (sum(all.slice(0, level + 1)) > SCHEDULES_MAX) level--;
  return level;
}

/** Searches within the bound find the known numbers, and the iterative one finds the bug on the first level that has it. */
function check(
  program: Program,
  counts: CostCounts,
  histogramOf: (level: number) => Histogram,
  iterative: (level: number) => Strategy,
): void {
  const level = levelOf(counts);
  const known: CostCounts = [counts[0].slice(0, level + 1), counts[1].slice(0, level + 1)];
  expect(head(histogramOf(level), level + 1)).toEqual(known);
  const first = counts[1].findIndex((count) => count > 0);
  const below = survey(program, levelsBelow(first, iterative));
  expect(below.wrong + below.deadlocked).toBe(0);
  const found = survey(program, iterative(first));
  expect(found.wrong + found.deadlocked).toBe(counts[1][first]);
  // Each level runs those below it again.
  expect(found.executions).toBe(
    sum(Array.from({ length: first + 1 }, (_, at) => sum(counts[0].slice(0, at + 1)))),
  );
}

/** All levels below one; nothing when there is none. */
function levelsBelow(level: number, iterative: (level: number) => Strategy): Strategy {
  const nothing: Strategy = {
    name: "nothing",
    isComplete: false,
    beginExecution: () => false,
    pickThread: () => 0,
    pickValue: () => 0,
  };
  return level === 0 ? nothing : iterative(level - 1);
}

describe.each(programs)("%s", (_id, program) => {
  const { preemptions, delays, interleavings, walkRate } = program.expected;

  test("within a bound on preemptions", () => {
    const histogram = (preemptionsMax: number): Histogram =>
      tally(program, exhaustive({ preemptionsMax })).preemptions;
    check(program, preemptions!, histogram, (preemptionsMax) => iterativeBound({ preemptionsMax }));
  });

  test("within a bound on delays", () => {
    const histogram = (delaysMax: number): Histogram => tally(program, exhaustive({ delaysMax })).delays;
    check(program, delays!, histogram, (delaysMax) => iterativeBound({ delaysMax }));
  });

  if (interleavings === undefined) return;
  test("among all interleavings", () => {
    const all = tally(program, exhaustive());
    expect(all.executions).toBe(interleavings);
    expect(head(all.preemptions, preemptions![0].length)).toEqual(preemptions);
    expect(head(all.delays, delays![0].length)).toEqual(delays);
    expect(sum(all.preemptions.wrong)).toBe(program.expected.wrongInterleavings);
    expect(all.walkRate).toBeCloseTo(walkRate!, 6);
  });
});

test("dining_naive(n): deadlocks with k preemptions are n times the Eulerian number A(n-1, k-1)", () => {
  const eulerian = (n: number, k: number): number =>
    n === 0 ? Number(k === 0) : (k + 1) * eulerian(n - 1, k) + (n - k) * eulerian(n - 1, k - 1);
  for (const n of [2, 3, 4, 5]) {
    const program = wrong["deadlock"]!.find(({ id }) => id === `dining_naive(${n})`)!;
    const [, deadlocked] = program.expected.preemptions!;
    for (const [k, count] of deadlocked.entries()) {
      expect(count).toBe(k === 0 ? 0 : n * eulerian(n - 1, k - 1));
    }
  }
});

test("what there is to compare", () => {
  expect(programs).toHaveLength(25);
});
