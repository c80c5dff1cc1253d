/**
 * Optimal DPOR: what it promises beyond source-DPOR. That its rules lose nothing is tested in dpor.test.ts; counts of
 * published programs are in the suites.
 */

import {
  always,
  Cell,
  choose,
  cmpxchg,
  cpuRelax,
  defineScenario,
  Engine,
  exhaustive,
  explore,
  Operation,
  optimalDpor,
  readOnce,
  SharedObject,
  sometimes,
  UsageError,
  writeOnce,
  type Exploration,
  type OperationKind,
  type OptimalDporOptions,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { lostUpdate, readers } from "../programs.ts";

type Memory = readonly [Cell<number>, Cell<number>, Cell<number>];

function scenarioOf(...threads: readonly ((memory: Memory) => Steps<void>)[]): Scenario<Memory> {
  return defineScenario({
    name: "optimal",
    setup: () => [new Cell("x", 0), new Cell("y", 0), new Cell("z", 0)] as const,
    threads: Object.fromEntries(threads.map((body, at) => [`t${at}`, body])),
    properties: [],
  });
}

/** One trace each, by the reduction that keeps all of them, and not one execution more. */
function expectOptimal<W>(scenario: Scenario<W>, traces: number, options: OptimalDporOptions = {}): void {
  const kept = explore(scenario, exhaustive({ reduction: "sleep-sets" }), { stopAtFirst: false });
  expect(kept.executions).toBe(traces);
  const exploration = explore(scenario, optimalDpor(options), { stopAtFirst: false });
  expect(exploration).toMatchObject({ executions: traces, pruned: 0, complete: true });
}

/** popl14 of the suites: source-DPOR prunes 3 executions here. */
const popl14 = scenarioOf(
  function* ([x]) {
    yield* writeOnce(x, 1);
  },
  function* ([, y]) {
    yield* writeOnce(y, 1);
  },
  function* ([, y, z]) {
    if ((yield* readOnce(y)) === 0) yield* writeOnce(z, 1);
  },
  function* ([x, y, z]) {
    if ((yield* readOnce(z)) !== 0 && (yield* readOnce(y)) === 0) yield* writeOnce(x, 2);
  },
);

describe("one execution per trace, and no other", () => {
  test("where source sets are not enough", () => {
    expectOptimal(popl14, 5);
  });

  test("with data choices, also within sequences that are still to be explored", () => {
    const chooser = function* ([x, y]: Memory): Steps<void> {
      yield* writeOnce(x, yield* choose("first", 2));
      yield* writeOnce(y, yield* choose("second", 3));
    };
    const reader = function* ([x, y]: Memory): Steps<void> {
      if ((yield* readOnce(y)) === 0 && (yield* readOnce(x)) === 0) yield* writeOnce(y, 4);
    };
    // Too many to count by hand; by sleep sets.
    expectOptimal(scenarioOf(chooser, reader, reader), 196);
  });

  test("where a compare and exchange fails or not, depending on the order", () => {
    const exchange = (from: number) =>
      function* ([x, y]: Memory): Steps<void> {
        yield* readOnce(y);
        yield* cmpxchg(x, from, from + 1);
      };
    // casrot(4) of the literature has 14 traces; what each thread reads first changes nothing. Which of the exchanges
    // fail is not always known in advance here: one trace is lost if overdue sleepers are treated as all others.
    expectOptimal(scenarioOf(exchange(0), exchange(1), exchange(2), exchange(3)), 14);
  });

  test("where pauses wait", () => {
    const spinner = function* ([x]: Memory): Steps<void> {
      while ((yield* readOnce(x)) === 0) yield* cpuRelax();
    };
    const setter = function* ([x, y]: Memory): Steps<void> {
      yield* writeOnce(y, 1);
      yield* writeOnce(x, 1);
    };
    // A spinner reads x after it is set, or before; then it pauses until x is set, or only until y is; then it reads x
    // after that or before again. These four ways of one spinner commute with those of the other.
    expectOptimal(scenarioOf(spinner, spinner, setter), 16);
  });
});

/** A lock for one writer or many readers. */
class Shared extends SharedObject {
  readers = 0;
  isWritten = false;
}

const modes = {
  read: {
    isFree: (lock: Shared) => !lock.isWritten,
    set: (lock: Shared, isHeld: boolean) => void (lock.readers += isHeld ? 1 : -1),
  },
  write: {
    isFree: (lock: Shared) => !lock.isWritten && lock.readers === 0,
    set: (lock: Shared, isHeld: boolean) => void (lock.isWritten = isHeld),
  },
} as const;

function* hold(lock: Shared, access: "read" | "write", body: () => Steps<void>): Steps<void> {
  const take: OperationKind<Shared, void, void> = {
    name: `take_${access}`,
    access,
    role: "acquire",
    isEnabled: (object) => modes[access].isFree(object),
    perform: (object) => modes[access].set(object, true),
  };
  const drop: OperationKind<Shared, void, void> = {
    name: `drop_${access}`,
    access,
    role: "release",
    perform: (object) => modes[access].set(object, false),
  };
  yield* Operation.of(take, lock, undefined);
  yield* body();
  yield* Operation.of(drop, lock, undefined);
}

test("a writer is not put before one reader while another holds the lock", () => {
  const reader = function* ({ lock, x }: { lock: Shared; x: Cell<number> }): Steps<void> {
    yield* hold(lock, "read", function* () {
      yield* readOnce(x);
    });
  };
  const scenario = defineScenario({
    name: "readers and a writer",
    setup: () => ({ lock: new Shared("lock"), x: new Cell("x", 0) }),
    threads: {
      first: reader,
      second: reader,
      third: reader,
      *writer({ lock, x }) {
        yield* hold(lock, "write", function* () {
          yield* writeOnce(x, 1);
        });
      },
    },
    properties: [],
  });
  // Each reader comes before the writer or after it.
  expectOptimal(scenario, 8);
});

describe("properties about states in between", () => {
  const watched: Scenario<Cell<number>> = {
    ...readers(4),
    properties: [
      always<Cell<number>>("an integer", ({ value }) => Number.isInteger(value)),
      sometimes<Cell<number>>("written", ({ value }) => value === 1),
    ],
  };

  test("make it search exactly as sleep sets do, unless they are switched off", () => {
    const { executions, pruned, steps } = explore(watched, exhaustive({ reduction: "sleep-sets" }));
    expect(pruned).toBeGreaterThan(0);
    expect(explore(watched, optimalDpor())).toMatchObject({ executions, pruned, steps, complete: true });
    const reduced = explore(watched, optimalDpor({ properties: "final-states" }));
    expect(reduced).toMatchObject({ executions: 16, pruned: 0, complete: true });
  });

  test("a strategy that nobody told anything visits every state", () => {
    const engine = new Engine(watched);
    const strategy = optimalDpor();
    let begun = 0;
    while (strategy.beginExecution()) {
      engine.run(strategy);
      begun++;
    }
    const { executions, pruned } = explore(watched, exhaustive({ reduction: "sleep-sets" }));
    expect(begun).toBe(executions + pruned);
    expect(strategy).toMatchObject({ isComplete: true, hasFallenBack: false });
  });
});

describe("without room for wakeup trees", () => {
  const search = (wakeupTreeNodesMax: number): Exploration & { readonly hasFallenBack: boolean } => {
    const strategy = optimalDpor({ wakeupTreeNodesMax });
    return { ...explore(popl14, strategy), hasFallenBack: strategy.hasFallenBack };
  };

  test("it is source-DPOR, says so, and counts what it prunes", () => {
    expect(search(0)).toMatchObject({ executions: 5, pruned: 3, complete: true, hasFallenBack: true });
    expect(search(1)).toMatchObject({ executions: 5, complete: true, hasFallenBack: true });
    expect(search(100)).toMatchObject({ executions: 5, pruned: 0, complete: true, hasFallenBack: false });
  });

  test("other sizes are refused", () => {
    for (const wakeupTreeNodesMax of [-1, 0.5, NaN]) {
      expect(() => optimalDpor({ wakeupTreeNodesMax })).toThrow(UsageError);
    }
  });
});

test("broken atEnd properties are found, with all their traces", () => {
  let lost = 0;
  const exploration = explore(lostUpdate, optimalDpor(), { stopWhen: () => (lost++, false) });
  expect(exploration).toMatchObject({ executions: 4, pruned: 0, complete: true });
  expect(lost).toBe(2);
});

test("data choices before the first step, and up to 30 values", () => {
  const chooser = (count: number) =>
    defineScenario<number[]>({
      name: "choices",
      setup: () => [],
      threads: {
        *first(chosen) {
          chosen.push(yield* choose("early", count));
          yield* writeOnce(new Cell("cell", 0), yield* choose("late", 2));
        },
      },
      properties: [],
    });
  expectOptimal(chooser(30), 60);
  expect(() => explore(chooser(31), optimalDpor())).toThrow(/up to 30, not 31/);
});
