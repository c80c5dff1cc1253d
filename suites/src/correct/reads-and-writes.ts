/** Plain reads and writes of one cell or two. Counts: GenMC's and Nidhugg's tests, and an independent enumerator. */

import { Operation, writeOnce, type Cell, type OperationKind } from "@mmrace/scheduler";
import { family, program, times, type Body, type Expected, type Memory, type Program } from "../program.ts";

// The end of a thread, and waiting for all of them. Ends commute, so they count as reads.
const leftKind: OperationKind<Cell<number>, void, void> = {
  name: "exit",
  access: "read",
  perform: (cell) => void cell.value--,
};
const joinedKind: OperationKind<Cell<number>, void, void> = {
  name: "join",
  access: "write",
  isEnabled: (cell) => cell.value === 0,
  perform: () => {},
};
const left = (cell: Cell<number>): Operation<void> => Operation.of(leftKind, cell, undefined);
const joined = (cell: Cell<number>): Operation<void> => Operation.of(joinedKind, cell, undefined);

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

const reader: Body = function* (memory, self) {
  yield* memory.read(self, "x");
};

function writer(value: number): Body {
  return function* (memory) {
    yield* writeOnce(memory.at("x"), value);
  };
}

/** One writer, N readers; POPL 2014, table 1: each reader sees the old value or the new one. */
const readers = (sizes: readonly number[]): readonly Program<Memory>[] =>
  sizes.map((n) =>
    program({
      id: `readers(${n})`,
      cells: { x: 0 },
      threads: { writer: writer(42), ...times(n, () => reader) },
      // Before the write each reader has read or not; after it, has not read, or has read the one value or the other.
      expected: {
        traces: 2 ** n,
        interleavings: factorial(n + 1),
        sourcePruned: 0,
        states: 2 ** n + 3 ** n,
      },
    }),
  );

/** The same with the writer created last: the order of threads must not matter. */
const readersFirst = program({
  id: "readers(6), writer last",
  cells: { x: 0 },
  threads: { ...times(6, () => reader), writer: writer(42) },
  expected: { traces: 64, interleavings: 5040 },
});

const writersAndReader = family(
  [1, 2, 3, 4].map((n) => {
    const count = factorial(n + 1);
    // Who has written, and whether the reader has read 0 or, if somebody had written, 1.
    return [n, { traces: count, interleavings: count, states: 3 * 2 ** n - 1 }] as const;
  }),
  (n, expected) =>
    program({
      id: `n_writers_a_reader(${n})`,
      cells: { x: 0 },
      threads: { ...times(n, () => writer(1)), reader },
      expected,
    }),
);

const floatingRead = family(
  [
    [2, { traces: 6, interleavings: 6, states: 16 }],
    [3, { traces: 24, interleavings: 24, states: 50 }],
    [4, { traces: 120, interleavings: 120, states: 146 }],
    [5, { traces: 720, interleavings: 720, states: 402 }],
  ],
  (n, expected) =>
    program({
      id: `floating_read(${n})`,
      cells: { x: 0 },
      threads: { ...times(n, writer), reader },
      expected,
    }),
);

/** N threads that write, and a main thread that waits for them and reads: N! traces, by the order of the writes. */
const lastWrite = [2, 3, 4, 5].map((n) =>
  program({
    id: `lastwrite(${n})`,
    cells: { x: 0, left: n },
    threads: {
      *main(memory, self) {
        yield* joined(memory.at("left"));
        yield* memory.read(self, "x");
      },
      ...times(
        n,
        (i) =>
          function* (memory) {
            yield* writeOnce(memory.at("x"), i);
            yield* left(memory.at("left"));
          },
      ),
    },
    expected: { traces: factorial(n) },
  }),
);

/** N threads that read and then write: every pair of a read and a write is a race, so (N!)^2. */
const readThenWrite = (
  sizes: readonly (readonly [n: number, expected: Expected])[],
): readonly Program<Memory>[] =>
  family(sizes, (n, expected) =>
    program({
      id: `rw(${n})`,
      cells: { x: 0 },
      threads: times(
        n,
        (i) =>
          function* (memory, self) {
            const value = yield* memory.read(self, "x");
            yield* writeOnce(memory.at("x"), value + 2 ** (i - 1));
          },
      ),
      expected,
    }),
  );

/** The reader polls at most 41 times: one trace per poll that may be the first to see the flag, and one for none. */
const publish = program({
  id: "publish",
  cells: { x: 0, y: 0 },
  threads: {
    *reader(memory, self) {
      for (let poll = 0; poll < 41; poll++) {
        if ((yield* memory.read(self, "y")) === 0) continue;
        yield* memory.read(self, "x");
        return;
      }
    },
    *writer(memory) {
      yield* writeOnce(memory.at("x"), 42);
      yield* writeOnce(memory.at("y"), 1);
    },
  },
  expected: { traces: 42, interleavings: 903, states: 208 },
});

/** The example of POPL 2014 on which source sets still begin executions that sleep sets cut off. */
const popl14 = program({
  id: "popl14",
  cells: { x: 0, y: 0, z: 0 },
  threads: {
    *p(memory) {
      yield* writeOnce(memory.at("x"), 1);
    },
    *q(memory) {
      yield* writeOnce(memory.at("y"), 1);
    },
    *r(memory, self) {
      if ((yield* memory.read(self, "y")) === 0) yield* writeOnce(memory.at("z"), 1);
    },
    *s(memory, self) {
      if ((yield* memory.read(self, "z")) === 0) return;
      if ((yield* memory.read(self, "y")) === 0) yield* writeOnce(memory.at("x"), 2);
    },
  },
  expected: { traces: 5, interleavings: 69, sourcePruned: 3, states: 44 },
});

/** All of them. */
export const readsAndWrites: readonly Program<Memory>[] = [
  ...readers([1, 2, 3, 4, 6, 8]),
  readersFirst,
  ...writersAndReader,
  ...floatingRead,
  ...readThenWrite([
    [2, { traces: 4, interleavings: 6, states: 14 }],
    [3, { traces: 36, interleavings: 90, states: 110 }],
    [4, { traces: 576, interleavings: 2520, states: 1304 }],
  ]),
  ...lastWrite,
  publish,
  popl14,
];

/** Where they take too long for tests. */
export const largeReadsAndWrites: readonly Program<Memory>[] = [
  ...readers([13]),
  ...readThenWrite([[5, { traces: 14_400, interleavings: 113_400 }]]),
];
