/**
 * Source-DPOR, and what optimal DPOR shares with it: what it promises about properties, and that each of its rules is needed: with the rule weakened, a final
 * state is lost. Counts of published programs are in the suites.
 */

import {
  always,
  atEnd,
  Cell,
  choose,
  cpuRelax,
  defineScenario,
  Engine,
  exhaustive,
  dpor,
  explore,
  Lifetime,
  optimalDpor,
  Operation,
  readOnce,
  SharedObject,
  sometimes,
  violate,
  writeOnce,
  type OperationKind,
  type Scenario,
  type Steps,
  type Strategy,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { footprintsConflict } from "../../src/footprint.ts";
import { Dpor } from "../../src/strategies/dpor.ts";
import { OptimalDpor } from "../../src/strategies/optimal-dpor.ts";
import { SOUND_RULES, type DporRules } from "../../src/strategies/races.ts";
import { badChoice, lostUpdate, readers } from "../programs.ts";

class Door extends SharedObject {
  owner: number | undefined = undefined;
  readonly log: number[] = [];
}

const enterKind: OperationKind<Door, void, void> = {
  name: "enter",
  access: "write",
  role: "acquire",
  isEnabled: (door) => door.owner === undefined,
  perform: (door, _argument, thread) => {
    door.owner = thread.id;
    door.log.push(thread.id);
  },
};

const leaveKind: OperationKind<Door, void, void> = {
  name: "leave",
  access: "write",
  role: "release",
  perform: (door) => {
    door.owner = undefined;
  },
};

const freeKind: OperationKind<Lifetime, void, void> = {
  name: "free",
  access: "write",
  perform: (page) => page.end(),
};

interface World {
  readonly x: Cell<number>;
  readonly door: Door;
  readonly page: Lifetime;
  readonly inPage: Cell<number>;
}

function scenarioOf(...threads: readonly ((world: World) => Steps<void>)[]): Scenario<World> {
  return defineScenario({
    name: "rules",
    setup: () => {
      const page = new Lifetime("page", "page", "use after free");
      return {
        x: new Cell("x", 0),
        door: new Door("door"),
        page,
        inPage: new Cell("in_page", 0, { lifetime: page }),
      };
    },
    threads: Object.fromEntries(threads.map((body, at) => [`t${at}`, body])),
    properties: [],
  });
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
    const { x, door } = world!;
    found.add("oracle" in ending ? ending.message : `x=${x.value} log=${door.log.join("")}`);
  }
  expect(strategy.isComplete).toBe(true);
  return found;
}

function* enterAndLeave({ door }: World): Steps<void> {
  yield* Operation.of(enterKind, door, undefined);
  yield* Operation.of(leaveKind, door, undefined);
}

function* enterOnly({ door }: World): Steps<void> {
  yield* Operation.of(enterKind, door, undefined);
}

function writer(...values: readonly number[]) {
  return function* ({ x }: World): Steps<void> {
    for (const value of values) yield* writeOnce(x, value);
  };
}

function* complain({ x }: World): Steps<void> {
  yield* readOnce(x);
  violate("rules", "complaint");
}

function* complainOtherwise({ inPage }: World): Steps<void> {
  yield* readOnce(inPage);
  yield* readOnce(inPage);
  violate("rules", "another complaint");
}

/** A rule, how it is weakened, and a program that then loses an outcome. */
const cases: readonly (readonly [string, Partial<DporRules>, Scenario<World>])[] = [
  [
    "one location, one write",
    { conflict: (a, b) => footprintsConflict(a, b) && a.object.location !== b.object.location },
    scenarioOf(writer(1), writer(2)),
  ],
  [
    "a use and the free of the memory it lives in",
    {
      conflict: (a, b) =>
        footprintsConflict(a, b) && a.object.lifetime === undefined && b.object.lifetime === undefined,
    },
    scenarioOf(
      function* ({ inPage }) {
        yield* readOnce(inPage);
      },
      function* ({ page }) {
        yield* Operation.of(freeKind, page, undefined);
      },
    ),
  ],
  [
    "a pause and any write",
    { conflict: (a, b) => footprintsConflict(a, b) && a.access !== "all" && b.access !== "all" },
    scenarioOf(writer(1, 2), function* () {
      yield* cpuRelax();
      yield* cpuRelax();
    }),
  ],
  ["threads that wait for ever", { weighsWaiting: false }, scenarioOf(enterOnly, enterOnly)],
  [
    "an acquire and the acquire before it",
    { weighsDistant: false },
    scenarioOf(enterAndLeave, enterAndLeave),
  ],
  ["what a violation cuts off", { weighsCuts: false }, scenarioOf(complain, complainOtherwise)],
];

describe("each rule is needed", () => {
  test.each(cases)("%s", (_name, weaker, scenario) => {
    const all = outcomes(scenario, exhaustive());
    expect(all.size).toBeGreaterThan(1);
    expect(outcomes(scenario, dpor())).toEqual(all);
    expect(outcomes(scenario, exhaustive({ reduction: "sleep-sets" }))).toEqual(all);
    expect(outcomes(scenario, optimalDpor())).toEqual(all);
    for (const Search of [Dpor, OptimalDpor]) {
      const lossy = outcomes(scenario, new Search({}, { ...SOUND_RULES, ...weaker }));
      expect(lossy.size).toBeGreaterThan(0);
      expect(lossy.size).toBeLessThan(all.size);
    }
  });
});

describe("properties about states in between", () => {
  /** Both orders end alike, but only one passes through the state with x alone set. */
  const twoCells = (properties: Scenario<readonly [Cell<number>, Cell<number>]>["properties"]) =>
    defineScenario({
      name: "two-cells",
      setup: () => [new Cell("x", 0), new Cell("y", 0)] as const,
      threads: {
        *first([x]) {
          yield* writeOnce(x, 1);
        },
        *second([, y]) {
          yield* writeOnce(y, 1);
        },
      },
      properties,
    });
  const ordered = twoCells([always("x before y", ([x, y]) => x.value === 1 || y.value === 0)]);
  const reached = twoCells([sometimes("y alone", ([x, y]) => x.value === 0 && y.value === 1)]);

  test("are checked in every state unless that is switched off", () => {
    expect(explore(ordered, exhaustive()).violations).toHaveLength(1);
    expect(explore(ordered, dpor()).violations).toHaveLength(1);
    expect(explore(reached, dpor()).unreached).toEqual([]);
    // The one execution that represents the only trace does not pass there: hence the default.
    const blind = explore(ordered, dpor({ properties: "final-states" }));
    expect(blind).toMatchObject({ executions: 1, complete: true, violations: [] });
    expect(explore(reached, dpor({ properties: "final-states" })).unreached).toEqual(["y alone"]);
  });

  test("make it search exactly as sleep sets do", () => {
    const watched: Scenario<Cell<number>> = {
      ...readers(4),
      properties: [always<Cell<number>>("an integer", ({ value }) => Number.isInteger(value))],
    };
    const { executions, pruned, steps } = explore(watched, exhaustive({ reduction: "sleep-sets" }));
    expect(explore(watched, dpor())).toMatchObject({ executions, pruned, steps, complete: true });
    expect(explore(readers(4), dpor())).toMatchObject({ executions: 16, pruned: 0, complete: true });
    expect(pruned).toBeGreaterThan(0);
  });

  test("a strategy that nobody told anything visits every state", () => {
    const engine = new Engine(ordered);
    const strategy = dpor();
    const endings: string[] = [];
    while (strategy.beginExecution()) endings.push(engine.run(strategy).kind);
    expect(endings).toContain("violation");
  });
});

test("broken atEnd properties are found, with all their traces", () => {
  let lost = 0;
  const exploration = explore(lostUpdate, dpor(), { stopWhen: () => (lost++, false) });
  // Four traces: one increment after the other, either way; or both reads first, with the writes either way.
  expect(exploration).toMatchObject({ executions: 4, complete: true });
  expect(lost).toBe(2);
});

test("data choices are enumerated, up to 30 values", () => {
  const wide = defineScenario<undefined>({
    name: "wide",
    setup: () => undefined,
    threads: {
      *chooser() {
        yield* choose("value", 31);
      },
    },
    properties: [],
  });
  expect(() => explore(wide, dpor())).toThrow(/up to 30, not 31/);
  const exploration = explore(badChoice, dpor({ properties: "final-states" }), { stopAtFirst: false });
  expect(exploration).toMatchObject({ executions: 3, complete: true });
  expect(exploration.violations).toHaveLength(1);
});

test("a release that excludes nobody is refused: the reduction relies on what roles promise", () => {
  const postKind: OperationKind<Door, void, void> = {
    name: "post",
    access: "write",
    role: "release",
    perform: (door) => {
      door.owner = undefined;
    },
  };
  const scenario = scenarioOf(function* ({ door }) {
    yield* Operation.of(postKind, door, undefined);
  }, enterOnly);
  const properties = [atEnd<World>("entered", ({ door }) => door.log.length === 1)];
  expect(() => explore({ ...scenario, properties }, dpor())).toThrow(/role "release"/);
  expect(() => explore({ ...scenario, properties }, optimalDpor())).toThrow(/optimalDpor.*role "release"/);
});
