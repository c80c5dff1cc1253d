/**
 * `reorder_N` of SCTBench (Thomson, Donaldson and Betts, PPoPP 2014) in its pure shape and with threads that are spawned:
 * N-1 setters of two cells, and one checker that wants to see both of them set or neither. One preemption shows the bug
 * whatever N is, but N-1 delays are needed, and the more setters there are the rarer a sampler gets there.
 */

import { writeOnce } from "@mmrace/scheduler";
import { program, times, type Body, type Expected, type Memory, type Program } from "../../program.ts";
import { spawned } from "../../spawn.ts";

const CELLS = { a: 0, b: 0 };

function* setter(memory: Memory): ReturnType<Body> {
  yield* writeOnce(memory.at("a"), 1);
  yield* writeOnce(memory.at("b"), -1);
}

function* checker(memory: Memory, self: string): ReturnType<Body> {
  if ((yield* memory.read(self, "a")) === 0 && (yield* memory.read(self, "b")) === 0) return;
  if ((yield* memory.read(self, "a")) === 1 && (yield* memory.read(self, "b")) === -1) return;
  memory.wrong = "half set";
}

function threadsOf(n: number): Readonly<Record<string, Body>> {
  return { ...times(n - 1, () => setter), checker };
}

function reorder(n: number, expected: Expected): Program<Memory> {
  return program({ id: `reorder_${n}`, cells: CELLS, threads: threadsOf(n), expected });
}

function reorderSpawned(n: number, expected: Expected): Program<Memory> {
  const { cells, threads } = spawned(threadsOf(n));
  return program({ id: `reorder_${n} + spawn`, cells: { ...CELLS, ...cells }, threads, expected });
}

/** Those that a complete search can go through. */
export const reorders: readonly Program<Memory>[] = [
  reorder(3, {
    traces: 56,
    interleavings: 172,
    states: 71,
    wrongInterleavings: 18,
    walkRate: 4 / 81,
    preemptions: [
      [6, 20, 54, 68, 24],
      [0, 4, 6, 8, 0],
    ],
    delays: [
      [1, 4, 14, 20, 30],
      [0, 0, 3, 4, 1],
    ],
  }),
  reorder(4, {
    traces: 1248,
    interleavings: 7038,
    states: 235,
    wrongInterleavings: 522,
    walkRate: 39 / 1024,
    preemptions: [
      [24, 162, 708, 1854, 2682],
      [0, 18, 72, 180, 216],
    ],
    delays: [
      [1, 6, 28, 68, 156],
      [0, 0, 0, 7, 20],
    ],
  }),
  reorderSpawned(3, {
    traces: 56,
    interleavings: 10_721,
    wrongInterleavings: 1_075,
    walkRate: 0.0242532,
    preemptions: [
      [6, 46, 248, 832, 1843],
      [0, 4, 26, 102, 214],
    ],
    delays: [
      [1, 8, 42, 113, 283],
      [0, 0, 5, 8, 10],
    ],
  }),
];

/** Those that are for sampling and for bounded searches. */
export const largeReorders: readonly Program<Memory>[] = [
  reorder(5, {
    walkRate: 0.030208,
    preemptions: [
      [120, 1344, 8808, 37056, 99888],
      [0, 96, 720, 3024, 7464],
    ],
    delays: [
      [1, 8, 46, 149, 433],
      [0, 0, 0, 0, 15],
    ],
  }),
  reorder(10, { walkRate: 0.0133011 }),
  reorder(20, {}),
  reorderSpawned(4, {
    walkRate: 0.00971272,
    preemptions: [
      [24, 364, 3382, 21368, 96764],
      [0, 18, 234, 1758, 8478],
    ],
    delays: [
      [1, 12, 89, 389, 1426],
      [0, 0, 0, 19, 68],
    ],
  }),
  reorderSpawned(5, { walkRate: 0.00332076 }),
  reorderSpawned(10, {}),
];

/** That of the fuzzing literature's hardest member, which only sampling can be sent after. */
export const crowdedReorders: readonly Program<Memory>[] = [reorder(100, {})];
