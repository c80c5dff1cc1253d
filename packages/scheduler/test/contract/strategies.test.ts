/** Laws that every strategy must pass; a new one is tested by being listed. */

import {
  always,
  boundedDpor,
  dpor,
  exhaustive,
  explore,
  forcedOrder,
  hashText,
  iterativeBound,
  optimalDpor,
  pct,
  portfolio,
  pos,
  prefixed,
  random,
  replaySchedule,
  roundRobin,
  steered,
  surw,
  uniformWalk,
  UsageError,
  type Observer,
  type Scenario,
  type Strategy,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { badChoice, lostUpdate, readers, spinUntilSet, writers } from "../programs.ts";

const makers: readonly [string, (randomSeed: number) => Strategy][] = [
  ["random", (randomSeed) => random({ randomSeed, executionsMax: 40 })],
  ["pct", (randomSeed) => pct({ randomSeed, executionsMax: 40, depth: 3 })],
  ["pos", (randomSeed) => pos({ randomSeed, executionsMax: 40 })],
  ["uniform walk", (randomSeed) => uniformWalk({ randomSeed, executionsMax: 40 })],
  ["surw", (randomSeed) => surw({ randomSeed, executionsMax: 40 })],
  [
    "steered",
    (randomSeed) =>
      steered({
        base: pos({ randomSeed, executionsMax: 40 }),
        constraints: [
          { location: 1, reader: hashText("t2/read_once/x"), writer: undefined, isNegated: true },
          { location: 1, reader: hashText("t1/write_once/x"), writer: undefined, isNegated: false },
        ],
      }),
  ],
  [
    "prefixed",
    (randomSeed) =>
      prefixed({ choices: [0, 1, 1], values: [1], steps: 2, base: pos({ randomSeed, executionsMax: 1 }) }),
  ],
  [
    "prefixed",
    (randomSeed) =>
      forcedOrder({
        choices: [0, 1],
        values: [],
        step: 1,
        first: { thread: 0, site: 0, location: 1 },
        base: pos({ randomSeed, executionsMax: 1 }),
      }),
  ],
  ["round robin", () => roundRobin({ quantum: 2 })],
  [
    "portfolio",
    (randomSeed) =>
      portfolio([
        roundRobin({ quantum: 1 }),
        pos({ randomSeed, executionsMax: 20 }),
        exhaustive({ preemptionsMax: 0 }),
      ]),
  ],
  ["dpor", () => dpor()],
  ["optimal dpor", () => optimalDpor()],
  ["optimal dpor", () => optimalDpor({ properties: "final-states" })],
  ["optimal dpor", () => optimalDpor({ properties: "final-states", wakeupTreeNodesMax: 1 })],
  ["bounded dpor", () => boundedDpor({ preemptionsMax: 1 })],
  ["bounded dpor", () => boundedDpor({ preemptionsMax: 1, properties: "final-states" })],
  ["delay-bounded dpor", () => boundedDpor({ delaysMax: 1, properties: "final-states" })],
  ["dfs", () => exhaustive()],
  ["dfs with sleep sets", () => exhaustive({ reduction: "sleep-sets" })],
  ["bounded dfs", () => exhaustive({ preemptionsMax: 1 })],
  ["delay-bounded dfs", () => exhaustive({ delaysMax: 1 })],
  ["bounded", () => iterativeBound({ preemptionsMax: 2 })],
  ["delay bounded", () => iterativeBound({ delaysMax: 2 })],
  ["replay", () => replaySchedule(Uint8Array.of(1, 0, 0, 3, 2, 7))],
];

const scenarios: readonly Scenario<never>[] = [
  lostUpdate,
  badChoice,
  readers(3),
  writers(3, 2, true),
  spinUntilSet,
] as never[];

/** The steps of every execution, as text. */
function record(
  scenario: Scenario<never>,
  strategy: Strategy,
): { readonly steps: string[]; readonly executions: number } {
  const steps: string[] = [];
  const observer: Observer = {
    beginExecution: () => void steps.push("begin"),
    onStep: (thread, operation, result) =>
      void steps.push(`${thread.name} ${operation.site!.address} ${String(result)}`),
  };
  const { executions } = explore(scenario, strategy, { observers: [observer], stopAtFirst: false });
  return { steps, executions };
}

/** The beginnings of executions after which properties are looked at, one for each time. */
function lookedAt(scenario: Scenario<never>, strategy: Strategy): string[] {
  let steps: string[] = [];
  const looks: string[] = [];
  const observer: Observer = {
    beginExecution: () => {
      steps = [];
    },
    onStep: (thread, operation, result) =>
      void steps.push(`${thread.name} ${operation.site!.address} ${String(result)}`),
  };
  const looker = always("is looked at", () => looks.push(steps.join()) > 0);
  const looked = { ...scenario, properties: [looker] } as Scenario<never>;
  explore(looked, strategy, { observers: [observer], stopAtFirst: false });
  return looks;
}

/** The same strategy, which does not say where it has been before. */
function forgetful(strategy: Strategy): Strategy {
  return {
    name: strategy.name,
    isComplete: false,
    beginExploration: (facts) => strategy.beginExploration?.(facts),
    beginExecution: () => strategy.beginExecution(),
    pickThread: (point) => strategy.pickThread(point),
    pickValue: (count) => strategy.pickValue(count),
    endExecution: (threads, ending) => strategy.endExecution?.(threads, ending),
  };
}

describe.each(makers)("%s", (name, make) => {
  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    "on %s",
    (_scenarioName, scenario) => {
      const first = record(scenario, make(7));
      expect(first.executions).toBeGreaterThan(0);
      expect(record(scenario, make(7))).toEqual(first); // Two runs agree, step by step.
      expect(
        explore(scenario, make(7), { stopAtFirst: false, checkDeterminism: true }).outcome.kind,
      ).not.toBe("notReproducible");
    },
  );

  test("properties are looked at wherever it comes for the first time", () => {
    for (const scenario of scenarios) {
      const everywhere = lookedAt(scenario, forgetful(make(7)));
      expect(new Set(lookedAt(scenario, make(7)))).toEqual(new Set(everywhere));
    }
  });

  test("begins no execution after the last", () => {
    const strategy = make(3);
    explore(lostUpdate, strategy, { stopAtFirst: false });
    expect(strategy.beginExecution()).toBe(false);
    expect(strategy.name).toBe(name);
  });

  test("its findings replay to themselves", () => {
    for (const violation of explore(lostUpdate, make(7), { stopAtFirst: false }).violations) {
      const again = explore(lostUpdate, replaySchedule(violation.schedule)).violations;
      expect(again).toEqual([violation]);
    }
  });
});

test.each([exhaustive, dpor, optimalDpor])("a search looks at no beginning of executions twice", (search) => {
  for (const scenario of scenarios) {
    const looks = lookedAt(scenario, search());
    expect(new Set(looks).size).toBe(looks.length);
    expect(lookedAt(scenario, forgetful(search())).length).toBeGreaterThanOrEqual(looks.length);
  }
});

test("a strategy that would run nothing is refused", () => {
  expect(() => random({ randomSeed: 1, executionsMax: 0 })).toThrow(UsageError);
  expect(() => pct({ randomSeed: 1, executionsMax: 10, depth: 0 })).toThrow(/depth/);
  for (const make of [pos, surw, uniformWalk]) {
    expect(() => make({ randomSeed: 1, executionsMax: 0 })).toThrow(UsageError);
    expect(() => make({ randomSeed: 0.5, executionsMax: 1 })).toThrow(/randomSeed/);
  }
  expect(() => roundRobin({ quantum: 0 })).toThrow(/quantum/);
  expect(() => portfolio([])).toThrow(/at least one/);
  expect(() => exhaustive({ preemptionsMax: -1 })).toThrow(UsageError);
  expect(() => exhaustive({ preemptionsMax: 1, reduction: "sleep-sets" })).toThrow(/sleep sets/);
  expect(() => exhaustive({ delaysMax: 1, reduction: "sleep-sets" })).toThrow(/sleep sets/);
  expect(() => exhaustive({ delaysMax: 0.5 })).toThrow(/delaysMax/);
  expect(() => exhaustive({ delaysMax: 1, preemptionsMax: 1 })).toThrow(/not both/);
  expect(() => iterativeBound({ delaysMax: -1 })).toThrow(/delays/);
  expect(() => iterativeBound({ delaysMax: 1, preemptionsMax: 1 })).toThrow(/one of them/);
});
