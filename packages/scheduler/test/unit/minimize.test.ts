/** Minimization: the fewest preemptions, then the fewest steps, with a proof where the search came to its end. */

import {
  always,
  atEnd,
  Cell,
  choose,
  defineScenario,
  encodeSchedule,
  explore,
  minimize,
  random,
  readOnce,
  replaySchedule,
  UsageError,
  writeOnce,
  type Scenario,
  type Violation,
} from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { busyForEver, lostUpdate } from "../programs.ts";

function findingOfSchedule<W>(scenario: Scenario<W>, ...schedule: readonly number[]): Violation {
  return explore(scenario, replaySchedule(Uint8Array.from(schedule))).violations[0]!;
}

test("drops preemptions that the violation does not need, and proves that the rest is needed", () => {
  const noisy = findingOfSchedule(lostUpdate, 0, 0, 1, 0, 0, 0, 1, 0);
  const calm = minimize(lostUpdate, noisy);
  expect([noisy.preemptions, calm.violation.preemptions]).toEqual([2, 1]);
  expect(calm).toMatchObject({ fewestPreemptionsProven: true, fewestStepsProven: true });
  expect(calm.violation.signature).toBe(noisy.signature);
  expect(minimize(lostUpdate, calm.violation).violation).toEqual(calm.violation);
});

test("findings of one signature come to the same schedule", () => {
  const schedules = [
    [0, 0, 1, 0, 0, 0, 1, 0],
    [1, 0, 0, 0, 1, 0, 0, 0],
    [1, 0, 0, 1, 1, 0],
    [0, 0, 1, 1, 0, 0],
  ];
  const findings = schedules.map((schedule) => findingOfSchedule(lostUpdate, ...schedule));
  const small = findings.map((finding) => minimize(lostUpdate, finding).violation);
  for (const violation of small) expect(violation).toEqual(small[0]);
});

test("without a budget nothing is proven, but that a finding without preemptions has none to lose", () => {
  const noisy = findingOfSchedule(lostUpdate, 0, 0, 1, 0, 0, 0, 1, 0);
  const calm = minimize(lostUpdate, noisy, { executionsMax: 0 });
  expect(calm.violation.preemptions).toBe(1);
  expect(calm).toMatchObject({ fewestPreemptionsProven: false, fewestStepsProven: false });
  // Level 0 has two schedules, and the third attempt to begin one shows that there are no more.
  expect(minimize(lostUpdate, noisy, { executionsMax: 2 }).fewestPreemptionsProven).toBe(false);
  const proven = minimize(lostUpdate, noisy, { executionsMax: 3 });
  expect(proven).toMatchObject({ fewestPreemptionsProven: true, fewestStepsProven: false });
  expect(() => minimize(lostUpdate, noisy, { executionsMax: -1 })).toThrow(UsageError);
});

/** Wrong as soon as one thread has seen x set; others set it after one step or after four. */
const detour: Scenario<Readonly<Record<"x" | "y" | "seen", Cell<number>>>> = defineScenario({
  name: "detour",
  setup: () => ({ x: new Cell("x", 0), y: new Cell("y", 0), seen: new Cell("seen", 0) }),
  threads: {
    *far({ x, y }) {
      for (let i = 0; i < 3; i++) yield* writeOnce(y, i);
      yield* writeOnce(x, 1);
    },
    *near({ x }) {
      yield* writeOnce(x, 1);
    },
    *victim({ x, seen }) {
      if ((yield* readOnce(x)) === 1) yield* writeOnce(seen, 1);
    },
  },
  properties: [always("x stays 0", ({ seen }) => seen.value === 0)],
});

test("fewest steps: another thread does it sooner", () => {
  const long = findingOfSchedule(detour, 0, 3, 2, 1);
  expect([long.preemptions, long.steps]).toEqual([0, 6]);
  // Neither dropping nor moving a block gets there; a search of the level without preemptions does.
  expect(minimize(detour, long, { executionsMax: 0 }).violation.steps).toBe(6);
  const short = minimize(detour, long);
  expect(short).toMatchObject({ fewestPreemptionsProven: true, fewestStepsProven: true });
  expect(short.violation).toMatchObject({ preemptions: 0, steps: 3, threads: ["near", "victim"] });
});

test("what cannot be searched to its end is not proven", () => {
  const wide = (count: number) =>
    defineScenario<Cell<number>>({
      name: "wide",
      setup: () => new Cell("x", 0),
      threads: {
        *a(x) {
          yield* writeOnce(x, 1);
          yield* writeOnce(x, 0);
        },
        *b(x) {
          if ((yield* choose("way", count)) === 0) yield* readOnce(x);
          if ((yield* readOnce(x)) === 1) yield* writeOnce(x, 2);
        },
      },
      properties: [always("x is no 2", ({ value }) => value !== 2)],
    });
  for (const [count, isProven] of [
    [30, true],
    [31, false],
  ] as const) {
    const scenario = wide(count);
    const found = explore(scenario, random({ randomSeed: 1, executionsMax: 200 })).violations[0]!;
    const { violation, fewestPreemptionsProven } = minimize(scenario, found);
    expect(violation.preemptions).toBe(1);
    expect(fewestPreemptionsProven).toBe(isProven);
  }
});

test("a search that the step limit cuts proves nothing", () => {
  const scenario = defineScenario<Cell<boolean>>({
    ...busyForEver,
    name: "busy",
    threads: {
      ...busyForEver.threads,
      *x(flag) {
        yield* writeOnce(flag, false);
        yield* writeOnce(flag, false);
      },
      *y(flag) {
        if (!(yield* readOnce(flag))) yield* writeOnce(flag, true);
      },
    },
    properties: [always("the flag stays down", ({ value }) => !value)],
  });
  const found = findingOfSchedule(scenario, 1, 0, 2, 0, 1, 0, 2, 0);
  expect(found.preemptions).toBe(2);
  const { violation, fewestStepsProven, executions } = minimize(scenario, found);
  expect(violation.preemptions).toBe(0);
  expect(fewestStepsProven).toBe(false);
  expect(executions).toBeLessThan(100); // So it was not for lack of a budget.
});

test("a finding that does not show itself is given back", () => {
  const other = findingOfSchedule(lostUpdate, 0, 0, 1, 0, 0, 0, 1, 0);
  const { violation, fewestPreemptionsProven } = minimize(detour, other);
  expect(violation).toBe(other);
  expect(fewestPreemptionsProven).toBe(false);
});

test("trials end after five million steps: each of thousands of blocks can be dropped", () => {
  const writes = 2000;
  const relay: Scenario<Cell<number>> = defineScenario<Cell<number>>({
    name: "relay",
    setup: () => new Cell("x", 0),
    threads: Object.fromEntries(
      ["a", "b"].map((name) => [
        name,
        function* run(x: Cell<number>) {
          for (let i = 0; i < writes; i++) yield* writeOnce(x, i);
        },
      ]),
    ),
    properties: [atEnd<Cell<number>>("never ends", () => false)],
  });
  const schedule = Array.from({ length: 2 * writes }, (_, at) => at % 2);
  const long = explore(relay, replaySchedule(encodeSchedule(schedule, []))).violations[0]!;
  expect(long.preemptions).toBeGreaterThan(writes);
  const { executions, violation } = minimize(relay, long, { executionsMax: 0 });
  expect(executions).toBeLessThan(5_000_000 / (2 * writes) + 10);
  expect(violation.preemptions).toBeLessThan(long.preemptions);
});
