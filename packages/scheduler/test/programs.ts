/** Small programs that several tests explore. */

import {
  always,
  atEnd,
  Cell,
  choose,
  cpuRelax,
  defineScenario,
  readOnce,
  sometimes,
  update,
  writeOnce,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";

export interface Counter {
  readonly cell: Cell<number>;
}

function* increment({ cell }: Counter): Steps<void> {
  const value = yield* readOnce(cell);
  yield* writeOnce(cell, value + 1);
}

/** Two threads that add one without a lock: the classic lost update. Six interleavings, four of which lose one. */
export const lostUpdate: Scenario<Counter> = defineScenario({
  name: "lost-update",
  setup: () => ({ cell: new Cell("counter", 0) }),
  threads: { a: increment, b: increment },
  properties: [atEnd("both increments count", ({ cell }) => cell.value === 2)],
});

/** The same with an atomic addition: two interleavings, both right. */
export const atomicUpdate: Scenario<Counter> = defineScenario({
  name: "atomic-update",
  setup: () => ({ cell: new Cell("counter", 0) }),
  threads: {
    *a({ cell }) {
      yield* update(cell, (value) => value + 1);
    },
    *b({ cell }) {
      yield* update(cell, (value) => value + 1);
    },
  },
  properties: [atEnd("both increments count", ({ cell }) => cell.value === 2)],
});

/** `threads` threads of `writes` writes each, all to one cell or each to its own. */
export function writers(threads: number, writes: number, shared: boolean): Scenario<readonly Cell<number>[]> {
  const body = (id: number) =>
    function* (cells: readonly Cell<number>[]): Steps<void> {
      for (let i = 0; i < writes; i++) yield* writeOnce(cells[shared ? 0 : id]!, id);
    };
  return defineScenario<readonly Cell<number>[]>({
    name: `writers-${threads}-${writes}-${shared ? "shared" : "apart"}`,
    setup: () => Array.from({ length: threads }, (_, id) => new Cell("cell", -1, { name: `cell ${id}` })),
    threads: Object.fromEntries(Array.from({ length: threads }, (_, id) => [`t${id}`, body(id)])),
    properties: [],
  });
}

/**
 * One writer of x[0], n readers that read it after writing a cell of their own: `readers(n)` of the DPOR literature
 * (Abdulla et al., POPL 2014, table 1) has 2^n Mazurkiewicz traces.
 */
export function readers(n: number): Scenario<Cell<number>> {
  const reader = function* (cell: Cell<number>): Steps<void> {
    yield* readOnce(cell);
  };
  return defineScenario<Cell<number>>({
    name: `readers-${n}`,
    setup: () => new Cell("x", 0),
    threads: {
      *writer(cell) {
        yield* writeOnce(cell, 1);
      },
      ...Object.fromEntries(Array.from({ length: n }, (_, id) => [`reader${id}`, reader])),
    },
    properties: [],
  });
}

/** A thread that spins until another one sets a flag. */
export const spinUntilSet: Scenario<Cell<boolean>> = defineScenario<Cell<boolean>>({
  name: "spin-until-set",
  setup: () => new Cell("flag", false),
  threads: {
    *waiter(flag) {
      while (!(yield* readOnce(flag))) yield* cpuRelax();
    },
    *setter(flag) {
      yield* writeOnce(flag, true);
    },
  },
  properties: [],
});

/** A thread that spins on a flag which nobody sets. */
export const spinForEver: Scenario<Cell<boolean>> = defineScenario<Cell<boolean>>({
  name: "spin-for-ever",
  setup: () => new Cell("flag", false),
  threads: {
    *waiter(flag) {
      while (!(yield* readOnce(flag))) yield* cpuRelax();
    },
    *other(flag) {
      yield* writeOnce(flag, false);
    },
  },
  properties: [],
});

/** A loop without `cpuRelax` that nobody ends: only the step limit can. */
export const busyForEver: Scenario<Cell<boolean>> = defineScenario<Cell<boolean>>({
  name: "busy-for-ever",
  stepsMax: 200,
  setup: () => new Cell("flag", false),
  threads: {
    *waiter(flag) {
      while (!(yield* readOnce(flag))) {
        // Nothing: the next read is the next step.
      }
    },
  },
  properties: [],
});

/** One data choice of three; the third is wrong. */
export const badChoice: Scenario<{ chosen: number }> = defineScenario<{ chosen: number }>({
  name: "bad-choice",
  setup: () => ({ chosen: -1 }),
  threads: {
    *chooser(world) {
      world.chosen = yield* choose("weather", 3);
      yield* writeOnce(new Cell("cell", 0), 1);
    },
  },
  properties: [
    always("no storm", ({ chosen }) => chosen !== 2),
    sometimes("sun", ({ chosen }) => chosen === 1),
  ],
});
