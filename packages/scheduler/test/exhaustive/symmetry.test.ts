/** Search over states with symmetry: what is found, what is refused. Counts of programs are in the suites. */

import {
  always,
  atEnd,
  Cell,
  choose,
  cpuRelax,
  decodeToken,
  defineScenario,
  Operation,
  readOnce,
  replayToken,
  searchStates,
  sometimes,
  update,
  writeOnce,
  type OperationKind,
  type Scenario,
  type StateSearchOptions,
  type Steps,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { Fork, takeKind } from "../state-searches.ts";

interface Desk {
  readonly total: Cell<number>;
  readonly own: readonly Cell<number>[];
  readonly last: Cell<unknown>;
}

/** Threads `a`, `b`, `c` that each have a cell of their own. */
function desk(
  body: (desk: Desk, index: number) => Steps<void>,
  more: Partial<Scenario<Desk>> = {},
): Scenario<Desk> {
  const names = ["a", "b", "c"];
  return defineScenario<Desk>({
    name: "desk",
    setup: () => ({
      total: new Cell("total", 0),
      own: names.map(() => new Cell("own", 0)),
      last: new Cell<unknown>("last", undefined),
    }),
    threads: Object.fromEntries(names.map((name, at) => [name, (world: Desk) => body(world, at)] as const)),
    properties: [],
    interchangeable: [{ threads: names, owns: ({ own }, at) => own[at] }],
    ...more,
  });
}

const search = (scenario: Scenario<Desk>, options: StateSearchOptions = {}) =>
  searchStates(scenario, { stopAtFirst: false, symmetry: true, ...options });

function* count({ total, own }: Desk, index: number): Steps<void> {
  yield* writeOnce(own[index]!, 1);
  yield* update(total, (value) => value + 1);
}

const NOT_ALIKE = /said to be interchangeable, and are not/;

describe("states that are one", () => {
  // Three threads of three positions each: so many multisets. The results of updates say who came first.
  test("what threads have seen goes with them", () => {
    expect(search(desk(count)).states).toBe(10);
    expect(searchStates(desk(count)).states).toBeGreaterThan(27);
  });

  test("threads as values, by themselves, by name, and by a thing that is theirs", () => {
    const noteKind: OperationKind<Cell<unknown>, unknown, void> = {
      name: "note",
      access: "write",
      perform: (cell, what, thread) => void (cell.value = what === "thread" ? thread : what),
    };
    const noting = (what: (world: Desk, index: number) => unknown) =>
      desk(function* (world, index) {
        yield* Operation.of(noteKind, world.last, what(world, index));
      });
    // Nobody has noted anything, or so many have, one of them last.
    for (const scenario of [
      noting(() => "thread"),
      noting((_, index) => ["abc"[index]]),
      noting(({ own }, index) => [{ by: own[index] }]),
    ])
      expect(search(scenario).states).toBe(4);
    expect(() => search(noting((_, index) => index))).toThrow(NOT_ALIKE);
  });

  test("data choices, also before the first step, in spin loops, and with objects that threads make", () => {
    const scenario = desk(function* ({ total, own }, index) {
      const by = 1 + (yield* choose("how much", 2));
      const made = new Cell("made", by);
      yield* update(total, (value) => value + by);
      while ((yield* readOnce(total)) < 4) yield* cpuRelax();
      yield* writeOnce(own[index]!, (yield* readOnce(made)) + (yield* choose("more", 2)));
    });
    const plain = searchStates(scenario, { stopAtFirst: false });
    const found = search(scenario);
    expect(found).toMatchObject({ complete: true, depth: plain.depth });
    expect(found.violations.map(({ oracle }) => oracle)).toEqual(
      plain.violations.map(({ oracle }) => oracle),
    );
    // Six permutations: no orbit has more states.
    expect(found.states).toBeGreaterThanOrEqual(plain.states / 6);
    expect(found.states).toBeLessThan(plain.states / 4);
    expect(search(scenario, { order: "dfs" }).states).toBe(found.states);
  });
});

describe("findings", () => {
  /** Reads, then writes one more: two may read the same. */
  function* countBadly({ total }: Desk): Steps<void> {
    yield* writeOnce(total, (yield* readOnce(total)) + 1);
  }

  test("are as short as without, and replay", () => {
    const scenario = desk(countBadly, {
      properties: [atEnd("three", ({ total }: Desk) => total.value === 3)],
    });
    const { violations, states } = search(scenario);
    const plain = searchStates(scenario, { stopAtFirst: false });
    expect(violations.map(({ oracle, steps }) => [oracle, steps])).toEqual([["three", 6]]);
    expect(violations[0]!.steps).toBe(plain.violations[0]!.steps);
    expect(states).toBeLessThan(plain.states);
    expect(replayToken(scenario, decodeToken(violations[0]!.token)).kind).toBe("reproduced");
  });

  test("deadlocks, and what is reached sometimes", () => {
    const scenario: Scenario<readonly Fork[]> = {
      name: "forks",
      setup: () => [new Fork("fork"), new Fork("fork")],
      threads: Object.fromEntries(
        ["left", "right"].map(
          (name, at) =>
            [
              name,
              function* (forks: readonly Fork[]): Steps<void> {
                yield* Operation.of(holdKind, forks[at]!, undefined);
                yield* Operation.of(holdKind, forks[1 - at]!, undefined);
              },
            ] as const,
        ),
      ),
      properties: [sometimes("both are held", (forks) => forks.every(({ owner }) => owner !== undefined))],
      interchangeable: [{ threads: ["left", "right"], owns: (forks, at) => forks[at] }],
    };
    const found = searchStates(scenario, { symmetry: true, stopAtFirst: false });
    expect(found).toMatchObject({ unreached: [], complete: true, states: 4 });
    expect(found.violations.map(({ signature }) => signature)).toEqual(["deadlock"]);
  });

  /** Like `takeKind`, without a number that says which thread it was. */
  const holdKind: typeof takeKind = { ...takeKind, perform: (fork) => void (fork.owner = 0) };
});

describe("refused", () => {
  test("a thread that leaves a step out: the plain search finds the bug, the other must not lose it", () => {
    const scenario = desk(
      function* (world, index) {
        if (index === 2) yield* writeOnce(world.total, 7);
        else yield* count(world, index);
      },
      { properties: [always("small", ({ total }: Desk) => total.value < 7)] },
    );
    expect(searchStates(scenario).outcome.kind).toBe("violation");
    expect(() => search(scenario)).toThrow(NOT_ALIKE);
  });

  test("a thread that differs late, and only where another has gone before", () => {
    const scenario = desk(function* (world, index) {
      const before = yield* update(world.total, (value) => value + 1);
      yield* writeOnce(world.own[index]!, index === 2 && before === 2 ? 5 : 1);
    });
    expect(() => search(scenario)).toThrow(NOT_ALIKE);
  });

  test("a thread that waits where others do not", () => {
    const waitKind = (index: number): OperationKind<Cell<number>, void, void> => ({
      name: "wait",
      access: "read",
      isEnabled: ({ value }) => index !== 1 || value === 2,
      perform: () => {},
    });
    const scenario = desk(function* ({ total }, index) {
      yield* update(total, (value) => value + 1);
      yield* Operation.of(waitKind(index), total, undefined);
    });
    expect(() => search(scenario)).toThrow(NOT_ALIKE);
  });

  test("a thread whose step returns something else, even if that has no consequence", () => {
    const askKind = (index: number): OperationKind<Cell<number>, void, number> => ({
      name: "ask",
      access: "read",
      perform: ({ value }) => (index === 1 ? value + 1 : value),
    });
    const scenario = desk(function* ({ total }, index) {
      yield* Operation.of(askKind(index), total, undefined);
    });
    expect(() => search(scenario)).toThrow(NOT_ALIKE);
  });

  /** Whoever is first looks; `b` looks at more, and finds it later, when only `a` is looked at in its place. */
  test("a thread that looks at more than others, where it makes no difference yet", () => {
    const lookKind: OperationKind<Cell<unknown>, Cell<number> | undefined, void> = {
      name: "look",
      access: "read",
      touches: (_cell, other) => (other === undefined ? [] : [{ access: "write", object: other }]),
      perform: (_cell, other) => void (other?.value === 1 && (other.value = 2)),
    };
    const scenario = desk(
      function* ({ total, own, last }, index) {
        if (index === 2) {
          while ((yield* readOnce(total)) === 0) yield* cpuRelax();
          yield* writeOnce(own[2]!, 1);
          return;
        }
        const before = yield* update(total, (value) => value + 1);
        if (before === 0) yield* Operation.of(lookKind, last, index === 1 ? own[2]! : undefined);
      },
      {
        properties: [always("not two", ({ own }: Desk) => own[2]!.value < 2)],
        interchangeable: [{ threads: ["a", "b"], owns: ({ own }, at) => own[at] }],
      },
    );
    expect(searchStates(scenario).outcome.kind).toBe("violation");
    expect(() => search(scenario)).toThrow(/only one of them looks at own/);
  });

  test("a thread that may choose more", () => {
    const scenario = desk(function* (world, index) {
      yield* count(world, index);
      yield* writeOnce(world.own[index]!, 2 + (yield* choose("luck", index === 0 ? 3 : 2)));
    });
    expect(() => search(scenario)).toThrow(NOT_ALIKE);
  });

  test("a property that tells threads apart", () => {
    const scenario = desk(count, {
      properties: [
        always("b is not first", ({ own: [a, b, c] }: Desk) => !(b!.value > a!.value && b!.value > c!.value)),
      ],
    });
    expect(searchStates(scenario).outcome.kind).toBe("violation");
    expect(() => search(scenario)).toThrow(/a property tells them apart/);
  });

  test("what is not alike at the start, or not told", () => {
    expect(() => search(desk(count, { interchangeable: [{ threads: ["a", "b"] }] }))).toThrow(NOT_ALIKE);
    const rich = (): Desk => ({
      total: new Cell("total", 0),
      own: [0, 0, 5].map((value) => new Cell("own", value)),
      last: new Cell<unknown>("last", undefined),
    });
    expect(() => search(desk(count, { setup: rich }))).toThrow(/They differ before the first step/);
    const unlike = (owns: (world: Desk, at: number) => unknown) =>
      desk(count, { interchangeable: [{ threads: ["a", "b"], owns }] });
    expect(() => search(unlike(({ own }, at) => own.slice(0, at + 1)))).toThrow(
      /what they own differs: 1, 2/,
    );
    expect(() => search(unlike(({ own }) => own[0]))).toThrow(/own the same object/);
    expect(() => search(unlike(({ own, total }, at) => (at === 0 ? own[0] : total)))).toThrow(NOT_ALIKE);
  });

  test.each([
    [{ interchangeable: [] }, {}, /names no interchangeable threads/],
    [{ interchangeable: [{ threads: ["a", "d"] }] }, {}, /there is no thread d/],
    [{ interchangeable: [{ threads: ["a"] }] }, {}, /it takes two/],
    [{ interchangeable: [{ threads: ["a", "b"] }, { threads: ["b", "c"] }] }, {}, /in one set only/],
    [
      { daemons: { d: (world: Desk) => count(world, 0) }, interchangeable: [{ threads: ["a", "d"] }] },
      {},
      /a thread and a daemon/,
    ],
    [{}, { memory: "tso" as const }, /symmetry is for sc/],
    [{}, { preemptionsMax: 1 }, /exclude each other/],
    [{}, { delaysMax: 1 }, /exclude each other/],
  ])("declarations and options that make no sense: %#", (more, options, message) => {
    expect(() => search(desk(count, more), options)).toThrow(message);
  });

  test("more permutations than can be tried", () => {
    const threads = Object.fromEntries(
      Array.from({ length: 8 }, (_, at) => [`t${at}`, function* () {}] as const),
    );
    const scenario: Scenario<null> = {
      name: "many",
      setup: () => null,
      threads,
      properties: [],
      interchangeable: [{ threads: Object.keys(threads) }],
    };
    expect(() => searchStates(scenario, { symmetry: true })).toThrow(/more than 5040/);
  });
});
