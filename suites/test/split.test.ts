/** Searches in parts come to what the search in one piece comes to, whatever the workers do when, on all programs. */

import { LOCK_PROTOCOL, Lockdep, SpinLock, spinLock, spinUnlock } from "@mmrace/locks";
import {
  Cell,
  choose,
  decodeToken,
  defineScenario,
  exhaustive,
  explore,
  iterativeBound,
  Prng,
  readOnce,
  SliceRunner,
  sometimes,
  SplitSearch,
  type ExhaustiveOptions,
  type Exploration,
  type SearchState,
  type SliceRequest,
  type SliceResult,
  type SplitSearchOptions,
  type Strategy,
  writeOnce,
} from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { correct, wrong, type Program } from "../src/index.ts";

interface Locks {
  readonly a: SpinLock;
  readonly b: SpinLock;
}

/** A thread takes its locks in one order of two. No execution is wrong by itself, and no part that has one order only. */
const ordersByChoice: Program<Locks> = {
  id: "orders by choice",
  scenario: defineScenario<Locks>({
    name: "orders by choice",
    setup: () => {
      const lockdep = new Lockdep();
      return { a: new SpinLock(lockdep, "a"), b: new SpinLock(lockdep, "b") };
    },
    threads: {
      *taker({ a, b }) {
        const [first, second] = (yield* choose("order", 2)) === 1 ? [b, a] : [a, b];
        yield* spinLock(first);
        yield* spinLock(second);
        yield* spinUnlock(second);
        yield* spinUnlock(first);
      },
      *quiet() {
        yield* choose("anything", 3);
      },
    },
    properties: [],
  }),
  finalState: () => "",
  expected: {},
};

/** Reaches what it waits for in few executions, and does not end in others. */
const watched: Program<Cell<number>> = {
  id: "watched",
  scenario: defineScenario<Cell<number>>({
    name: "watched",
    stepsMax: 5,
    setup: () => new Cell("cell", 0),
    threads: {
      *up(cell) {
        for (let i = 0; i < 2; i++) yield* writeOnce(cell, cell.value + 1);
      },
      *again(cell) {
        for (let tries = 0; tries < 3 && (yield* readOnce(cell)) === 1; tries++) yield* writeOnce(cell, 1);
      },
    },
    properties: [
      sometimes("back", ({ value }) => value === 1),
      sometimes("one more", ({ value }) => value === 2),
      sometimes("never there", ({ value }) => value === 9),
    ],
  }),
  finalState: () => "",
  expected: {},
};

/** Executions, pruned ones included, after which a program is too large for this test. */
const RUNS_MAX = 120;

const programs: readonly Program[] = [
  ...Object.values({ ...correct, ...wrong }).flat(),
  watched as unknown as Program,
  ordersByChoice as unknown as Program,
];

/** Each search in one piece, and as levels. */
const searches: readonly (readonly [string, () => Strategy, readonly ExhaustiveOptions[]])[] = [
  ["interleavings", () => exhaustive(), [{}]],
  ["sleep sets", () => exhaustive({ reduction: "sleep-sets" }), [{ reduction: "sleep-sets" }]],
  ["2 preemptions", () => exhaustive({ preemptionsMax: 2 }), [{ preemptionsMax: 2 }]],
  [
    "0, 1, 2 preemptions",
    () => iterativeBound({ preemptionsMax: 2 }),
    [0, 1, 2].map((preemptionsMax) => ({ preemptionsMax })),
  ],
  ["0, 1, 2 delays", () => iterativeBound({ delaysMax: 2 }), [0, 1, 2].map((delaysMax) => ({ delaysMax }))],
];

/** Workers that answer in an order of their own: any of those that are at work may be next. */
function drive(
  search: SplitSearch<unknown>,
  program: Program,
  workers: number,
  prng: Prng,
  slicesMax = Infinity,
): void {
  const runners = Array.from({ length: workers }, () => new SliceRunner(program.scenario, {}));
  const atWork = new Map<SliceRunner<unknown>, SliceRequest>();
  for (let slices = 0; slices < slicesMax; slices++) {
    const idle = runners.filter((runner) => !atWork.has(runner));
    for (const [i, request] of search.take(idle.length).entries()) atWork.set(idle[i]!, request);
    if (atWork.size === 0) return;
    const [runner, request] = [...atWork][prng.below(atWork.size)]!;
    atWork.delete(runner);
    search.accept(JSON.parse(JSON.stringify(runner.run(request))) as SliceResult);
  }
}

/** The whole search in parts, stopped and taken up again now and then. */
function inParts(program: Program, options: SplitSearchOptions, seed: number): Exploration {
  const prng = new Prng(seed);
  let state: SearchState | undefined;
  for (;;) {
    const more = { ...options, sliceSteps: 1 + prng.below(200) };
    const search: SplitSearch<unknown> = new SplitSearch(program.scenario, more, state);
    drive(search, program, 1 + prng.below(4), prng, 1 + prng.below(400));
    if (!search.canContinue) return search.exploration();
    state = JSON.parse(JSON.stringify(search.state())) as SearchState;
  }
}

/** What `explore` says, unless that takes too long. */
function inOnePiece(
  program: Program,
  strategy: Strategy,
  stopAtFirst: boolean,
  executionsMax = Infinity,
): Exploration | undefined {
  let runs = 0;
  const counted: Strategy = {
    name: strategy.name,
    preemptionsMax: strategy.preemptionsMax,
    delaysMax: strategy.delaysMax,
    get isComplete() {
      return strategy.isComplete;
    },
    beginExecution: () => runs++ < RUNS_MAX && strategy.beginExecution(),
    pickThread: (point) => strategy.pickThread(point),
    pickValue: (count) => strategy.pickValue(count),
  };
  const exploration = explore(program.scenario, counted, { stopAtFirst, executionsMax });
  return runs > RUNS_MAX ? undefined : exploration;
}

test.each(searches)("%s", (_name, makeStrategy, levels) => {
  const compared = { stopAtFirst: 0, all: 0, withFindings: 0 };
  for (const [seed, program] of programs.entries()) {
    for (const stopAtFirst of [true, false]) {
      const whole = inOnePiece(program, makeStrategy(), stopAtFirst);
      if (whole === undefined) continue;
      expect(inParts(program, { levels, stopAtFirst }, seed), program.id).toEqual(whole);
      compared[stopAtFirst ? "stopAtFirst" : "all"]++;
      if (whole.violations.length > 0) compared.withFindings++;
    }
  }
  expect(compared.stopAtFirst).toBeGreaterThan(70);
  expect(compared.all).toBeGreaterThan(70);
  expect(compared.withFindings).toBeGreaterThan(40);
});

test.each(searches)("%s within a budget", (_name, makeStrategy, levels) => {
  for (const [seed, program] of programs.entries()) {
    const prng = new Prng(seed);
    const executionsMax = 1 + prng.below(40);
    const whole = inOnePiece(program, makeStrategy(), false, executionsMax);
    if (whole === undefined) continue;
    const options = { levels, stopAtFirst: false, executionsMax, sliceSteps: 1 + prng.below(60) };
    const search = new SplitSearch<unknown>(program.scenario, options);
    drive(search, program, 1 + prng.below(4), prng);
    expect(search.exploration(), program.id).toEqual(whole);
  }
});

test("a finding that two workers have made together, neither alone", () => {
  const program = programs.at(-1)!;
  for (const stopAtFirst of [true, false]) {
    const whole = explore(program.scenario, exhaustive(), { stopAtFirst });
    expect(whole.violations.map(({ oracle }) => oracle)).toEqual([LOCK_PROTOCOL]);
    expect(decodeToken(whole.violations[0]!.token).given).toHaveLength(1);
    for (let seed = 0; seed < 20; seed++)
      expect(inParts(program, { levels: [{}], stopAtFirst }, seed)).toEqual(whole);
    // Here the part with the other order has run to its end before anybody knows that its first execution ends the search.
    const search = new SplitSearch<unknown>(program.scenario, { levels: [{}], stopAtFirst, sliceSteps: 1 });
    const [one, two] = [new SliceRunner(program.scenario, {}), new SliceRunner(program.scenario, {})];
    search.accept(one.run(search.take(1)[0]!));
    const [first, second] = search.take(2);
    search.accept(two.run({ ...second!, stepsMax: 1000 }));
    search.accept(one.run({ ...first!, stepsMax: 1000 }));
    drive(search, program, 1, new Prng(1));
    expect(search.exploration()).toEqual(whole);
  }
});

test("the program that is watched has what it is there for", () => {
  const whole = explore(watched.scenario, exhaustive(), { stopAtFirst: false });
  expect(whole).toMatchObject({
    // Some executions spin, and one of those cut off for their length makes the search incomplete.
    outcome: { kind: "livelock" },
    complete: false,
    unreached: ["never there"],
  });
  // In the first execution nothing interrupts the counting.
  const first = explore(watched.scenario, exhaustive(), { executionsMax: 1 });
  expect(first.outcome.kind).toBe("none");
  expect(whole.executions).toBeGreaterThan(5);
  for (let seed = 0; seed < 20; seed++)
    expect(inParts(programs.at(-2)!, { levels: [{}], stopAtFirst: false }, seed)).toEqual(whole);
});

test("what is reached in a single execution, which shows nothing else, is reached", () => {
  const scenario = defineScenario<Cell<number>>({
    name: "reached once",
    setup: () => new Cell("cell", 0),
    threads: {
      *only(cell) {
        yield* writeOnce(cell, yield* choose("value", 5));
      },
    },
    properties: [
      sometimes("three", ({ value }) => value === 3),
      sometimes("five", ({ value }) => value === 5),
    ],
  });
  const whole = explore(scenario, exhaustive(), { stopAtFirst: false });
  expect([whole.executions, whole.unreached]).toEqual([5, ["five"]]);
  const program = { id: "", scenario, finalState: () => "", expected: {} } as unknown as Program;
  for (let seed = 0; seed < 5; seed++)
    expect(inParts(program, { levels: [{}], stopAtFirst: false }, seed)).toEqual(whole);
});
