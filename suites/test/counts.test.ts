/** Every program of the suites: published counts, verdicts, and the same final states by every complete search. */

import { dpor, exhaustive, optimalDpor } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { correct, survey, wrong, type Program } from "../src/index.ts";

/** A plain search of more interleavings takes too long here; where their number is not known, much fewer are tried. */
const INTERLEAVINGS_MAX = 112_000;
const UNKNOWN_MAX = 5_000;
/** Sleep sets begin millions of executions on the arrays of the literature; there they have no part. */
const SLEEP_SETS_MAX = 2_000;

/**
 * Where optimal DPOR prunes: whether the RCU daemon or an interrupt may go on is not known before it is tried, nor whether
 * a CPU is somebody else's; and lockdep reports the wrong order as a violation, which cuts executions off.
 */
const OPTIMAL_PRUNED: ReadonlyMap<string, number> = new Map([
  ["rcu: a callback after the readers", 42],
  ["lockdep: two orders", 4],
  ["interrupts: a handler that takes a lock, and who holds it", 5],
  ["ipi: a walker with interrupts off, and who waits for it", 3],
  ["ipi: two CPUs wait for each other with interrupts off", 4],
]);

const groups: readonly (readonly [string, readonly Program[]])[] = [
  ...Object.entries(correct).map(([name, programs]) => [`correct: ${name}`, programs] as const),
  ...Object.entries(wrong).map(([name, programs]) => [`wrong: ${name}`, programs] as const),
];

/** Programs that the other complete searches went through too, filled in by their tests. */
const compared = { sleepSets: 0, plain: 0 };

describe.each(groups)("%s", (group, programs) => {
  test.each(programs.map((program) => [program.id, program] as const))("%s", (_id, program) => {
    const { expected } = program;
    const reduced = survey(program, dpor());
    expect(reduced.isComplete).toBe(true);
    if (expected.traces !== undefined) expect(reduced.executions).toBe(expected.traces);
    if (expected.deadlocked !== undefined) expect(reduced.deadlocked).toBe(expected.deadlocked);
    if (expected.sourcePruned !== undefined) expect(reduced.pruned).toBe(expected.sourcePruned);
    expect(reduced.wrong + reduced.deadlocked > 0).toBe(group.startsWith("wrong"));

    const optimal = survey(program, optimalDpor());
    expect(optimal.isComplete).toBe(true);
    expect(optimal.executions).toBe(reduced.executions);
    expect(optimal.pruned).toBe(OPTIMAL_PRUNED.get(program.id) ?? 0);
    expect(optimal.outcomes).toEqual(reduced.outcomes);

    const fallenBack = survey(program, optimalDpor({ wakeupTreeNodesMax: 0 }));
    expect({ ...fallenBack, pruned: 0 }).toEqual({ ...reduced, pruned: 0 });
    expect(fallenBack.pruned).toBeLessThanOrEqual(reduced.pruned);

    const asleep = survey(program, exhaustive({ reduction: "sleep-sets" }), SLEEP_SETS_MAX);
    if (asleep.isComplete) {
      compared.sleepSets++;
      expect(asleep.executions).toBe(reduced.executions);
      expect(asleep.outcomes).toEqual(reduced.outcomes);
      expect(reduced.pruned).toBeLessThanOrEqual(asleep.pruned);
    }

    const { interleavings } = expected;
    if (interleavings !== undefined && interleavings > INTERLEAVINGS_MAX) return;
    const plain = survey(
      program,
      exhaustive(),
      interleavings === undefined ? UNKNOWN_MAX : INTERLEAVINGS_MAX,
    );
    if (interleavings === undefined && !plain.isComplete) return;
    expect(plain.isComplete).toBe(true);
    compared.plain++;
    if (interleavings !== undefined) expect(plain.executions).toBe(interleavings);
    if (expected.wrongInterleavings !== undefined) {
      expect(plain.wrong + plain.deadlocked).toBe(expected.wrongInterleavings);
    }
    expect(plain.outcomes).toEqual(reduced.outcomes);
  });
});

test("programs too large for a comparison are the exception", () => {
  expect(groups.flatMap(([, programs]) => programs)).toHaveLength(138);
  expect(compared).toEqual({ sleepSets: 120, plain: 114 });
});

test("identifiers are unique", () => {
  const ids = groups.flatMap(([, programs]) => programs.map(({ id }) => id));
  expect(ids.length).toBeGreaterThan(90);
  expect(new Set(ids).size).toBe(ids.length);
});
