/** The engine: points before effects, properties after steps, endings. */

import {
  always,
  atEnd,
  boundedDpor,
  Cell,
  choose,
  defineScenario,
  dpor,
  exhaustive,
  explore,
  InternalError,
  iterativeBound,
  Lifetime,
  never,
  Operation,
  optimalDpor,
  oracle,
  pos,
  random,
  readOnce,
  replay,
  sometimes,
  surw,
  uniformWalk,
  UsageError,
  violate,
  writeOnce,
  type OperationKind,
  type Steps,
} from "@mmrace/scheduler";
import { expectExactly, expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { busyForEver, lostUpdate, spinForEver, spinUntilSet, writers } from "../programs.ts";

describe("endings", () => {
  test("a spin loop ends when the flag is set, and does not blow up the search", () => {
    const exploration = explore(spinUntilSet, exhaustive());
    expectNoViolation(exploration);
    // The setter before the first read; between read and pause; after the pause began to wait.
    expect(exploration.executions).toBe(2);
  });

  test("a spin loop that nobody ends is a livelock", () => {
    const { outcome } = explore(spinForEver, exhaustive());
    expect(outcome).toMatchObject({
      kind: "livelock",
      violation: { oracle: "livelock", message: expect.stringContaining("waiter") },
    });
  });

  test("a busy loop in which nothing changes is a livelock at the step limit", () => {
    expect(explore(busyForEver, exhaustive()).outcome.kind).toBe("livelock");
  });

  test("a loop that changes something is cut off, and the search is not complete", () => {
    const scenario = defineScenario<Cell<number>>({
      name: "endless",
      stepsMax: 50,
      setup: () => new Cell("cell", 0),
      threads: {
        *a(cell) {
          for (let i = 0; ; i++) yield* writeOnce(cell, i);
        },
      },
      properties: [],
    });
    const exploration = explore(scenario, exhaustive());
    expect(exploration.outcome).toEqual({ kind: "stepLimit", steps: 50 });
    expect(exploration.complete).toBe(false);
  });

  test("what a model throws is a bug of the model, not a finding", () => {
    const scenario = defineScenario({
      name: "throws",
      setup: () => new Cell("cell", 0),
      threads: {
        *a(cell: Cell<number>) {
          yield* readOnce(cell);
          throw new Error("oops");
        },
      },
      properties: [],
    });
    expect(() => explore(scenario, exhaustive())).toThrow(InternalError);
    expect(() => explore(scenario, exhaustive())).toThrow(/a threw after 1 steps: oops/);
  });

  test("after a reported violation, what the model throws says nothing", () => {
    const scenario = defineScenario({
      name: "violates-and-throws",
      setup: () => new Cell("cell", 0),
      threads: {
        *a(cell: Cell<number>) {
          yield* readOnce(cell);
          violate("assertion", "it broke");
          throw new Error("oops");
        },
      },
      properties: [],
    });
    expect(expectViolation(explore(scenario, exhaustive()), "assertion").signature).toBe(
      "assertion @ a/read_once/cell",
    );
  });

  test("an operation outside an exploration is a usage error", () => {
    expect(() => readOnce(new Cell("cell", 0)).next()).toThrow(UsageError);
  });
});

describe("properties", () => {
  const world = (): { cell: Cell<number> } => ({ cell: new Cell("cell", 0) });
  const threads = {
    *a({ cell }: { cell: Cell<number> }): Steps<void> {
      yield* writeOnce(cell, 1);
      yield* writeOnce(cell, 2);
    },
  };

  test("always and never are checked before the first step and after each", () => {
    const broken = (value: number) =>
      explore(
        defineScenario<{ cell: Cell<number> }>({
          name: "p",
          setup: world,
          threads,
          properties: [never("value", ({ cell }) => cell.value === value)],
        }),
        exhaustive(),
      );
    expect(expectViolation(broken(0), "value").steps).toBe(0);
    expect(expectViolation(broken(1), "value").steps).toBe(1);
    expect(expectViolation(broken(2), "value").steps).toBe(2);
    expectExactly(broken(3), 1);
  });

  test("an unreached sometimes-property fails the test", () => {
    const scenario = defineScenario<{ cell: Cell<number> }>({
      name: "p",
      setup: world,
      threads,
      properties: [
        sometimes("one", ({ cell }) => cell.value === 1),
        sometimes("three", ({ cell }) => cell.value === 3),
      ],
    });
    const exploration = explore(scenario, exhaustive());
    expect(exploration.unreached).toEqual(["three"]);
    expect(() => expectNoViolation(exploration)).toThrow(/never got there: three/);
  });

  test("an oracle gives its name to its properties", () => {
    const properties = oracle("bundle", [
      always("below two", ({ cell }: { cell: Cell<number> }) => cell.value < 2),
    ]);
    const exploration = explore(
      defineScenario({ name: "p", setup: world, threads, properties }),
      exhaustive(),
    );
    expect(expectViolation(exploration, "bundle").message).toBe("below two");
  });

  test("the assertions themselves can fail", () => {
    const clean = explore(writers(2, 1, true), exhaustive());
    const wrong = explore(lostUpdate, exhaustive());
    expect(() => expectViolation(clean, "x")).toThrow(/ended with none/);
    expect(() => expectNoViolation(wrong)).toThrow(/Replay it with/);
    expect(() => expectExactly(clean, 3)).toThrow(/exactly 3 executions, counted 2/);
    const nothing = explore(writers(2, 1, true), random({ randomSeed: 1, executionsMax: 1 }), {
      executionsMax: 0,
    });
    expect(() => expectNoViolation(nothing)).toThrow(/not one execution/);
  });
});

test("a use after the end of a lifetime is a violation, and reduction keeps the order of use and free", () => {
  const freeKind: OperationKind<Lifetime, void, void> = {
    name: "free",
    access: "write",
    perform: (lifetime) => lifetime.end(),
  };
  const scenario = defineScenario({
    name: "use-after-free",
    setup: () => {
      const memory = new Lifetime("memory", "block", "use-after-free");
      return { memory, cell: new Cell("cell", 0, { lifetime: memory }) };
    },
    threads: {
      *user({ cell }: { cell: Cell<number> }) {
        yield* readOnce(cell);
      },
      *owner({ memory }: { memory: Lifetime }) {
        yield* Operation.of(freeKind, memory, undefined);
      },
    },
    properties: [],
  });
  for (const strategy of [exhaustive(), exhaustive({ reduction: "sleep-sets" })]) {
    const exploration = explore(scenario, strategy, { stopAtFirst: false });
    expect(exploration.executions).toBe(2);
    expect(expectViolation(exploration, "use-after-free").message).toBe(
      "user does read_once on cell after block was freed",
    );
  }
});

test("an execution that cannot be repeated is reported as such", () => {
  let runs = 0;
  const scenario = defineScenario({
    name: "hidden-state",
    setup: () => new Cell("cell", runs++),
    threads: {
      *a(cell: Cell<number>) {
        yield* readOnce(cell);
      },
    },
    properties: [],
  });
  const { outcome } = explore(scenario, exhaustive(), { checkDeterminism: true });
  expect(outcome).toMatchObject({
    kind: "notReproducible",
    message: expect.stringContaining("READ_ONCE(cell) = 0"),
  });
});

test("scenarios without threads, or with too many, are refused", () => {
  const threads = Object.fromEntries(
    Array.from({ length: 257 }, (_, i) => [`t${i}`, function* (): Steps<void> {}]),
  );
  const make = (some: typeof threads) =>
    defineScenario({ name: "s", setup: () => 0, threads: some, properties: [] });
  expect(() => make({})).toThrow(/no threads/);
  expect(() => make(threads)).toThrow(/at most 256/);
});

test("many threads are for sampling: searches through all schedules refuse them", () => {
  const crowd = (count: number) =>
    defineScenario({
      name: "crowd",
      setup: () => new Cell("cell", 0),
      threads: Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `t${i}`,
          function* (cell: Cell<number>): Steps<void> {
            yield* writeOnce(cell, i);
          },
        ]),
      ),
      properties: [atEnd<Cell<number>>("last is not last", (cell) => cell.value !== count - 1)],
    });
  const sampling = { randomSeed: 1, executionsMax: 10_000 };
  for (const make of [random, pos, surw, uniformWalk]) {
    const { token } = expectViolation(explore(crowd(40), make(sampling)), "last is not last");
    expectViolation(explore(crowd(40), replay(token)), "last is not last");
  }
  const searches = [
    exhaustive(),
    dpor(),
    optimalDpor(),
    boundedDpor({ preemptionsMax: 1 }),
    iterativeBound({ delaysMax: 1 }),
  ];
  for (const search of searches) {
    expect(() => explore(crowd(31), search)).toThrow(
      /up to 30 threads and daemons, and thread 30 is beyond them/,
    );
  }
});

test("a data choice is one byte of a schedule, and of at most 30 values for exhaustive search", () => {
  const chooser = (count: number) =>
    defineScenario({
      name: "chooser",
      setup: () => 0,
      threads: {
        *a() {
          yield* choose("value", count);
        },
      },
      properties: [],
    });
  expect(() => explore(chooser(257), random({ randomSeed: 1, executionsMax: 1 }))).toThrow(UsageError);
  expect(() => explore(chooser(0), random({ randomSeed: 1, executionsMax: 1 }))).toThrow(/1 to 256/);
  expect(() => explore(chooser(31), exhaustive())).toThrow(/up to 30/);
  expectExactly(explore(chooser(30), exhaustive()), 30);
});
