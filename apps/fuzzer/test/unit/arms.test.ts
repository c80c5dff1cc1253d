/** Arms, and how turns are dealt out: guidance that works on a scenario of which everything is known. */

import {
  atEnd,
  Cell,
  choose,
  defineScenario,
  hashText,
  Prng,
  readOnce,
  writeOnce,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { fuzzStrategies } from "../../src/arms/arms.ts";
import type { Arm } from "../../src/arms/arm.ts";
import { drawConstraint } from "../../src/arms/steering.ts";
import { Turns, type ArmGroup } from "../../src/arms/turns.ts";
import type { LoggedAccess } from "../../src/coverage/access-log.ts";
import { Fuzzer } from "../../src/engine/fuzzer.ts";

interface World {
  readonly first: Cell<number>;
  readonly second: Cell<number>;
  seen: readonly number[];
}

/** Sixty writers; a slow reader must come after the first write of one and before the second write of all. */
const crowd: Scenario<World> = defineScenario<World>({
  name: "crowd",
  setup: () => ({ first: new Cell("first", 0), second: new Cell("second", 0), seen: [] }),
  threads: {
    ...Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [
        `writer${at}`,
        {
          code: "writer",
          *run({ first, second }: World): Steps<void> {
            yield* writeOnce(first, 1);
            yield* writeOnce(second, 1);
          },
        },
      ]),
    ),
    *reader(world): Steps<void> {
      for (let looks = 0; looks < 3; looks++) if ((yield* readOnce(world.first)) === 0) return;
      world.seen = [1, yield* readOnce(world.second)];
    },
  },
  properties: [atEnd<World>("both or neither", ({ seen: [first, second] }) => first === second)],
});

const campaign = (strategy: (typeof fuzzStrategies)[number], randomSeed: number): Fuzzer<World> =>
  new Fuzzer(crowd, {
    randomSeed,
    strategy,
    ablations: [],
    memory: "sc",
    stopOnFirst: true,
    minimizes: false,
  });

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const BUDGET = 100;

function seedsThatFind(strategy: (typeof fuzzStrategies)[number]): number {
  return SEEDS.filter((randomSeed) => {
    const fuzzer = campaign(strategy, randomSeed);
    fuzzer.run(BUDGET);
    return fuzzer.isDone;
  }).length;
}

test("constraints find in a crowd what samplers seldom find", () => {
  expect(seedsThatFind("coverage")).toBe(SEEDS.length);
  expect(seedsThatFind("random")).toBeLessThan(SEEDS.length / 2);
  expect(seedsThatFind("pct")).toBeLessThan(SEEDS.length / 2);
});

test("equal random seeds give equal campaigns, whatever the strategy", () => {
  for (const strategy of fuzzStrategies) {
    const [one, other] = [campaign(strategy, 5), campaign(strategy, 5)];
    for (const fuzzer of [one, other]) fuzzer.run(40);
    expect(one.corpus.seeds).toEqual(other.corpus.seeds);
    expect(one.steps).toBe(other.steps);
  }
});

test("a seed says by which maps it earned its place, and what it is made of", () => {
  const fuzzer = campaign("coverage", 1);
  fuzzer.run(1);
  const [seed] = fuzzer.corpus.seeds;
  expect(seed!.earnedBy).toContain("reads-from");
  expect(seed!.choices).toHaveLength(fuzzer.steps);
  expect(new Set(seed!.accesses.flat().map(({ location }) => location))).toEqual(new Set([1, 2]));
  expect(seed!.races.every(({ first, second }) => first.thread !== second.thread)).toBe(true);
});

test("races name the steps of the execution, of which data choices are none", () => {
  const choosing = defineScenario<World>({
    name: "choosing",
    setup: () => ({ first: new Cell("first", 0), second: new Cell("second", 0), seen: [] }),
    threads: {
      *writer({ first }) {
        for (let i = 0; i < 3; i++) yield* writeOnce(first, yield* choose("value", 2));
      },
      *reader({ first }) {
        for (let i = 0; i < 3; i++) yield* readOnce(first);
      },
    },
    properties: [],
  });
  const options = { randomSeed: 1, strategy: "coverage", ablations: [], memory: "sc" } as const;
  const fuzzer = new Fuzzer(choosing, { ...options, stopOnFirst: false });
  fuzzer.run(300);
  const races = fuzzer.corpus.seeds.flatMap(({ choices, races: own }) =>
    own.map((race) => ({ choices, race })),
  );
  expect(races.length).toBeGreaterThan(20);
  for (const { choices, race } of races) expect(choices[race.step]).toBe(race.first.thread);
});

describe("constraints", () => {
  const access = (thread: number, site: string, location: number, isWrite: boolean): LoggedAccess => ({
    thread,
    site: hashText(site),
    location,
    isWrite,
  });
  const accesses = [
    [access(0, "w", 1, true), access(1, "w", 1, true), access(2, "r", 1, false)],
    [access(0, "v", 2, true), access(2, "s", 2, false)],
  ];
  const drawn = Array.from({ length: 400 }, (_, at) => drawConstraint(accesses, new Prng(at))).flat();

  test("relate sites of one location", () => {
    for (const { location, reader, writer } of drawn) {
      const here = new Set(accesses[location - 1]!.map(({ site }) => site));
      expect(here.has(reader)).toBe(true);
      if (writer !== undefined) expect(here.has(writer)).toBe(true);
    }
  });

  test("are drawn more often where more accesses meet, and of every kind", () => {
    const at = (location: number): number => drawn.filter((one) => one.location === location).length;
    expect(at(1)).toBeGreaterThan(1.5 * at(2));
    expect(at(2)).toBeGreaterThan(0);
    for (const isNegated of [true, false])
      for (const hasWriter of [true, false])
        expect(
          drawn.some((one) => one.isNegated === isNegated && (one.writer !== undefined) === hasWriter),
        ).toBe(true);
  });

  test("need something that threads share", () => {
    expect(drawConstraint([], new Prng(1))).toEqual([]);
  });
});

describe("turns", () => {
  const arm = (name: string, isOpen = true): Arm & { turns: number } => ({
    name,
    turns: 0,
    next() {
      if (!isOpen) return undefined;
      this.turns++;
      return { strategy: undefined as never, constraints: [] };
    },
  });

  const group = (opening: number, crowded: number, later: number, ...arms: readonly Arm[]): ArmGroup => ({
    parts: { opening, "crowded opening": crowded, later },
    arms,
  });

  /** Turns are dealt out so evenly that two more or less are all that chance can do. */
  const near = (turns: number, expected: number): boolean => Math.abs(turns - expected) <= 2;

  function deal(turns: Turns, count: number): void {
    for (let i = 0; i < count; i++) {
      turns.next();
      turns.onResult(false);
    }
  }

  test("go by the parts of groups, in the opening and later", () => {
    const [lead, other] = [arm("lead"), arm("other")];
    const turns = new Turns([group(3, 1, 1, lead), group(1, 1, 3, other)], new Prng(1));
    deal(turns, 128);
    expect(near(lead.turns, 96)).toBe(true);
    const [before, beforeOther] = [lead.turns, other.turns];
    deal(turns, 1000);
    expect(near(lead.turns - before, 250)).toBe(true);
    expect(near(other.turns - beforeOther, 750)).toBe(true);
  });

  test("have other parts in a crowd", () => {
    for (const [threads, expected] of [
      [16, 96],
      [17, 64],
    ] as const) {
      const lead = arm("lead");
      const groups = [group(3, 1, 1, lead), group(1, 1, 3, arm("other"))];
      deal(new Turns(groups, new Prng(1), { threadCount: () => threads }), 128);
      expect(near(lead.turns, expected)).toBe(true);
    }
  });

  test("never make an arm wait for long: with an eighth of the turns, for twelve others", () => {
    for (let randomSeed = 1; randomSeed <= 50; randomSeed++) {
      const eighth = arm("eighth");
      const turns = new Turns(
        [group(3, 3, 3, arm("rest")), group(1, 1, 1, eighth, arm("same"))],
        new Prng(randomSeed),
      );
      let waited = 0;
      for (let i = 0; i < 120; i++) {
        const before = eighth.turns;
        deal(turns, 1);
        waited = eighth.turns > before ? 0 : waited + 1;
        expect(waited).toBeLessThanOrEqual(12);
      }
    }
  });

  test("begin with what is to be first", () => {
    const first = [1, 2].map(() => ({ strategy: undefined as never, constraints: [] }));
    const rest = arm("rest");
    const turns = new Turns([group(1, 1, 1, rest)], new Prng(1), { first });
    expect([turns.next(), turns.next()]).toEqual(first);
    expect(rest.turns).toBe(0);
    turns.onResult(true);
    turns.next();
    expect(rest.turns).toBe(1);
  });

  test("go to what has success, and pass over what has nothing to try", () => {
    const [lucky, unlucky, empty] = [arm("lucky"), arm("unlucky"), arm("empty", false)];
    const turns = new Turns([group(1, 1, 1, lucky, unlucky, empty)], new Prng(1));
    for (let i = 0; i < 1000; i++) {
      const before = lucky.turns;
      turns.next();
      turns.onResult(lucky.turns > before);
    }
    expect(lucky.turns).toBeGreaterThan(2 * unlucky.turns);
    expect(unlucky.turns).toBeGreaterThan(100);
  });
});
