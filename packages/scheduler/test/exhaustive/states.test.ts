/** Search over states: what it finds first, what makes loops finite, what it refuses. */

import {
  always,
  atEnd,
  Cell,
  choose,
  cpuRelax,
  defineScenario,
  exhaustive,
  explore,
  forget,
  iterativeBound,
  Operation,
  readOnce,
  searchStates,
  SharedObject,
  trackCounter,
  trackGhosts,
  update,
  UsageError,
  violate,
  writeOnce,
  type OperationKind,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { statesByReplay } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { badChoice, busyForEver, lostUpdate, spinForEver, spinUntilSet } from "../programs.ts";
import { program } from "../tso-programs.ts";

/** What a search and its reference both count. */
function counts(found: { states: number; transitions: number; depth: number }): object {
  const { states, transitions, depth } = found;
  return { states, transitions, depth };
}

function expectLikeReplay<W>(scenario: Scenario<W>, settings: { memory?: "sc" | "tso" } = {}): void {
  const found = searchStates(scenario, { ...settings, stopAtFirst: false });
  const replayed = statesByReplay(scenario, settings);
  expect(found.complete).toBe(true);
  expect(counts(found)).toEqual(counts(replayed));
  const findings = found.violations.map(({ signature, steps }) => [signature, steps]);
  expect(Object.fromEntries(findings)).toEqual(Object.fromEntries(replayed.findings));
}

class Fork extends SharedObject {
  owner: number | undefined = undefined;

  override stateValue(): unknown {
    return [this.owner];
  }
}

const takeKind: OperationKind<Fork, void, void> = {
  name: "take",
  access: "write",
  isEnabled: ({ owner }) => owner === undefined,
  perform: (fork, _none, { id }) => void (fork.owner = id),
};
const putKind: OperationKind<Fork, void, void> = {
  name: "put",
  access: "write",
  perform: (fork) => void (fork.owner = undefined),
};

/** Philosophers who dine for ever; `isLoop: false`: once. */
function dining(n: number, isLoop: boolean): Scenario<readonly Fork[]> {
  const philosopher = (at: number) =>
    function* (forks: readonly Fork[]): Steps<void> {
      const [left, right] = [forks[at]!, forks[(at + 1) % n]!];
      do {
        yield* forget("hungry");
        yield* Operation.of(takeKind, left, undefined);
        yield* Operation.of(takeKind, right, undefined);
        yield* Operation.of(putKind, right, undefined);
        yield* Operation.of(putKind, left, undefined);
      } while (isLoop);
    };
  return defineScenario<readonly Fork[]>({
    name: `dining-${n}`,
    stepsMax: 200,
    setup: () => Array.from({ length: n }, (_, at) => new Fork("fork", `fork ${at}`)),
    threads: Object.fromEntries(Array.from({ length: n }, (_, at) => [`p${at}`, philosopher(at)])),
    properties: [],
  });
}

describe("shortest first", () => {
  test("eight philosophers deadlock in eight steps", () => {
    const { outcome, depth, complete } = searchStates(dining(8, true));
    expect(outcome).toMatchObject({ kind: "deadlock", violation: { steps: 8 } });
    expect(complete).toBe(false);
    expect(depth).toBeLessThanOrEqual(9);
  });

  test("depth-first comes to a longer one", () => {
    const scenario = defineScenario({
      name: "soon",
      setup: () => new Cell("x", 0),
      threads: {
        *first(cell) {
          for (let i = 0; i < 3; i++) yield* update(cell, (value) => value + 1);
        },
        *second(cell) {
          yield* writeOnce(cell, 3);
        },
      },
      properties: [always("below three", ({ value }: Cell<number>) => value < 3)],
    });
    const steps = (order: "bfs" | "dfs") =>
      searchStates(scenario, { order }).violations.map((found) => found.steps);
    expect([steps("bfs"), steps("dfs")]).toEqual([[1], [3]]);
  });

  test("of a deadlock and a violation a step later, the deadlock comes first", () => {
    const nested = (a: number, b: number) =>
      function* ({ forks, done }: { forks: readonly Fork[]; done: Cell<boolean> }): Steps<void> {
        yield* Operation.of(takeKind, forks[a]!, undefined);
        yield* Operation.of(takeKind, forks[b]!, undefined);
        yield* writeOnce(done, true);
        violate("nobody comes through", "somebody does");
      };
    const scenario = defineScenario({
      name: "deadlock-first",
      setup: () => ({
        forks: Array.from({ length: 2 }, (_, at) => new Fork("fork", `fork ${at}`)),
        done: new Cell("done", false),
      }),
      threads: { a: nested(0, 1), b: nested(1, 0) },
      // Reported by the third step of whoever comes through, from a state of the level in which the deadlock is.
      properties: [],
    });
    const { outcome, violations } = searchStates(scenario);
    expect(outcome).toMatchObject({ kind: "deadlock", violation: { steps: 2 } });
    expect(violations.map(({ steps }) => steps)).toEqual([3, 2]);
  });
});

describe("loops", () => {
  // By hand, for 2 who share both forks. Nobody holds any: 1. One has taken the left one, or both, or has put the right
  // one back: 2 x 3. Both hold the left one and wait: 1. One does, and the other has put the right one back: 2.
  test("two philosophers for ever", () =>
    expect(searchStates(dining(2, true), { stopAtFirst: false }).states).toBe(10));

  test("for ever is finite, and as by replay", () => {
    for (const n of [2, 3, 4]) expectLikeReplay(dining(n, true));
  });

  test("without a landmark the search has no end", () => {
    const endless = defineScenario({
      name: "endless",
      setup: () => new Cell("x", 0),
      threads: {
        *reader(cell) {
          for (;;) yield* readOnce(cell);
        },
      },
      properties: [],
    });
    expect(searchStates(endless, { statesMax: 100 })).toMatchObject({ states: 100, complete: false });
    expect(searchStates({ ...endless, stepsMax: 50 })).toMatchObject({ complete: false });
  });

  test("spinning", () => {
    expectLikeReplay(spinUntilSet);
    expectLikeReplay(spinForEver);
    expect(searchStates(spinForEver).outcome.kind).toBe("livelock");
    expect(searchStates(busyForEver).outcome.kind).toBe("livelock");
  });

  test("a landmark that promises too much is noticed", () => {
    const scenario = defineScenario({
      name: "liar",
      setup: () => ({ x: new Cell("x", 0), y: new Cell("y", 0) }),
      threads: {
        *liar({ x, y }) {
          const value = yield* readOnce(x);
          yield* forget("nothing matters");
          if (value === 0) yield* writeOnce(y, 1);
        },
        *writer({ x }) {
          yield* writeOnce(x, 1);
        },
      },
      properties: [],
    });
    expect(() => searchStates(scenario)).toThrow(UsageError);
    expect(() => searchStates(scenario)).toThrow(/liar announced .*forget\(\) that promises too much/s);
  });

  test("who has created shared objects cannot forget", () => {
    const scenario = defineScenario({
      name: "creator",
      setup: () => new Cell("x", 0),
      threads: {
        *creator(cell) {
          const own = new Cell("own", yield* readOnce(cell));
          yield* forget("that");
          yield* writeOnce(own, 1);
        },
      },
      properties: [],
    });
    expect(() => searchStates(scenario)).toThrow(/creator cannot forget at "that"/);
  });
});

describe("bounds", () => {
  const scenarios: readonly Scenario<never>[] = [lostUpdate, dining(2, false), dining(3, false)] as never[];

  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    "%s: as few preemptions and delays as by executions",
    (_name, scenario) => {
      for (const max of [0, 1, 2, 3, 4]) {
        const byExecutions = explore(scenario, iterativeBound({ preemptionsMax: max }));
        const found = searchStates(scenario, { preemptionsMax: max });
        expect(found.outcome.kind).toBe(byExecutions.outcome.kind);
        if ("violation" in found.outcome && "violation" in byExecutions.outcome)
          expect(found.outcome.violation.preemptions).toBe(byExecutions.outcome.violation.preemptions);
        const delayed = explore(scenario, exhaustive({ delaysMax: max }));
        const other = searchStates(scenario, { delaysMax: max });
        expect(other.outcome.kind).toBe(delayed.outcome.kind);
        if (other.outcome.kind === "none") expect(other.complete).toBe(delayed.complete);
      }
    },
  );

  test("a bound that cuts nothing off leaves the search complete", () => {
    expect(searchStates(dining(2, false), { preemptionsMax: 0 }).complete).toBe(false);
    const whole = searchStates(dining(2, false), { preemptionsMax: 9, stopAtFirst: false });
    expect(whole.complete).toBe(true);
    expect(whole.states).toBeGreaterThanOrEqual(19);
  });

  test("bad bounds are refused", () => {
    expect(() => searchStates(lostUpdate, { preemptionsMax: 1, delaysMax: 1 })).toThrow(UsageError);
    expect(() => searchStates(lostUpdate, { preemptionsMax: -1 })).toThrow(UsageError);
    expect(() => searchStates(lostUpdate, { order: "dfs", delaysMax: 1 })).toThrow(UsageError);
  });
});

describe("choices and ghosts", () => {
  test("data choices are steps of their own kind", () => {
    expectLikeReplay(badChoice);
    expect(searchStates(badChoice, { stopAtFirst: false })).toMatchObject({ unreached: [] });
    expectLikeReplay(
      defineScenario({
        name: "choices",
        setup: () => new Cell("x", 0),
        threads: {
          *a(cell) {
            yield* writeOnce(cell, (yield* choose("first", 2)) + 1);
            const value = yield* readOnce(cell);
            yield* writeOnce(cell, value + (yield* choose("second", 3)) * (yield* choose("third", 2)));
          },
          *b(cell) {
            yield* update(cell, (value) => value * 2);
          },
        },
        properties: [atEnd("not eight", ({ value }: Cell<number>) => value !== 8)],
      }),
    );
  });

  test("a violation that hangs on a choice", () => {
    const scenario = defineScenario({
      name: "choosy",
      setup: () => ({ x: new Cell("x", 0), bad: false }),
      threads: {
        *a(world) {
          yield* writeOnce(world.x, 1);
          world.bad = (yield* choose("luck", 3)) === 1;
          yield* writeOnce(world.x, 2);
        },
      },
      properties: [always("good", ({ bad }: { bad: boolean }) => !bad)],
    });
    expectLikeReplay(scenario);
    expect(searchStates(scenario).outcome).toMatchObject({ kind: "violation", violation: { steps: 1 } });
  });

  /** Allocates a number in local code, as frames are. */
  function allocating(isTracked: boolean): Scenario<{ next: number; x: Cell<number>; most: number }> {
    const body = function* (world: { next: number; x: Cell<number>; most: number }): Steps<void> {
      yield* readOnce(world.x);
      const own = world.next++;
      yield* writeOnce(world.x, own);
      world.most = Math.max(world.most, own);
    };
    return defineScenario({
      name: "allocating",
      setup: () => {
        const world = { next: 1, x: new Cell("x", 0), most: 0 };
        if (isTracked) {
          trackCounter("numbers", () => world.next);
          trackGhosts(() => world.most);
        }
        return world;
      },
      threads: { a: body, b: body },
      properties: [atEnd("two", ({ most }: { most: number }) => most === 2)],
    });
  }

  test("local code may read what is tracked, and nothing else", () => {
    expectLikeReplay(allocating(true));
    expect(() => searchStates(allocating(false))).toThrow(/shared state|local code of a thread/);
  });

  test("properties are looked at once per memory where ghosts are tracked", () => {
    interface Pair {
      readonly cells: readonly Cell<number>[];
      readonly bad: boolean;
    }
    const of = (isTracked: boolean): Scenario<Pair> => {
      const body = (at: number) =>
        function* (world: Pair): Steps<void> {
          for (let i = 0; i < 4; i++) yield* readOnce(world.cells[at]!);
          if ((yield* readOnce(world.cells[1 - at]!)) === 0) yield* writeOnce(world.cells[at]!, 1);
        };
      return defineScenario<Pair>({
        name: "readers",
        setup: () => {
          const world = { cells: [new Cell("x", 0), new Cell("y", 0)], bad: false };
          if (isTracked) trackGhosts(() => world.bad);
          return world;
        },
        threads: { a: body(0), b: body(1) },
        properties: [always("not both", ({ cells }) => cells.some(({ value }) => value === 0))],
      });
    };
    expectLikeReplay(of(true));
    expectLikeReplay(of(false));
    const [tracked, untracked] = [searchStates(of(true)), searchStates(of(false))];
    expect(tracked.violations).toEqual(untracked.violations);
    expect(tracked.executions).toBeLessThan(untracked.executions);
  });
});

describe("refused rather than missed", () => {
  class Secret extends SharedObject {
    value = 0;
  }
  class Told extends SharedObject {
    value = 0;
    readonly other: Told | undefined;
    constructor(other?: Told) {
      super("told");
      this.other = other;
    }
    override stateValue(): unknown {
      return this.value;
    }
  }
  const bump: OperationKind<Told, void, unknown> = {
    name: "bump",
    access: "write",
    perform: (told) => {
      if (told.other !== undefined) told.other.value++;
      return ++told.value;
    },
  };
  const peek: OperationKind<Told, void, unknown> = {
    name: "peek",
    access: "read",
    perform: (told) => told.other?.value ?? 0,
  };
  const waitAll: OperationKind<Told, void, void> = { name: "wait_all", access: "all", perform: () => {} };

  function touching(kind: OperationKind<Told, void, unknown>): Scenario<Told> {
    return defineScenario({
      name: "touching",
      setup: () => new Told(new Told()),
      threads: {
        *a(told) {
          yield* Operation.of(bump, told.other!, undefined);
          yield* Operation.of(kind, told, undefined);
        },
        *b(told) {
          yield* Operation.of(kind, told, undefined);
        },
      },
      properties: [],
    });
  }

  test("an object without a state", () => {
    const scenario = defineScenario({
      name: "secret",
      setup: () => new Secret("secret"),
      threads: {
        *a(secret) {
          yield* Operation.of({ name: "touch", access: "write", perform: () => {} }, secret, undefined);
        },
      },
      properties: [],
    });
    expect(() => searchStates(scenario)).toThrow(/secret \(class Secret\) does not say what its state is/);
  });

  test("a write that no footprint names", () => {
    expect(() => searchStates(touching(bump))).toThrow(/changed told, that no footprint names/);
  });

  test("a read that no footprint names", () => {
    const scenario = touching(peek);
    const found = searchStates(scenario);
    // The lie is not seen in what objects hold; the reference counts more.
    expect(found.states).toBeLessThan(statesByReplay(scenario).states);
  });

  test("an operation that looks at all memory", () => {
    expect(() => searchStates(touching(waitAll))).toThrow(/wait_all looks at all memory/);
  });

  test("memory touched in passing", () => {
    const passing: OperationKind<Told, void, void> = {
      name: "glance",
      access: "read",
      isSchedulingPoint: false,
      perform: () => {},
    };
    expect(() => searchStates(touching(passing))).toThrow(/glance is no scheduling point but touches memory/);
  });
});

describe("tso", () => {
  test.each([
    [["x=1 y", "y=1 x"]],
    [["x=1 x y", "y=1 y x"]],
    [["x=1 F y", "y=1 F x"]],
    [["x=1 y=1", "y x"]],
    [["x=1 x<-2", "x?2:3 x"]],
    [["x=1 y", "y=1 x", "x y"]],
  ])("%s", (texts) => {
    expectLikeReplay(program(texts), { memory: "tso" });
    expectLikeReplay(program(texts));
  });

  test("two threads of one CPU share its buffer", () => {
    expectLikeReplay(program(["x=1 y", "y=1 x", "x"], [0, 0, 1]), { memory: "tso" });
  });
});

test("pausing threads and others that write", () => {
  expectLikeReplay(
    defineScenario({
      name: "ping-pong",
      setup: () => new Cell("turn", 0),
      threads: {
        *a(turn) {
          while ((yield* readOnce(turn)) !== 0) yield* cpuRelax();
          yield* writeOnce(turn, 1);
          while ((yield* readOnce(turn)) !== 0) yield* cpuRelax();
        },
        *b(turn) {
          while ((yield* readOnce(turn)) !== 1) yield* cpuRelax();
          yield* writeOnce(turn, 0);
          yield* writeOnce(turn, 0);
        },
      },
      properties: [],
    }),
  );
});
