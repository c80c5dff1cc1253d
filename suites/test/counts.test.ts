/** Every program of the suites: published counts, verdicts, and the same final states by every complete search. */

import { dpor, exhaustive, optimalDpor } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { asidAllocators, commits, dining, kernelLocks, registers, spinlocks } from "../src/stateful/index.ts";
import { correct, slow, survey, wrong, type Program, type Survey } from "../src/index.ts";

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
  ["rcu: a callback after the readers", 2],
  ["rcu: two readers, synchronize_rcu", 4],
  ["lockdep: two orders", 4],
  ["interrupts: a handler that takes a lock, and who holds it", 5],
  ["ipi: a walker with interrupts off, and who waits for it", 3],
  ["ipi: two CPUs wait for each other with interrupts off", 4],
  // To wait until all threads have ended is not to wait for a lock.
  ["lastwrite(2)", 2],
  ["lastwrite(3)", 18],
  ["lastwrite(4)", 168],
  ["lastwrite(5)", 1800],
]);

const groups: readonly (readonly [string, readonly Program[]])[] = [
  ...Object.entries(correct).map(([name, programs]) => [`correct: ${name}`, programs] as const),
  ...Object.entries(wrong).map(([name, programs]) => [`wrong: ${name}`, programs] as const),
];

const stateful: readonly (readonly [program: Program, by: string])[] = [
  ...[...registers, ...commits].map((program) => [program, "Stateright's tests"] as const),
  [dining, "SPIN 6.5.2, which has one state more of its own"],
  ...kernelLocks.map((program) => [program, "TLC, on the models of kernel-tla"] as const),
  ...asidAllocators.map(
    ({ program }) => [program, "TLC without symmetry, on asidalloc of kernel-tla"] as const,
  ),
  ...spinlocks.map(({ program }) => [program, "TLC without symmetry, on qspinlock of kernel-tla"] as const),
];

/** Programs that the other complete searches went through too, filled in by their tests. */
const compared = { sleepSets: 0, plain: 0 };

/** What docs/reference/exact-counts.md shows of each program whose count was published, filled in by their tests. */
const rows: string[] = [];

function row({ id, expected: { traces } }: Program, ...searches: readonly Survey[]): string {
  const cells = searches.map(({ executions, pruned, isComplete }) => {
    if (!isComplete) return `more than ${SLEEP_SETS_MAX} begun`;
    return pruned === 0 ? `${executions}` : `${executions} + ${pruned}`;
  });
  return `| ${[id, traces, ...cells].join(" | ")} |`;
}

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
    if (expected.traces !== undefined) rows.push(row(program, optimal, reduced, asleep));
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

test("docs/reference/exact-counts.md shows what the runs show", async () => {
  const published = groups
    .flatMap(([, programs]) => programs)
    .filter(({ expected }) => expected.traces !== undefined);
  expect(rows).toHaveLength(published.length);
  const text = `# Exact counts

Executions of complete searches on the programs of \`suites\`, beside the number of Mazurkiewicz traces that was published
or, in a few rows, worked out by hand: by GenMC's, Nidhugg's and Concuerror's own tests and by an independent enumerator.
No row differs. What a search begins in vain is shown as "+ pruned"; its number depends on the order in which a search tries
threads, so there is nothing to compare it with. Optimal DPOR prunes nothing but in lastwrite: to wait until threads have
ended is not to wait for a lock, so it cannot know beforehand when the waiting is over.

This page is written by \`suites/test/counts.test.ts\`, which also compares every final state. Counts under x86-TSO are
compared in \`suites/test/tso-counts.test.ts\`, those within bounds in \`suites/test/bounded.test.ts\` and
\`suites/test/bounds.test.ts\`.

States are compared in \`suites/test/states.test.ts\`; five shapes whose published states count a change of a cell as a read
and a write, in \`suites/test/separate-accesses.test.ts\`. One of them is stack(3): the program of \`suites\` has 301 states, the
enumerator 294. It is met with one register per thread that reads overwrite, two accesses for a change, and no pop after a
failed check; its program was not published, so that is the one of 540 encodings that gives the number.

States of systems without traces to compare, in \`suites/test/stateful.test.ts\`; with symmetry, in \`suites/test/symmetry.test.ts\`.
TLC's own number for the allocator on two CPUs is 49,296, with CPUs and tasks exchanged. That test meets it too, and with it what
TLC generates, by an enumerator that keeps one state of each class; these classes hold the states of the search, all of them.
No second generation begins there; one begins on one CPU with three tasks. When one begins on two CPUs, which takes four tasks and
more than six million states without the thread that unmaps, nothing is compared.

The queued spinlock is counted by that test and by an enumerator beside it, with symmetry and without, on two CPUs that look
once or twice more whether the pending one has got the lock. Of kernel-tla's own configuration, three CPUs that look once more,
TLC counts 6,026,907 classes, 17,448,913 states generated and depth 258, the first state among them; \`node bench/states.mjs --all\`
searches it with symmetry and fails unless it finds 6,026,907 states, 17,448,912 steps and depth 257. It does, in 32 seconds of
processor time and 23 bytes per state; TLC took 897 seconds beside other jobs. Without symmetry it has 36,143,569 states and
104,639,937 steps, as the enumerator says too: 55 seconds and 25 bytes per state, once, by hand. No number differs. What TLC
counts includes variables that nothing reads again: an argument that a tail call leaves behind, the result of the last trylock.

| system | published states | by |
| --- | --- | --- |
${stateful.map(([{ id, expected }, by]) => `| ${id} | ${expected.states} | ${by} |`).join("\n")}

| program | published | optimal DPOR | source-DPOR | sleep sets |
| --- | --- | --- | --- | --- |
${rows.join("\n")}

Too slow for that test; \`node bench/dpor.mjs --all\` runs them and fails if a count differs:

| program | published |
| --- | --- |
${slow.map(({ id, expected }) => `| ${id} | ${expected.traces} |`).join("\n")}
`;
  await expect(text).toMatchFileSnapshot("../../docs/reference/exact-counts.md");
});

test("programs too large for a comparison are the exception", () => {
  expect(groups.flatMap(([, programs]) => programs)).toHaveLength(144);
  expect(compared).toEqual({ sleepSets: 124, plain: 118 });
});

test("identifiers are unique", () => {
  const ids = groups.flatMap(([, programs]) => programs.map(({ id }) => id));
  expect(ids.length).toBeGreaterThan(90);
  expect(new Set(ids).size).toBe(ids.length);
});
