/** Search over states: what it finds first, what makes loops finite, what bounds leave. */

import {
  always,
  Cell,
  defineScenario,
  exhaustive,
  explore,
  forget,
  iterativeBound,
  Operation,
  readOnce,
  searchStates,
  update,
  UsageError,
  violate,
  writeOnce,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { busyForEver, lostUpdate, spinForEver, spinUntilSet } from "../programs.ts";
import { dining, expectLikeReplay, Fork, takeKind } from "../state-searches.ts";

describe("shortest first", () => {
  test("eight philosophers deadlock in eight steps", () => {
    const { outcome, depth, complete } = searchStates(dining(8, Infinity));
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
    expect(searchStates(dining(2, Infinity), { stopAtFirst: false }).states).toBe(10));

  test("for ever is finite, and as by replay", () => {
    for (const n of [2, 3, 4]) expectLikeReplay(dining(n, Infinity));
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
  const scenarios: readonly Scenario<never>[] = [lostUpdate, dining(2, 1), dining(3, 1)] as never[];

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
    expect(searchStates(dining(2, 1), { preemptionsMax: 0 }).complete).toBe(false);
    const whole = searchStates(dining(2, 1), { preemptionsMax: 9, stopAtFirst: false });
    expect(whole.complete).toBe(true);
    expect(whole.states).toBeGreaterThanOrEqual(19);
  });

  test("bad bounds are refused", () => {
    expect(() => searchStates(lostUpdate, { preemptionsMax: 1, delaysMax: 1 })).toThrow(UsageError);
    expect(() => searchStates(lostUpdate, { preemptionsMax: -1 })).toThrow(UsageError);
    expect(() => searchStates(lostUpdate, { order: "dfs", delaysMax: 1 })).toThrow(UsageError);
  });
});

test("in a bounded search, who ran last is part of the state", () => {
  // Two orders of two commuting steps come to one state; without a preemption only one of the two threads may go on there.
  const own = (at: number) =>
    function* (cells: readonly Cell<number>[]): Steps<void> {
      yield* forget("first");
      yield* writeOnce(cells[at]!, 1);
      yield* writeOnce(cells[at]!, 2);
    };
  const scenario = defineScenario<readonly Cell<number>[]>({
    name: "apart",
    setup: () => [new Cell("x", 0), new Cell("y", 0)],
    threads: { a: own(0), b: own(1) },
    properties: [],
  });
  // By hand: 9 states; with at most 1 preemption each but the start is told apart by who came last, as far as it can be.
  expect(searchStates(scenario).states).toBe(9);
  const bounded = searchStates(scenario, { preemptionsMax: 9 });
  // The start, 2 x 2 where one thread has not begun, and 2 each of the 4 where both have.
  expect({ states: bounded.states, complete: bounded.complete }).toEqual({ states: 13, complete: true });
});
