/** Mutexes, used well. Counts: GenMC's and Nidhugg's tests, and an independent enumerator. */

import { readOnce, writeOnce } from "@mmrace/scheduler";
import { lock, trylock, unlock } from "../mutex.ts";
import { family, program, times, type Memory, type Program } from "../program.ts";

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** N threads that add 1 under a mutex: as many traces as orders of the threads, and as many interleavings. */
const lockinc = family(
  [[2, 17] as const, [3, 61] as const, [4, 257] as const, [5, 1301] as const].map(([n, states]) => {
    const count = factorial(n);
    return [n, { traces: count, interleavings: count, deadlocked: 0, sourcePruned: 0, states }] as const;
  }),
  (n, expected) =>
    program({
      id: `lockinc(${n})`,
      cells: { x: 0 },
      mutexes: ["m"],
      threads: times(
        n,
        () =>
          function* (memory, self) {
            yield* lock(memory.mutex("m"));
            const value = yield* memory.read(self, "x");
            yield* writeOnce(memory.at("x"), value + 1);
            yield* unlock(memory.mutex("m"));
          },
      ),
      expected,
    }),
);

/**
 * A step before the lock and one after: the lock is contended, yet most steps commute. By hand: the order of the two
 * critical sections is all that matters, so 2 traces.
 */
const surroundedLock = program({
  id: "surrounded lock",
  cells: { x: 0, a: 0, b: 0 },
  mutexes: ["m"],
  threads: Object.fromEntries(
    ["a", "b"].map((own) => [
      own,
      function* (memory: Memory) {
        yield* writeOnce(memory.at(own), 1);
        yield* lock(memory.mutex("m"));
        yield* writeOnce(memory.at("x"), (yield* readOnce(memory.at("x"))) * 2 + (own === "a" ? 1 : 0));
        yield* unlock(memory.mutex("m"));
        yield* writeOnce(memory.at(own), 2);
      },
    ]),
  ),
  expected: { traces: 2, deadlocked: 0 },
});

/** Whoever finds the mutex taken does something else. */
const trylocks = program({
  id: "trylock, else",
  cells: { x: 0 },
  mutexes: ["m"],
  threads: times(
    2,
    (i) =>
      function* (memory) {
        if (yield* trylock(memory.mutex("m"))) {
          yield* writeOnce(memory.at("x"), i);
          yield* unlock(memory.mutex("m"));
        } else yield* writeOnce(memory.at("x"), -i);
      },
  ),
  expected: { deadlocked: 0 },
});

/** One thread waits for the lock while the other tries it. */
const lockAndTry = program({
  id: "lock against trylock",
  cells: { x: 0, y: 0 },
  mutexes: ["m"],
  threads: {
    *waiter(memory) {
      yield* writeOnce(memory.at("y"), 1);
      yield* lock(memory.mutex("m"));
      yield* writeOnce(memory.at("x"), 1);
      yield* unlock(memory.mutex("m"));
    },
    *tryer(memory, self) {
      if (!(yield* trylock(memory.mutex("m")))) return;
      yield* memory.read(self, "x");
      yield* unlock(memory.mutex("m"));
      yield* memory.read(self, "y");
    },
  },
  expected: { deadlocked: 0 },
});

/** All of them. */
export const locks: readonly Program<Memory>[] = [...lockinc, surroundedLock, trylocks, lockAndTry];
