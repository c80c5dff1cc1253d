/** How well the sizes of searches are estimated, on trees of known size. */

import {
  estimateTotal,
  exhaustive,
  SliceRunner,
  SplitSearch,
  treeProbes,
  type ExhaustiveOptions,
  type SplitProgress,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { correct, survey, type Program } from "../src/index.ts";

const SLEEP_SETS: ExhaustiveOptions = { reduction: "sleep-sets" };
const SEEDS = [1, 2, 3];
/** Larger plain searches take too long here. */
const INTERLEAVINGS_MAX = 6_000;

const programs: readonly Program[] = Object.values(correct).flat();
const named = (id: string): Program => programs.find((program) => program.id === id)!;

describe("300 random probes are within a fifth", () => {
  // `publish` is left out: a reader that polls up to 41 times makes a tree in which a random walk hardly gets down.
  const known = programs.filter(
    ({ id, expected: { interleavings, traces } }) =>
      interleavings !== undefined &&
      interleavings <= INTERLEAVINGS_MAX &&
      (traces ?? 0) >= 10 &&
      id !== "publish",
  );

  test("of all interleavings, on programs whose number is published", () => {
    expect(known.length).toBeGreaterThan(20);
    for (const program of known) {
      for (const randomSeed of SEEDS) {
        const probes = treeProbes({ randomSeed, probesMax: 300 });
        survey(program, probes);
        const ratio = probes.executions / program.expected.interleavings!;
        expect(ratio, program.id).toBeGreaterThan(0.8);
        expect(ratio, program.id).toBeLessThan(1.2);
      }
    }
  });

  test.each(["ainc(6)", "binc(4)", "cinc(3)", "casrot(6)", "casrot(7)", "rw(4)", "rmw_test2", "IRIW"])(
    "of the traces of %s, by sleep sets",
    (id) => {
      for (const randomSeed of SEEDS) {
        const probes = treeProbes({ ...SLEEP_SETS, randomSeed, probesMax: 300 });
        survey(named(id), probes);
        expect(probes.executions / named(id).expected.traces!).toBeGreaterThan(0.8);
        expect(probes.executions / named(id).expected.traces!).toBeLessThan(1.2);
      }
    },
  );
});

test("probes are unbiased where they vary much, for what is cut off too", () => {
  // Few of the leaves are executions: 300 probes are off by 40 %, here are enough of them.
  const program = named("lastzero(3)");
  const whole = survey(program, exhaustive(SLEEP_SETS));
  expect([whole.executions, whole.pruned]).toEqual([12, 26]);
  const probes = treeProbes({ ...SLEEP_SETS, randomSeed: 5, probesMax: 20_000 });
  survey(program, probes);
  expect(probes.executions / whole.executions).toBeGreaterThan(0.93);
  expect(probes.executions / whole.executions).toBeLessThan(1.07);
  expect(probes.pruned / whole.pruned).toBeGreaterThan(0.97);
  expect(probes.pruned / whole.pruned).toBeLessThan(1.03);
});

/** Progress after each execution. */
function progressOf(program: Program, search: ExhaustiveOptions): readonly SplitProgress[] {
  const options = { levels: [search], stopAtFirst: false, sliceSteps: 1 };
  const split = new SplitSearch<unknown>(program.scenario, options);
  const runner = new SliceRunner(program.scenario, {});
  const seen: SplitProgress[] = [];
  for (let [request] = split.take(1); request !== undefined; [request] = split.take(1)) {
    split.accept(runner.run(request));
    seen.push(split.progress);
  }
  return seen;
}

describe("weighted backtracking", () => {
  test("is exact from the first execution on where all subtrees of a level are alike", () => {
    const seen = progressOf(named("ainc(5)"), {});
    expect(seen).toHaveLength(121); // The last slice finds out that nothing is left.
    for (const { counts, shareLeft } of seen) {
      expect(estimateTotal(counts.executions, shareLeft)).toBeCloseTo(120, 6);
    }
  });

  test.each(
    programs
      .filter(({ expected }) => (expected.traces ?? 0) > 20 && expected.traces! < 150)
      .slice(0, 20)
      .map(({ id }) => id),
  )("is exact at the end, and never takes back what is done: %s", (id) => {
    const whole = survey(named(id), exhaustive(SLEEP_SETS), 2_000);
    if (!whole.isComplete) return;
    const seen = progressOf(named(id), SLEEP_SETS);
    for (const [i, { shareLeft }] of seen.entries())
      expect(shareLeft).toBeLessThanOrEqual(i === 0 ? 1 : seen[i - 1]!.shareLeft);
    const { counts, shareLeft } = seen.at(-1)!;
    expect(estimateTotal(counts.executions, shareLeft)).toBe(whole.executions);
    expect(estimateTotal(counts.pruned, shareLeft)).toBe(whole.pruned);
  });

  test("by hand: the lost update of two threads", () => {
    // At the root and below it two choices each, until one thread has ended: leaves have 1/4, 1/8, 1/8, and again.
    // The running thread goes on first, so the leaf of 1/4 comes first each time.
    const seen = progressOf(named("rw(2)"), {}).map(({ shareLeft }) => shareLeft);
    expect(seen).toEqual([0.75, 0.625, 0.5, 0.25, 0.125, 0, 0]);
    expect(estimateTotal(1, 0.75)).toBe(4);
    expect(estimateTotal(0, 1)).toBeUndefined();
  });
});
