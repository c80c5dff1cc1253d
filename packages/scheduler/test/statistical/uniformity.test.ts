/**
 * Uniform walks are uniform and the plain walk is not: the toy of the SURW artifact. Two threads of five steps have
 * C(10, 5) = 252 interleavings; 25,200 executions make 100 of each the expectation.
 */

import {
  atEnd,
  Cell,
  defineScenario,
  Engine,
  explore,
  pct,
  pos,
  random,
  roundRobin,
  surw,
  uniformWalk,
  update,
  type Scenario,
  type Steps,
  type Strategy,
} from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { lostUpdate, writers } from "../programs.ts";

const toy = writers(2, 5, true);

/** How often each interleaving came up. */
function tally<W>(scenario: Scenario<W>, strategy: Strategy): ReadonlyMap<string, number> {
  const engine = new Engine(scenario);
  const counts = new Map<string, number>();
  while (strategy.beginExecution()) {
    engine.run(strategy);
    const key = engine.choices.join("");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function chiSquare(counts: ReadonlyMap<string, number>, outcomes: number, expected: number): number {
  const seen = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return seen + (outcomes - counts.size) * expected;
}

const sampling = { randomSeed: 5, executionsMax: 25_200 };

test.each([
  ["uniform walk", uniformWalk(sampling)],
  ["surw", surw(sampling)],
] as const)("%s is uniform over the 252 interleavings", (_name, strategy) => {
  const counts = tally(toy, strategy);
  expect(counts.size).toBe(252);
  // 251 degrees of freedom: mean 251, standard deviation 22.4.
  expect(chiSquare(counts, 252, 100)).toBeLessThan(330);
  expect(chiSquare(counts, 252, 100)).toBeGreaterThan(170);
});

test("the control: the random walk is far from uniform", () => {
  const counts = tally(toy, random(sampling));
  expect([...counts.values()].reduce((a, b) => a + b)).toBe(25_200);
  expect(chiSquare(counts, 252, 100)).toBeGreaterThan(5_000);
});

test("the control: at depth 2, PCT cannot even reach all of them", () => {
  const counts = tally(toy, pct({ ...sampling, depth: 2 }));
  // At most one forced switch and the one when a thread ends: aaaaabbbbb, and a prefix of one thread, the other whole,
  // then the rest: 2 * 5 schedules. The first execution, of unknown length, is one of them.
  expect(counts.size).toBe(10);
});

test("the uniform walk raises a count that was too low", () => {
  // The worker does one step, or five once its first step found the flag set. Trials that saw one step are corrected.
  const scenario = defineScenario({
    name: "sometimes-long",
    setup: () => new Cell("flag", 0),
    threads: {
      *setter(flag) {
        yield* update(flag, (value) => value + 1);
      },
      *worker(flag) {
        if ((yield* update(flag, (value) => value)) === 0) return;
        for (let i = 0; i < 4; i++) yield* update(flag, (value) => value);
      },
    },
    properties: [],
  });
  const counts = tally(scenario, uniformWalk({ randomSeed: 1, executionsMax: 3_000 }));
  // Weights 1 and 5 from then on: the setter comes first with 1/6, so 500 times; standard deviation 20.
  const long = counts.get("011111")!;
  expect(long).toBeGreaterThan(500 - 80);
  expect(long).toBeLessThan(500 + 80);
  expect(counts.size).toBe(2);
});

test("surw is uniform over the accesses to one location, whatever surrounds them", () => {
  // Thread a has three accesses to cells of its own before each of two shared ones; b has only the two shared ones.
  // C(4, 2) = 6 orders of the shared accesses; 6,000 executions; chi-square with 5 degrees of freedom above 20.5: 0.1 %.
  const shared: string[] = [];
  const scenario = defineScenario<readonly [Cell<string>, Cell<string>]>({
    name: "surrounded",
    setup: () => [new Cell("shared", ""), new Cell("own", "")] as const,
    threads: {
      *a([cell, own]): Steps<void> {
        for (let i = 0; i < 2; i++) {
          for (let j = 0; j < 3; j++) yield* update(own, (value) => value);
          yield* update(cell, (value) => `${value}a`);
        }
      },
      *b([cell]) {
        for (let i = 0; i < 2; i++) yield* update(cell, (value) => `${value}b`);
      },
    },
    properties: [atEnd("noted", ([cell]) => shared.push(cell.value) > 0)],
  });
  const orders = (strategy: Strategy): ReadonlyMap<string, number> => {
    shared.length = 0;
    explore(scenario, strategy);
    return new Map([...new Set(shared)].map((order) => [order, shared.filter((it) => it === order).length]));
  };
  const options = { randomSeed: 11, executionsMax: 6_000 };
  const counts = orders(surw(options));
  expect(counts.size).toBe(6);
  expect(chiSquare(counts, 6, 1_000)).toBeLessThan(20.5);
  expect(chiSquare(counts, 6, 1_000)).toBeGreaterThan(0.1);
  expect(chiSquare(orders(uniformWalk(options)), 6, 1_000)).toBeGreaterThan(1_000);
});

test("POS loses the update in a third of its executions", () => {
  // Say a reads first. Its write draws afresh; b's read kept the smaller of two draws, and beats the write with
  // probability 1/3 (mean of the smaller of two uniforms). Then, and only then, b reads the old value: 1,000 of 3,000,
  // standard deviation 26. The random walk's figure is 1/2.
  let lost = 0;
  explore(lostUpdate, pos({ randomSeed: 3, executionsMax: 3_000 }), { stopWhen: () => (lost++, false) });
  expect(lost).toBeGreaterThan(1_000 - 4 * 26);
  expect(lost).toBeLessThan(1_000 + 4 * 26);
});

test("round robin switches after each quantum, and earlier when a thread has finished", () => {
  const schedule = (quantum: number): string[] => [
    ...tally(writers(3, 3, true), roundRobin({ quantum })).keys(),
  ];
  expect(schedule(1)).toEqual(["012012012"]);
  expect(schedule(2)).toEqual(["001122012"]);
  expect(schedule(5)).toEqual(["000111222"]);
});

test("surw goes on when the intended thread cannot come, and when counts were too low", () => {
  const scenario = defineScenario({
    name: "stale-counts",
    setup: () => new Cell("x", 0),
    threads: {
      *first(x) {
        const many = (yield* update(x, (value) => value + 1)) === 1 ? 6 : 1;
        for (let i = 0; i < many; i++) yield* update(x, (value) => value);
      },
      *second(x) {
        const many = (yield* update(x, (value) => value + 1)) === 1 ? 6 : 1;
        for (let i = 0; i < many; i++) yield* update(x, (value) => value);
      },
    },
    properties: [],
  });
  for (let randomSeed = 1; randomSeed <= 20; randomSeed++) {
    const counts = tally(scenario, surw({ randomSeed, executionsMax: 50 }));
    expect([...counts.values()].reduce((a, b) => a + b)).toBe(50);
    // Whoever updates second does six more: both are seen.
    expect(new Set([...counts.keys()].map((key) => key.split("0").length))).toEqual(new Set([3, 8]));
  }
});
