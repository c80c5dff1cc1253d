/**
 * The benchmarks of the DPOR literature that walk over arrays: lastzero and readers of POPL 2014; indexer and filesystem
 * of Flanagan and Godefroid, POPL 2005; fib_bench of SV-COMP.
 */

import { cmpxchg, forget, readOnce, writeOnce } from "@mmrace/scheduler";
import { lock, unlock } from "../mutex.ts";
import { family, program, times, type Body, type Expected, type Memory, type Program } from "../program.ts";

type Sizes = readonly (readonly [n: number, expected: Expected])[];

function slots(name: string, count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}${i}`, 0]));
}

/** 2^(N-2) (N+3) traces. One thread looks for the last zero of an array, the others write it. */
const lastzero = (sizes: Sizes): readonly Program<Memory>[] =>
  family(sizes, (n, expected) =>
    program({
      id: `lastzero(${n})`,
      cells: slots("a", n + 1),
      threads: {
        *seeker(memory, self) {
          let at = n;
          while ((yield* memory.read(self, `a${at}`)) !== 0) at--;
        },
        ...times(
          n,
          (j) =>
            function* (memory) {
              const value = yield* readOnce(memory.at(`a${j - 1}`));
              yield* writeOnce(memory.at(`a${j}`), value + 1);
            },
        ),
      },
      expected,
    }),
  );

/** `rounds` times `i = i + j` or `j = i + j`. Between rounds a thread knows what it has read last of each. */
function adder(to: "i" | "j", rounds: number): Body {
  return function* (memory) {
    let [i, j] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      i = yield* readOnce(memory.at("i"));
      yield* forget("i", round, i, j);
      j = yield* readOnce(memory.at("j"));
      yield* forget("j", round, i, j);
      yield* writeOnce(memory.at(to), i + j);
    }
  };
}

/** Two threads that add to each other's number, and a reader of both. Both read i before j. */
const fib = (sizes: Sizes): readonly Program<Memory>[] =>
  family(sizes, (n, expected) =>
    program({
      id: `fib_bench(${n})`,
      cells: { i: 1, j: 1 },
      threads: {
        first: adder("i", n),
        second: adder("j", n),
        *reader(memory, self) {
          yield* memory.read(self, "i");
          yield* memory.read(self, "j");
        },
      },
      expected,
    }),
  );

const TABLE_SIZE = 128;

/** Threads insert into a hash table; they collide from twelve threads on. */
const indexer = (sizes: Sizes): readonly Program<Memory>[] =>
  family(sizes, (n, expected) =>
    program({
      id: `indexer(${n})`,
      cells: slots("s", TABLE_SIZE),
      threads: times(
        n,
        (i) =>
          function* (memory) {
            for (let m = 0; m < 4; m++) {
              const w = 11 * m + (i - 1) + 1;
              let h = (7 * w) % TABLE_SIZE;
              while ((yield* cmpxchg(memory.at(`s${h}`), 0, w)) !== 0) h = (h + 1) % TABLE_SIZE;
            }
          },
      ),
      expected,
    }),
  );

const INODES = 32;
const BLOCKS = 26;

/** Threads allocate blocks to inodes under locks; they compete from fourteen threads on. */
const filesystem = (sizes: Sizes): readonly Program<Memory>[] =>
  family(sizes, (n, expected) =>
    program({
      id: `filesystem(${n})`,
      cells: { ...slots("inode", INODES), ...slots("busy", BLOCKS) },
      mutexes: [...Object.keys(slots("li", INODES)), ...Object.keys(slots("lb", BLOCKS))],
      threads: times(n, (i) => allocate(i - 1)),
      expected,
    }),
  );

function allocate(thread: number): Body {
  return function* (memory) {
    const i = thread % INODES;
    yield* lock(memory.mutex(`li${i}`));
    if ((yield* readOnce(memory.at(`inode${i}`))) === 0) {
      for (let b = (2 * i) % BLOCKS; ; b = (b + 1) % BLOCKS) {
        yield* lock(memory.mutex(`lb${b}`));
        const isBusy = (yield* readOnce(memory.at(`busy${b}`))) !== 0;
        if (!isBusy) {
          yield* writeOnce(memory.at(`busy${b}`), 1);
          yield* writeOnce(memory.at(`inode${i}`), b + 1);
        }
        yield* unlock(memory.mutex(`lb${b}`));
        if (!isBusy) break;
      }
    }
    yield* unlock(memory.mutex(`li${i}`));
  };
}

/** All of them. */
export const tables: readonly Program<Memory>[] = [
  ...lastzero([
    [1, { traces: 2, interleavings: 3, states: 8 }],
    [2, { traces: 5, interleavings: 35, states: 33 }],
    [3, { traces: 12, interleavings: 920, states: 130 }],
    [4, { traces: 28, interleavings: 44_300, sourcePruned: 2, states: 499 }],
    [5, { traces: 64, interleavings: 3_487_880, sourcePruned: 15, states: 1890 }],
    [6, { traces: 144, states: 7109 }],
    [7, { traces: 320, states: 26_642 }],
    [10, { traces: 3328, sourcePruned: 11_951, states: 1_390_501 }],
  ]),
  ...fib([
    [1, { traces: 11, interleavings: 560, states: 88 }],
    [2, { traces: 140, interleavings: 84_084, states: 1229 }],
    [3, { traces: 1698, states: 14_967 }],
    [4, { traces: 19_605, states: 163_868 }],
  ]),
  ...indexer([
    [10, { traces: 1, sourcePruned: 0 }],
    [11, { traces: 1, sourcePruned: 0 }],
    [12, { traces: 8, sourcePruned: 0 }],
    [13, { traces: 64, sourcePruned: 0 }],
    [14, { traces: 512, sourcePruned: 0 }],
  ]),
  ...filesystem([
    [13, { traces: 1, sourcePruned: 0 }],
    [14, { traces: 2, sourcePruned: 0 }],
    [16, { traces: 8, sourcePruned: 0 }],
    [18, { traces: 32, sourcePruned: 0 }],
  ]),
];

/** The same families where they get too large for tests. */
export const largeTables: readonly Program<Memory>[] = [
  ...lastzero([
    [12, { traces: 15_360 }],
    [15, { traces: 147_456 }],
  ]),
  ...fib([
    [5, { traces: 218_243 }],
    [6, { traces: 2_364_418 }],
  ]),
  ...indexer([[15, { traces: 4096 }]]),
  ...filesystem([[22, { traces: 512 }]]),
];
