/** Livelocks that write: a fair circle of steps is one, an unfair one and one that ends by itself are not. */

import {
  Cell,
  cmpxchg,
  defineScenario,
  exhaustive,
  explore,
  readOnce,
  replaySchedule,
  roundRobin,
  update,
  writeOnce,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { expect, test } from "vitest";

interface Door {
  readonly wants: readonly [Cell<boolean>, Cell<boolean>];
}

/** Each wants to go first, sees that the other one does too, gives way, and tries again; at most so many times. */
function politely(tries: number): Scenario<Door> {
  const body = (self: 0 | 1) =>
    function* ({ wants }: Door): Steps<void> {
      for (let i = 0; i < tries; i++) {
        yield* writeOnce(wants[self], true);
        const mustGiveWay = yield* readOnce(wants[1 - self]!);
        yield* writeOnce(wants[self], false);
        if (!mustGiveWay) return;
      }
    };
  return defineScenario<Door>({
    name: "politely",
    stepsMax: 120,
    setup: () => ({ wants: [new Cell("want", false), new Cell("want", false)] }),
    threads: { a: body(0), b: body(1) },
    properties: [],
  });
}

test("two threads that give way to each other for ever are a livelock", () => {
  const { outcome } = explore(politely(Infinity), roundRobin({ quantum: 1 }));
  expect(outcome).toMatchObject({
    kind: "livelock",
    violation: { message: expect.stringMatching(/^the same 6 steps over and over/) },
  });
  const { violation } = outcome as Extract<typeof outcome, { kind: "livelock" }>;
  expect(explore(politely(Infinity), replaySchedule(violation.schedule)).violations).toEqual([violation]);
});

test("bounded retries that end are silent", () => {
  expect(explore(politely(15), roundRobin({ quantum: 1 })).outcome.kind).toBe("none");
});

test("a circle of one thread while another one could run is unfair, and no livelock", () => {
  // The first thread stays in the door; the search lets the other one try for ever.
  const { violations, outcome } = explore(politely(Infinity), exhaustive({ preemptionsMax: 1 }), {
    stopAtFirst: false,
  });
  expect(violations).toEqual([]);
  expect(outcome.kind).toBe("stepLimit");
});

/** A thread that goes round, and a cell that shows it or does not. */
function goingRound(step: (cell: Cell<number>) => Steps<unknown>): Scenario<Cell<number>> {
  return defineScenario<Cell<number>>({
    name: "going-round",
    stepsMax: 120,
    setup: () => new Cell("cell", 0),
    threads: {
      *runner(cell) {
        for (;;) yield* step(cell);
      },
    },
    properties: [],
  });
}

test("an exchange that goes to and fro is a circle; what counts is none", () => {
  const toAndFro = goingRound(function* (cell) {
    yield* cmpxchg(cell, 0, 1);
    yield* writeOnce(cell, 0);
  });
  expect(explore(toAndFro, exhaustive()).outcome.kind).toBe("livelock");
  const add = (value: number): number => value + 1;
  const counter = goingRound(function* (cell) {
    yield* update(cell, add);
  });
  expect(explore(counter, exhaustive()).outcome.kind).toBe("stepLimit");
});
