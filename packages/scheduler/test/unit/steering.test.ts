/** Steering and forced orders: what they are asked for happens, and what cannot happen starves nobody. */

import {
  atEnd,
  Cell,
  defineScenario,
  Engine,
  forcedOrder,
  hashText,
  pos,
  random,
  readOnce,
  steered,
  UsageError,
  writeOnce,
  type ReadsFrom,
  type Strategy,
  type Steps,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";

interface World {
  readonly cell: Cell<number>;
  read: number;
}

/** Many writers and a reader: left alone, the reader finds any of the values. */
const scenario = defineScenario<World>({
  name: "one reader, many writers",
  setup: () => ({ cell: new Cell("cell", 0), read: -1 }),
  threads: {
    ...Object.fromEntries(
      Array.from({ length: 5 }, (_, at) => [
        `writer${at + 1}`,
        {
          code: at < 4 ? "writer" : "last",
          *run({ cell }: World): Steps<void> {
            yield* writeOnce(cell, at + 1);
          },
        },
      ]),
    ),
    *reader(world): Steps<void> {
      world.read = yield* readOnce(world.cell);
    },
  },
  properties: [],
});

const READER = hashText("reader/read_once/cell");
const WRITER = hashText("writer/write_once/cell");
const LAST = hashText("last/write_once/cell");

/** The values that the reader finds in fifty executions. */
function valuesRead(constraints: readonly ReadsFrom[], base: Strategy): ReadonlySet<number> {
  const strategy = steered({ constraints, base });
  let world: World | undefined;
  const engine = new Engine({
    ...scenario,
    properties: [atEnd<World>("remember", (now) => (world = now) !== undefined)],
  });
  const values = new Set<number>();
  while (strategy.beginExecution()) {
    engine.run(strategy);
    values.add(world!.read);
  }
  return values;
}

const sampling = { randomSeed: 1, executionsMax: 50 };
const constraint = (writer: number | undefined, isNegated: boolean): ReadsFrom => ({
  location: 1,
  reader: READER,
  writer,
  isNegated,
});

describe.each([
  ["pos", pos],
  ["random", random],
] as const)("over %s, the reader finds", (_name, make) => {
  test("anything without a constraint", () => {
    expect(valuesRead([], make(sampling))).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  });

  test("what was there before anybody wrote", () => {
    expect(valuesRead([constraint(undefined, false)], make(sampling))).toEqual(new Set([0]));
  });

  test("something else than that", () => {
    expect(valuesRead([constraint(undefined, true)], make(sampling)).has(0)).toBe(false);
  });

  test("what a site wrote, whichever thread was there", () => {
    expect(valuesRead([constraint(WRITER, false)], make(sampling))).toEqual(new Set([1, 2, 3, 4]));
    expect(valuesRead([constraint(LAST, false)], make(sampling))).toEqual(new Set([5]));
  });

  test("nothing of what a site wrote", () => {
    const values = [...valuesRead([constraint(WRITER, true)], make(sampling))];
    expect(values.every((value) => value === 0 || value === 5)).toBe(true);
  });

  test("something, where constraints contradict each other", () => {
    const both = [constraint(WRITER, false), constraint(LAST, false)];
    expect(valuesRead(both, make(sampling)).size).toBeGreaterThan(0);
  });
});

test("a constraint that nobody can fulfil does not keep a spinning thread running for ever", () => {
  const spinning = defineScenario({
    name: "spinning",
    setup: () => ({ flag: new Cell("flag", 0), noise: new Cell("noise", 0) }),
    threads: {
      *waiter({ flag, noise }) {
        while ((yield* readOnce(flag)) === 0) yield* writeOnce(noise, 1);
      },
      *setter({ flag }) {
        yield* writeOnce(flag, 1);
      },
    },
    properties: [],
    stepsMax: 1000,
  });
  const never: ReadsFrom = {
    location: 1,
    reader: hashText("setter/write_once/flag"),
    writer: hashText("nobody"),
    isNegated: false,
  };
  const strategy = steered({ constraints: [never], base: random({ randomSeed: 3, executionsMax: 20 }) });
  const engine = new Engine(spinning);
  while (strategy.beginExecution()) expect(engine.run(strategy).kind).toBe("finished");
});

describe("a forced order", () => {
  const race = defineScenario({
    name: "race",
    setup: () => ({ cell: new Cell("cell", 0), other: new Cell("other", 0) }),
    threads: {
      *a({ cell, other }) {
        yield* readOnce(other);
        yield* writeOnce(cell, 1);
      },
      *b({ cell }) {
        yield* readOnce(cell);
      },
    },
    properties: [],
  });
  const b = { thread: 1, site: hashText("b/read_once/cell"), location: 1 };

  test("keeps the thread that came first waiting until the other one has been there", () => {
    const engine = new Engine(race);
    // a ran to its end, then b: step 1 is the write.
    for (let randomSeed = 1; randomSeed <= 20; randomSeed++) {
      const base = pos({ randomSeed, executionsMax: 1 });
      const strategy = forcedOrder({ choices: [0, 0, 1], values: [], step: 1, first: b, base });
      expect(strategy.beginExecution()).toBe(true);
      engine.run(strategy);
      expect(engine.choices).toEqual([0, 1, 0]);
      expect(strategy.beginExecution()).toBe(false);
    }
  });

  test("lets it go on where no other thread is left", () => {
    const engine = new Engine(race);
    const base = pos({ randomSeed: 1, executionsMax: 1 });
    const nowhere = { ...b, site: 0 };
    const strategy = forcedOrder({ choices: [1, 0, 0], values: [], step: 2, first: nowhere, base });
    strategy.beginExecution();
    expect(engine.run(strategy).kind).toBe("finished");
  });

  test("refuses a step that the execution does not have", () => {
    const base = pos({ randomSeed: 1, executionsMax: 1 });
    expect(() => forcedOrder({ choices: [0], values: [], step: 1, first: b, base })).toThrow(UsageError);
  });
});
