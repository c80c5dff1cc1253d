/** Deadlocks of SCTBench and of Nidhugg's tests, in their pure shapes. Counts from an independent enumerator. */

import { readOnce, update, writeOnce } from "@mmrace/scheduler";
import { guarded } from "../../bodies.ts";
import { lock, trylock, unlock } from "../../mutex.ts";
import {
  family,
  program,
  times,
  type Body,
  type Expected,
  type Memory,
  type Program,
} from "../../program.ts";

function nested(outer: string, inner: string): Body {
  return function* (memory) {
    yield* lock(memory.mutex(outer));
    yield* lock(memory.mutex(inner));
    yield* unlock(memory.mutex(inner));
    yield* unlock(memory.mutex(outer));
  };
}

function counting(by: number): Body {
  return function* (memory) {
    yield* writeOnce(memory.at("counter"), (yield* readOnce(memory.at("counter"))) + by);
  };
}

/** As the original has it, each thread changes a counter while it holds both. */
const deadlock01 = program({
  id: "deadlock01",
  cells: { counter: 1 },
  mutexes: ["A", "B"],
  threads: {
    a: guarded("A", guarded("B", counting(1))),
    b: guarded("B", guarded("A", counting(-1))),
  },
  expected: {
    traces: 3,
    deadlocked: 1,
    interleavings: 6,
    wrongInterleavings: 2,
    states: 28,
    walkRate: 1 / 2,
    preemptions: [
      [2, 4, 0, 0, 0],
      [0, 2, 0, 0, 0],
    ],
    delays: [
      [1, 3, 2, 0, 0],
      [0, 1, 1, 0, 0],
    ],
  },
});

/** Each philosopher takes the fork at hand and then the next one: 2^N - 1 traces, one of which deadlocks. */
function dining(n: number, expected: Expected): Program<Memory> {
  return program({
    id: `dining_naive(${n})`,
    cells: {},
    mutexes: Array.from({ length: n }, (_, i) => `fork${i}`),
    threads: times(n, (i) => nested(`fork${i - 1}`, `fork${i % n}`)),
    expected,
  });
}

const dinings = family(
  [
    [
      2,
      {
        traces: 3,
        deadlocked: 1,
        interleavings: 6,
        states: 19,
        wrongInterleavings: 2,
        walkRate: 1 / 2,
        preemptions: [
          [2, 4, 0, 0, 0],
          [0, 2, 0, 0, 0],
        ],
        delays: [
          [1, 3, 2, 0, 0],
          [0, 1, 1, 0, 0],
        ],
      },
    ],
    [
      3,
      {
        traces: 7,
        deadlocked: 1,
        interleavings: 168,
        states: 87,
        wrongInterleavings: 6,
        walkRate: 1 / 3,
        preemptions: [
          [6, 51, 72, 21, 18],
          [0, 3, 3, 0, 0],
        ],
        delays: [
          [1, 7, 24, 37, 43],
          [0, 0, 1, 2, 2],
        ],
      },
    ],
    [
      4,
      {
        traces: 15,
        deadlocked: 1,
        interleavings: 98_184,
        states: 391,
        wrongInterleavings: 24,
        walkRate: 11 / 48,
        preemptions: [
          [24, 488, 2604, 7044, 13812],
          [0, 4, 16, 4, 0],
        ],
        delays: [
          [1, 11, 72, 263, 738],
          [0, 0, 0, 1, 3],
        ],
      },
    ],
    [
      5,
      {
        traces: 31,
        deadlocked: 1,
        walkRate: 19 / 120,
        preemptions: [
          [120, 4700, 59885, 377970, 1516960],
          [0, 5, 55, 55, 5],
        ],
        delays: [
          [1, 15, 133, 736, 3129],
          [0, 0, 0, 0, 1],
        ],
      },
    ],
  ],
  dining,
);

/** Nobody gives the mutex back: whoever comes first, the others wait for ever. */
const mutexDeadlock = family(
  [
    [2, { traces: 2, deadlocked: 2, interleavings: 2, wrongInterleavings: 2, states: 3 }],
    [3, { traces: 3, deadlocked: 3, interleavings: 3, wrongInterleavings: 3, states: 4 }],
    [5, { traces: 5, deadlocked: 5, interleavings: 5, wrongInterleavings: 5 }],
  ],
  (n, expected) =>
    program({
      id: `mutex_deadlock(${n})`,
      cells: {},
      mutexes: ["m"],
      threads: times(
        n,
        () =>
          function* (memory) {
            yield* lock(memory.mutex("m"));
          },
      ),
      expected,
    }),
);

/** Each thread counts itself in and out under m; whoever is alone takes and gives back l for all. */
const visit = (own: string): Body =>
  function* (memory, self) {
    yield* lock(memory.mutex("m"));
    yield* update(memory.at(own), (value) => value + 1);
    if ((yield* memory.read(self, own)) === 1) yield* lock(memory.mutex("l"));
    yield* unlock(memory.mutex("m"));
    yield* lock(memory.mutex("m"));
    yield* update(memory.at(own), (value) => value - 1);
    if ((yield* memory.read(self, own)) === 0) yield* unlock(memory.mutex("l"));
    yield* unlock(memory.mutex("m"));
  };

const carter = program({
  id: "carter01",
  cells: { a: 0, b: 0 },
  mutexes: ["m", "l"],
  threads: { a: visit("a"), b: visit("b") },
  expected: {
    traces: 4,
    deadlocked: 2,
    interleavings: 4,
    wrongInterleavings: 2,
    walkRate: 1 / 2,
    preemptions: [
      [2, 2, 0, 0, 0],
      [0, 2, 0, 0, 0],
    ],
    delays: [
      [1, 2, 1, 0, 0],
      [0, 1, 1, 0, 0],
    ],
  },
});

/** A thread that holds one mutex while it waits for what only a failed trylock would have freed. */
const tryAndWait = program({
  id: "trylock against a lock never freed",
  cells: { x: 0 },
  mutexes: ["m"],
  threads: {
    *keeper(memory, self) {
      if (yield* trylock(memory.mutex("m"))) yield* memory.read(self, "x");
    },
    *waiter(memory) {
      yield* update(memory.at("x"), (value) => value + 1);
      yield* lock(memory.mutex("m"));
      yield* update(memory.at("x"), (value) => value + 1);
      yield* unlock(memory.mutex("m"));
    },
  },
  expected: {},
});

/** Those that a complete search can go through. */
export const deadlocks: readonly Program<Memory>[] = [
  deadlock01,
  ...dinings,
  ...mutexDeadlock,
  carter,
  tryAndWait,
];

/** Those that are for sampling and for bounded searches. */
export const largeDeadlocks: readonly Program<Memory>[] = [dining(8, {})];
