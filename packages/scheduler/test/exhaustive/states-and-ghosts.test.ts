/** Search over states: data choices, ghost state, buffered stores, spin loops. */

import {
  always,
  atEnd,
  Cell,
  choose,
  cpuRelax,
  defineScenario,
  readOnce,
  searchStates,
  trackCounter,
  trackGhosts,
  update,
  writeOnce,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { badChoice } from "../programs.ts";
import { expectLikeReplay } from "../state-searches.ts";
import { program } from "../tso-programs.ts";

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
