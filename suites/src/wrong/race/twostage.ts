/**
 * `twostage` of SCTBench in its pure shape: T writers set two cells in two critical sections of two locks; a reader that
 * sees the first cell set takes the second one to be set too.
 */

import { writeOnce } from "@mmrace/scheduler";
import { lock, unlock } from "../../mutex.ts";
import { program, times, type Body, type Expected, type Memory, type Program } from "../../program.ts";
import { spawned } from "../../spawn.ts";

const CELLS = { d1: 0, d2: 0 };
const mutexes = ["first", "second"];

function* writer(memory: Memory, self: string): ReturnType<Body> {
  yield* lock(memory.mutex("first"));
  yield* writeOnce(memory.at("d1"), 1);
  yield* unlock(memory.mutex("first"));
  yield* lock(memory.mutex("second"));
  yield* writeOnce(memory.at("d2"), (yield* memory.read(self, "d1")) + 1);
  yield* unlock(memory.mutex("second"));
}

function* reader(memory: Memory, self: string): ReturnType<Body> {
  yield* lock(memory.mutex("first"));
  if ((yield* memory.read(self, "d1")) === 0) return yield* unlock(memory.mutex("first"));
  const first = yield* memory.read(self, "d1");
  yield* unlock(memory.mutex("first"));
  yield* lock(memory.mutex("second"));
  const second = yield* memory.read(self, "d2");
  yield* unlock(memory.mutex("second"));
  if (second !== first + 1) memory.wrong = "the second stage lags behind";
}

function threadsOf(writers: number): Readonly<Record<string, Body>> {
  return { ...times(writers, () => writer), reader };
}

function twostage(writers: number, expected: Expected): Program<Memory> {
  return program({
    id: `twostage(${writers})`,
    cells: CELLS,
    mutexes,
    threads: threadsOf(writers),
    expected,
  });
}

function twostageSpawned(writers: number, expected: Expected): Program<Memory> {
  const { cells, threads } = spawned(threadsOf(writers));
  return program({
    id: `twostage(${writers}) + spawn`,
    cells: { ...CELLS, ...cells },
    mutexes,
    threads,
    expected,
  });
}

/** Those that a complete search can go through. */
export const twostages: readonly Program<Memory>[] = [
  twostage(1, {
    traces: 3,
    interleavings: 72,
    wrongInterleavings: 1,
    walkRate: 1 / 64,
    preemptions: [
      [2, 4, 13, 18, 18],
      [0, 1, 0, 0, 0],
    ],
    delays: [
      [1, 5, 13, 18, 18],
      [0, 1, 0, 0, 0],
    ],
  }),
  twostage(2, {
    traces: 40,
    interleavings: 17_752,
    wrongInterleavings: 284,
    walkRate: 0.013946044810242,
    preemptions: [
      [6, 78, 316, 1072, 2198],
      [0, 4, 24, 52, 96],
    ],
    delays: [
      [1, 10, 61, 247, 687],
      [0, 0, 3, 13, 30],
    ],
  }),
  twostageSpawned(1, {
    traces: 3,
    interleavings: 1_435,
    wrongInterleavings: 15,
    walkRate: 0.01806640625,
    preemptions: [
      [2, 11, 45, 114, 244],
      [0, 1, 4, 6, 4],
    ],
    delays: [
      [1, 9, 36, 87, 211],
      [0, 1, 2, 6, 5],
    ],
  }),
];

/** Those that are for sampling and for bounded searches. */
export const largeTwostages: readonly Program<Memory>[] = [twostage(19, {}), twostageSpawned(19, {})];

/** That of the fuzzing literature's hardest member, which only sampling can be sent after. */
export const crowdedTwostages: readonly Program<Memory>[] = [twostage(99, {})];
