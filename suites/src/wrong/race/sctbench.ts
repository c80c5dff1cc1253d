/**
 * Races of SCTBench (Thomson, Donaldson and Betts, PPoPP 2014) in their pure shapes: all threads exist from the start,
 * each access and lock operation is one step. Counts from an independent enumerator. A thread that notices something
 * says so in ghost state, and the property looks at the end, so that every execution runs to its end.
 */

import { readOnce, writeOnce } from "@mmrace/scheduler";
import { guarded, increment } from "../../bodies.ts";
import { program, times, type Body, type Expected, type Memory, type Program } from "../../program.ts";
import { buffers, largeBuffers } from "./buffers.ts";
import { crowdedReorders, largeReorders, reorders } from "./reorder.ts";
import { safeStack } from "../../safe-stack.ts";
import { crowdedTwostages, largeTwostages, twostages } from "./twostage.ts";
import { largeWorkStealingQueues, workStealingQueues } from "./work-stealing.ts";

/** The first thread and `others` more protect one counter with different locks. */
function wronglock(id: string, others: number, expected: Expected): Program<Memory> {
  return program({
    id,
    cells: { x: 0 },
    mutexes: ["A", "B"],
    threads: {
      first: guarded("A", function* (memory, self) {
        const before = yield* memory.read(self, "x");
        yield* writeOnce(memory.at("x"), (yield* memory.read(self, "x")) + 1);
        if ((yield* memory.read(self, "x")) !== before + 1) memory.wrong = "an increment was lost";
      }),
      ...times(others, () =>
        guarded("B", function* (memory, self) {
          yield* writeOnce(memory.at("x"), (yield* memory.read(self, "x")) + 1);
        }),
      ),
    },
    expected,
  });
}

const account = program({
  id: "account",
  cells: { balance: 1, deposited: 0, withdrawn: 0 },
  mutexes: ["m"],
  threads: {
    checker: guarded("m", function* (memory, self) {
      if ((yield* memory.read(self, "deposited")) === 0 || (yield* memory.read(self, "withdrawn")) === 0)
        return;
      if ((yield* memory.read(self, "balance")) !== 1 - 2 - 4) memory.wrong = "the books do not balance";
    }),
    depositor: guarded("m", function* (memory) {
      yield* increment(memory, "balance", 2);
      yield* writeOnce(memory.at("deposited"), 1);
    }),
    withdrawer: guarded("m", function* (memory) {
      yield* increment(memory, "balance", -4);
      yield* writeOnce(memory.at("withdrawn"), 1);
    }),
  },
  expected: {
    traces: 6,
    interleavings: 6,
    wrongInterleavings: 2,
    walkRate: 1 / 3,
    preemptions: [
      [6, 0, 0, 0, 0],
      [2, 0, 0, 0, 0],
    ],
    delays: [
      [1, 2, 2, 1, 0],
      [0, 1, 0, 1, 0],
    ],
  },
});

const lazy = program({
  id: "lazy01",
  cells: { data: 0 },
  mutexes: ["m"],
  threads: {
    one: guarded("m", function* (memory) {
      yield* increment(memory, "data", 1);
    }),
    two: guarded("m", function* (memory) {
      yield* increment(memory, "data", 2);
    }),
    checker: guarded("m", function* (memory, self) {
      if ((yield* memory.read(self, "data")) >= 3) memory.wrong = "too much";
    }),
  },
  expected: {
    traces: 6,
    interleavings: 6,
    wrongInterleavings: 2,
    walkRate: 1 / 3,
    preemptions: [
      [6, 0, 0, 0, 0],
      [2, 0, 0, 0, 0],
    ],
    delays: [
      [1, 2, 2, 1, 0],
      [1, 0, 1, 0, 0],
    ],
  },
});

function copy(to: string, from: string, change: (value: number) => number, done: string): Body {
  return guarded("m", function* (memory) {
    yield* writeOnce(memory.at(to), change(yield* readOnce(memory.at(from))));
    yield* writeOnce(memory.at(done), 1);
  });
}

const tokenRing = program({
  id: "token_ring",
  cells: { x1: 1, x2: 2, x3: 1, done1: 0, done2: 0, done3: 0 },
  mutexes: ["m"],
  threads: {
    t1: copy("x1", "x3", (value) => (value + 1) % 4, "done1"),
    t2: copy("x2", "x1", (value) => value, "done2"),
    t3: copy("x3", "x2", (value) => value, "done3"),
    checker: guarded("m", function* (memory, self) {
      for (const done of ["done1", "done2", "done3"]) if ((yield* memory.read(self, done)) === 0) return;
      const [x1, x2, x3] = [
        yield* memory.read(self, "x1"),
        yield* memory.read(self, "x2"),
        yield* memory.read(self, "x3"),
      ];
      if (x1 !== x2 || x2 !== x3) memory.wrong = "the ring disagrees";
    }),
  },
  expected: {
    traces: 24,
    interleavings: 24,
    wrongInterleavings: 4,
    walkRate: 1 / 6,
    preemptions: [
      [24, 0, 0, 0, 0],
      [4, 0, 0, 0, 0],
    ],
    delays: [
      [1, 3, 5, 6, 5],
      [0, 0, 1, 2, 0],
    ],
  },
});

/** A driver that counts its users but looks whether it is being stopped before it counts. */
const bluetooth = program({
  id: "bluetooth",
  cells: { pending: 1, stopping: 0, event: 0, stopped: 0 },
  threads: {
    *adder(memory, self) {
      if ((yield* memory.read(self, "stopping")) === 0) {
        yield* increment(memory, "pending", 1);
        if ((yield* memory.read(self, "stopped")) !== 0) memory.wrong = "the driver was stopped in use";
      }
      yield* release(memory);
    },
    *stopper(memory, self) {
      yield* writeOnce(memory.at("stopping"), 1);
      yield* release(memory);
      if ((yield* memory.read(self, "event")) !== 0) yield* writeOnce(memory.at("stopped"), 1);
    },
  },
  expected: {
    traces: 10,
    interleavings: 73,
    wrongInterleavings: 4,
    walkRate: 5 / 128,
    preemptions: [
      [2, 7, 13, 22, 12],
      [0, 1, 0, 3, 0],
    ],
    delays: [
      [1, 4, 12, 20, 19],
      [0, 1, 0, 3, 0],
    ],
  },
});

/** Gives a use back; the last one signals. */
function* release(memory: Memory): ReturnType<Body> {
  if ((yield* increment(memory, "pending", -1)) === 1) yield* writeOnce(memory.at("event"), 1);
}

/** Those that a complete search can go through. */
export const races: readonly Program<Memory>[] = [
  ...reorders,
  ...twostages,
  wronglock("wronglock_3", 3, {
    traces: 360,
    interleavings: 111_384,
    states: 3025,
    wrongInterleavings: 63_882,
    walkRate: 0.371584,
    preemptions: [
      [24, 234, 1320, 4380, 10800],
      [0, 72, 474, 2052, 5388],
    ],
    delays: [
      [1, 8, 74, 283, 1092],
      [0, 2, 20, 121, 450],
    ],
  }),
  account,
  lazy,
  tokenRing,
  bluetooth,
  ...buffers,
  ...workStealingQueues,
];

/** Those that are for sampling and for bounded searches. */
export const largeRaces: readonly Program<Memory>[] = [
  ...largeReorders,
  ...largeTwostages,
  wronglock("wronglock", 7, {}),
  ...largeBuffers,
  ...largeWorkStealingQueues,
  safeStack("safe_stack", { threads: 3, rounds: 2, isLocked: false }, {}),
];

/** Those with more threads than a search takes. */
export const crowdedRaces: readonly Program[] = [
  ...crowdedReorders,
  ...crowdedTwostages,
] as readonly Program[];
