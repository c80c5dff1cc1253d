/**
 * Atomic additions and exchanges. The counts are those that GenMC's tests state (ainc, binc, cinc, cas, casrot, wainc)
 * and Nidhugg's (rmw_test2); an independent enumerator counts the same.
 */

import { cmpxchg, forget, writeOnce } from "@mmrace/scheduler";
import { family, program, times, type Body, type Memory, type Program } from "../program.ts";

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

function additions(
  name: string,
  cells: readonly string[],
  sizes: readonly number[],
): readonly Program<Memory>[] {
  const adder: Body = function* (memory, self) {
    for (const cell of cells) {
      yield* memory.add(self, cell, 1);
      yield* forget("added", cell);
    }
  };
  return sizes.map((n) =>
    program({
      id: `${name}(${n})`,
      cells: Object.fromEntries(cells.map((cell) => [cell, 0])),
      threads: times(n, () => adder),
      expected: {
        traces: factorial(n) ** cells.length,
        interleavings: factorial(n * cells.length) / factorial(cells.length) ** n,
        // The old values are in no register, and the cells follow from who has come how far.
        states: (cells.length + 1) ** n,
      },
    }),
  );
}

/** N threads that each add 1 to one, two or three cells: (N!)^cells traces. */
const counters: readonly Program<Memory>[] = [
  ...additions("ainc", ["x"], [2, 3, 4, 5, 6, 7]),
  ...additions("binc", ["x", "y"], [2, 3, 4]),
  ...additions("cinc", ["x", "y", "z"], [2, 3]),
];

function exchange(from: number, to: number): Body {
  return function* (memory, self) {
    memory.note(self, yield* cmpxchg(memory.at("x"), from, to));
    yield* forget("exchanged");
  };
}

/** N threads that try to claim one cell: whoever is first, and the failures commute. */
const cas = family(
  [2, 3, 4, 5].map(
    (n) => [n, { traces: n, interleavings: factorial(n), states: 1 + n * 2 ** (n - 1) }] as const,
  ),
  (n, expected) =>
    program({ id: `cas(${n})`, cells: { x: 0 }, threads: times(n, (i) => exchange(0, i)), expected }),
);

/** Thread i moves the cell from i-1 to i. */
const casrot = family(
  [
    [2, { traces: 2, interleavings: 2, states: 5 }],
    [3, { traces: 5, interleavings: 6, states: 11 }],
    [4, { traces: 14, interleavings: 24, states: 23 }],
    [5, { traces: 43, interleavings: 120, states: 47 }],
    [6, { traces: 144, interleavings: 720, states: 95 }],
    [7, { traces: 523, interleavings: 5040, states: 191 }],
    [8, { traces: 2048, interleavings: 40_320, states: 383 }],
    [9, { traces: 8597, interleavings: 362_880 }],
  ],
  (n, expected) =>
    program({ id: `casrot(${n})`, cells: { x: 0 }, threads: times(n, (i) => exchange(i - 1, i)), expected }),
);

/** One writer against N additions. */
const wainc = family(
  [
    [2, { traces: 6, interleavings: 6, states: 12 }],
    [3, { traces: 24, interleavings: 24, states: 28 }],
    [4, { traces: 120, interleavings: 120, states: 64 }],
  ],
  (n, expected) =>
    program({
      id: `wainc(${n})`,
      cells: { x: 0 },
      threads: {
        *writer(memory) {
          yield* writeOnce(memory.at("x"), 42);
        },
        ...times(
          n,
          () =>
            function* (memory, self) {
              yield* memory.add(self, "x", 1);
              yield* forget("added");
            },
        ),
      },
      expected,
    }),
);

const rmwTest2 = program({
  id: "rmw_test2",
  cells: { x: 0 },
  threads: {
    *adder1(memory, self) {
      yield* memory.add(self, "x", 1);
      yield* forget("added");
    },
    *adder2(memory, self) {
      yield* memory.add(self, "x", 1);
      yield* forget("added");
    },
    *reader1(memory, self) {
      yield* memory.read(self, "x");
    },
    *reader2(memory, self) {
      yield* memory.read(self, "x");
    },
    *five(memory) {
      yield* writeOnce(memory.at("x"), 5);
    },
    *six(memory) {
      yield* writeOnce(memory.at("x"), 6);
    },
  },
  expected: { traces: 600, interleavings: 720, states: 709 },
});

/** All of them. */
export const atomics: readonly Program<Memory>[] = [...counters, ...cas, ...casrot, ...wainc, rmwTest2];

/** Where it takes too long for tests. */
export const largeAtomics: readonly Program<Memory>[] = additions("cinc", ["x", "y", "z"], [4]);
