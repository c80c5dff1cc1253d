/**
 * Bounded DPOR: that each of its rules is needed, under either bound where it has a part: with the rule weakened, a final
 * state within the bound is lost. That nothing is lost with all of them is tested in the suites and, for tso, here.
 */

import {
  always,
  boundedDpor,
  Cell,
  choose,
  defineScenario,
  Engine,
  exhaustive,
  explore,
  Operation,
  readOnce,
  SharedObject,
  violate,
  writeOnce,
  type BoundedDporOptions,
  type OperationKind,
  type Scenario,
  type Steps,
  type Strategy,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { footprintOf, footprintsConflict } from "../../src/footprint.ts";
import { BoundedDpor } from "../../src/strategies/bounded-dpor.ts";
import { SOUND_BOUNDED_RULES, type BoundedRules } from "../../src/strategies/bounded-races.ts";
import { program, survey } from "../tso-programs.ts";
import { lostUpdate, writers } from "../programs.ts";

class Door extends SharedObject {
  owner: number | undefined = undefined;
  readonly log: number[] = [];
}

const enterKind: OperationKind<Door, void, void> = {
  name: "enter",
  access: "write",
  isEnabled: (door) => door.owner === undefined,
  perform: (door, _argument, thread) => {
    door.owner = thread.id;
    door.log.push(thread.id);
  },
};

/** What it would touch is asked for although it cannot run, and then means nothing. */
const enterVaguelyKind: OperationKind<Door, void, void> = {
  ...enterKind,
  accessNow: (door) => (door.owner === undefined ? "write" : "none"),
};

const leaveKind: OperationKind<Door, void, void> = {
  name: "leave",
  access: "write",
  perform: (door) => {
    door.owner = undefined;
  },
};

interface World {
  readonly x: Cell<number>;
  readonly y: Cell<number>;
  readonly door: Door;
  readonly seen: string[];
}

type Body = (world: World, self: number) => Steps<void>;

function scenarioOf(...threads: readonly Body[]): Scenario<World> {
  return defineScenario({
    name: "bounded rules",
    setup: (): World => ({ x: new Cell("x", 0), y: new Cell("y", 0), door: new Door("door"), seen: [] }),
    threads: Object.fromEntries(
      threads.map((body, self) => [`t${self}`, (world: World) => body(world, self)] as const),
    ),
    properties: [],
  });
}

/** Threads as text: `x=1` writes, `x` reads, `(` and `)` enter and leave the door. */
function text(steps: string): Body {
  return function* (world, self) {
    for (const step of steps.split(" ")) {
      if (step === "(") yield* Operation.of(enterKind, world.door, undefined);
      else if (step === "?") yield* Operation.of(enterVaguelyKind, world.door, undefined);
      else if (step === ")") yield* Operation.of(leaveKind, world.door, undefined);
      else {
        const cell = world[step[0] as "x" | "y"];
        if (step.includes("=")) yield* writeOnce(cell, Number(step.slice(2)));
        else world.seen[self] = `${world.seen[self] ?? ""}${yield* readOnce(cell)}`;
      }
    }
  };
}

const threads = (...steps: readonly string[]): Scenario<World> => scenarioOf(...steps.map(text));

function complainAfter(cell: "x" | "y", complaint: string): Body {
  return function* (world) {
    yield* readOnce(world[cell]);
    violate("rules", complaint);
  };
}

/** Every ending with the state it leaves behind. */
function outcomes(scenario: Scenario<World>, strategy: Strategy): ReadonlySet<string> {
  let world: World | undefined;
  const engine = new Engine({ ...scenario, setup: () => (world = scenario.setup()) });
  const found = new Set<string>();
  strategy.beginExploration?.({ watchesEveryState: false });
  while (strategy.beginExecution()) {
    const ending = engine.run(strategy);
    if (ending.kind === "pruned") continue;
    const { x, y, door, seen } = world!;
    const state = `x=${x.value} y=${y.value} log=${door.log.join("")} seen=${seen.join()}`;
    found.add(ending.kind === "violation" ? ending.message : `${ending.kind} ${state}`);
  }
  return found;
}

/** A rule, how it is weakened, a bound, and a program that then loses an outcome. */
const cases: readonly (readonly [string, Partial<BoundedRules>, BoundedDporOptions, Scenario<World>])[] = [
  [
    "one location, one write",
    { conflict: (a, b) => footprintsConflict(a, b) && a.object.location !== b.object.location },
    { preemptionsMax: 0 },
    threads("x=1", "x=2"),
  ],
  [
    "a race opens its earlier step",
    { opensSteps: false },
    { preemptionsMax: 1 },
    threads("y=1 x=1 y=2", "x x=2"),
  ],
  [
    "the same with delays, where every step is a block",
    { opensSteps: false, opensBlocks: false },
    { delaysMax: 1 },
    threads("x=1", "x=2"),
  ],
  [
    "a race opens the start of the block: the conservative point",
    { opensBlocks: false },
    { preemptionsMax: 0 },
    threads("y=1 x=1", "x=2 y=2"),
  ],
  [
    "an acquire and every acquire before it",
    { weighsDistant: false },
    { delaysMax: 1 },
    threads("( )", "( )"),
  ],
  ["the same with preemptions", { weighsDistant: false }, { preemptionsMax: 1 }, threads("( ) ( )", "( )")],
  ["threads that wait for ever", { weighsWaiting: false }, { preemptionsMax: 0 }, threads("(", "(")],
  ["the same with delays", { weighsWaiting: false }, { delaysMax: 1 }, threads("(", "(")],
  [
    "what a waiting operation may touch",
    { widestOf: (operation) => footprintOf(operation) },
    { preemptionsMax: 0 },
    threads("?", "?"),
  ],
  [
    "what a violation cuts off",
    { weighsCuts: false },
    { preemptionsMax: 0 },
    scenarioOf(complainAfter("x", "complaint"), complainAfter("y", "another complaint")),
  ],
  [
    "a pruned execution opens its path",
    { opensPruned: false },
    { preemptionsMax: 0 },
    threads("x", "x=1", "x"),
  ],
  [
    "the same with delays",
    { opensPruned: false },
    { delaysMax: 2 },
    threads("( ) x x", "( ) x=1 y=1", "x ( )"),
  ],
  [
    "an earlier visit counts by what it had left",
    { affords: () => true },
    { preemptionsMax: 1 },
    threads("y x=1", "x x"),
  ],
  [
    "and by who ran last",
    { affords: (visit, bound) => visit.left >= bound.left },
    { preemptionsMax: 1 },
    threads("y x=1", "x x"),
  ],
  [
    "the same with delays",
    { affords: (visit, bound) => visit.left >= bound.left },
    { delaysMax: 1 },
    threads("( ) y=1 x=1", "y", "( ) y"),
  ],
];

describe("each rule is needed", () => {
  test.each(cases)("%s", (_name, weaker, bound, scenario) => {
    const all = outcomes(scenario, exhaustive(bound));
    expect(all.size).toBeGreaterThan(1);
    expect(outcomes(scenario, boundedDpor(bound))).toEqual(all);
    const lossy = outcomes(scenario, new BoundedDpor(bound, { ...SOUND_BOUNDED_RULES, ...weaker }));
    expect(lossy.size).toBeGreaterThan(0);
    expect(lossy.size).toBeLessThan(all.size);
  });
});

describe("bounds on either side of a cost", () => {
  test("a search whose bound left nothing open is complete", () => {
    for (const bound of [{ preemptionsMax: 1 }, { delaysMax: 1 }]) {
      expect(explore(writers(2, 3, false), boundedDpor(bound)).complete).toBe(true);
      expect(explore(writers(2, 3, true), boundedDpor(bound)).complete).toBe(false);
    }
  });

  test("the lost update needs one preemption, or one delay", () => {
    const stay = { stopAtFirst: false };
    expect(explore(lostUpdate, boundedDpor({ preemptionsMax: 0 }), stay).violations).toEqual([]);
    expect(explore(lostUpdate, boundedDpor({ delaysMax: 0 }), stay).violations).toEqual([]);
    const found = explore(lostUpdate, boundedDpor({ preemptionsMax: 1 }), stay);
    expect(found.violations.map(({ preemptions }) => preemptions)).toEqual([1]);
    expect(found).toMatchObject({ preemptionsMax: 1, delaysMax: undefined });
    expect(explore(lostUpdate, boundedDpor({ delaysMax: 1 }), stay)).toMatchObject({ delaysMax: 1 });
  });

  test("one bound, and a whole number", () => {
    const wrong = [{}, { preemptionsMax: 1, delaysMax: 1 }] as unknown as BoundedDporOptions[];
    for (const options of wrong) expect(() => boundedDpor(options)).toThrow(/one of them/);
    expect(() => boundedDpor({ preemptionsMax: -1 })).toThrow(/preemptionsMax/);
    expect(() => boundedDpor({ delaysMax: 0.5 })).toThrow(/delaysMax/);
    expect(() => boundedDpor({ delaysMax: 1, prefixesMax: -1 })).toThrow(/prefixesMax/);
  });
});

test("where a property watches, no state within the bound is left out", () => {
  const apart = threads("x=1", "y=1");
  const ordered: Scenario<World> = {
    ...apart,
    properties: [always("x before y", ({ x, y }) => x.value === 1 || y.value === 0)],
  };
  expect(explore(ordered, boundedDpor({ preemptionsMax: 0 })).violations).toHaveLength(1);
  const blind = explore(ordered, boundedDpor({ preemptionsMax: 0, properties: "final-states" }));
  expect(blind).toMatchObject({ executions: 1, complete: true, violations: [] });
});

test("data choices cost nothing, are all explored, and tell beginnings apart", () => {
  const chooser: Body = function* ({ x, y, seen }, self) {
    const early = yield* choose("early", 2);
    yield* writeOnce(x, self);
    const late = yield* choose("late", 2);
    yield* readOnce(y);
    seen[self] = `${early}${late}`;
  };
  const scenario = scenarioOf(chooser, chooser);
  const all = outcomes(scenario, exhaustive({ preemptionsMax: 1 }));
  expect(all.size).toBe(2 * 16); // Who writes last, and four choices of two.
  expect(outcomes(scenario, boundedDpor({ preemptionsMax: 1 }))).toEqual(all);
  expect(outcomes(scenario, boundedDpor({ preemptionsMax: 1, prefixesMax: 0 }))).toEqual(all);
});

describe("under tso", () => {
  // Stores, loads, a fence and an exchange, on CPUs of their own and on a shared one.
  test.each([
    [
      ["x=1 y", "y=1 x"],
      [0, 1],
    ],
    [
      ["x=1 F y", "y=1 x"],
      [0, 1],
    ],
    [
      ["x=1 x y", "y<-1 x"],
      [0, 1],
    ],
    [
      ["x=1 y", "y=1 x", "y x"],
      [0, 0, 1],
    ],
    [
      ["x=1 y=1", "y x", "x=2 y"],
      [0, 1, 2],
    ],
  ] as const)("%s", (bodies, cpus) => {
    const scenario = program(bodies, [...cpus]);
    for (const most of [0, 1, 2, 3]) {
      for (const bound of [{ preemptionsMax: most }, { delaysMax: most }]) {
        const plain = survey(scenario, "tso", exhaustive(bound));
        expect(survey(scenario, "tso", boundedDpor(bound)).outcomes).toEqual(plain.outcomes);
      }
    }
  });
});
