/**
 * Races of SCTBench (Thomson, Donaldson and Betts, PPoPP 2014) in their pure shapes: all threads exist from the start,
 * each access and lock operation is one step. Counts from an independent enumerator. A thread that notices something
 * says so in ghost state, and the property looks at the end, so that every execution runs to its end.
 */

import { readOnce, update, writeOnce } from "@mmrace/scheduler";
import { lock, unlock } from "../../mutex.ts";
import { family, program, times, type Body, type Memory, type Program } from "../../program.ts";

/** A body under one mutex. */
function guarded(mutex: string, body: Body): Body {
  return function* (memory, self) {
    yield* lock(memory.mutex(mutex));
    yield* body(memory, self);
    yield* unlock(memory.mutex(mutex));
  };
}

/** N-1 setters of two cells, one checker that wants to see both of them set or neither. */
const reorder = family(
  [
    [3, { traces: 56, interleavings: 172, wrongInterleavings: 18 }],
    [4, { traces: 1248, interleavings: 7038, wrongInterleavings: 522 }],
  ],
  (n, expected) =>
    program({
      id: `reorder_${n}`,
      cells: { a: 0, b: 0 },
      threads: {
        ...times(
          n - 1,
          () =>
            function* (memory) {
              yield* writeOnce(memory.at("a"), 1);
              yield* writeOnce(memory.at("b"), -1);
            },
        ),
        *checker(memory, self) {
          if ((yield* memory.read(self, "a")) === 0 && (yield* memory.read(self, "b")) === 0) return;
          if ((yield* memory.read(self, "a")) === 1 && (yield* memory.read(self, "b")) === -1) return;
          memory.wrong = "half set";
        },
      },
      expected,
    }),
);

function increment(memory: Memory, name: string, by: number) {
  return update(memory.at(name), (value) => value + by);
}

/** The first thread and the others protect one counter with different locks. */
const wronglock = program({
  id: "wronglock_3",
  cells: { x: 0 },
  mutexes: ["A", "B"],
  threads: {
    first: guarded("A", function* (memory, self) {
      const before = yield* memory.read(self, "x");
      yield* writeOnce(memory.at("x"), (yield* memory.read(self, "x")) + 1);
      if ((yield* memory.read(self, "x")) !== before + 1) memory.wrong = "an increment was lost";
    }),
    ...times(3, () =>
      guarded("B", function* (memory, self) {
        yield* writeOnce(memory.at("x"), (yield* memory.read(self, "x")) + 1);
      }),
    ),
  },
  expected: { traces: 360, interleavings: 111_384, wrongInterleavings: 63_882 },
});

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
  expected: { traces: 6, interleavings: 6, wrongInterleavings: 2 },
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
  expected: { traces: 6, interleavings: 6, wrongInterleavings: 2 },
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
  expected: { traces: 24, interleavings: 24, wrongInterleavings: 4 },
});

/** The flag says that something was pushed, and is never cleared. */
const stack = program({
  id: "stack(3)",
  cells: { top: 0, flag: 0 },
  mutexes: ["m"],
  threads: {
    *pusher(memory, self) {
      for (let i = 0; i < 3; i++) {
        yield* guarded("m", function* () {
          yield* increment(memory, "top", 1);
          yield* writeOnce(memory.at("flag"), 1);
        })(memory, self);
      }
    },
    *popper(memory, self) {
      for (let i = 0; i < 3; i++) {
        yield* guarded("m", function* () {
          if ((yield* memory.read(self, "flag")) === 0) return;
          if ((yield* memory.read(self, "top")) <= 0) memory.wrong = "popped from an empty stack";
          yield* increment(memory, "top", -1);
        })(memory, self);
      }
    },
  },
  expected: { traces: 20, interleavings: 20, wrongInterleavings: 6 },
});

/** All of them. */
export const races: readonly Program<Memory>[] = [...reorder, wronglock, account, lazy, tokenRing, stack];
