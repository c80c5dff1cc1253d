/**
 * Lock orders by themselves: which chains of classes are a deadlock, by the rules of lockdep-design.rst, and facts that no
 * single execution shows. The locks here only tell lockdep; nobody ever waits, so nothing else can notice.
 */

import { LOCK_PROTOCOL, Lockdep, type Acquisition } from "@mmrace/locks";
import {
  Cell,
  decodeToken,
  defineScenario,
  dpor,
  exhaustive,
  explore,
  Operation,
  replayToken,
  SharedObject,
  xchg,
  type OperationKind,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";

class Tag extends SharedObject {}

class World {
  readonly lockdep = new Lockdep();
  readonly tags: Readonly<Record<string, Tag>> = Object.fromEntries(
    ["a", "b", "c"].map((name) => [name, new Tag(name)]),
  );
  readonly turn = new Cell("turn", 0);
}

interface Take {
  readonly lockdep: Lockdep;
  readonly acquisition: Acquisition;
}

const takeKind: OperationKind<Tag, Take, void> = {
  name: "take",
  access: "write",
  perform: (tag, { lockdep, acquisition }, thread) => lockdep.acquired(thread, tag, acquisition),
};

const dropKind: OperationKind<Tag, Lockdep, void> = {
  name: "drop",
  access: "write",
  perform: (tag, lockdep, thread) => lockdep.released(thread, tag),
};

/** `aX bR`: takes a exclusively, then b as a recursive reader, and drops both. Modes: X, S (reader), R, T (trylock). */
function* inOrder(w: World, text: string): Steps<void> {
  const names = text.split(" ");
  const modes = { X: "exclusive", S: "read", R: "recursive read", T: "exclusive" } as const;
  for (const [name, mode] of names) {
    const held = modes[mode as keyof typeof modes];
    const acquisition: Acquisition = { subclass: 0, isTry: mode === "T", mode: held, wait: "config" };
    yield* Operation.of(takeKind, w.tags[name!]!, { lockdep: w.lockdep, acquisition });
  }
  for (const [name] of names.toReversed()) yield* Operation.of(dropKind, w.tags[name!]!, w.lockdep);
}

/** One thread that goes through all orders in turn. */
function inTurn(...orders: readonly string[]): Scenario<World> {
  return defineScenario<World>({
    name: "orders in turn",
    setup: () => new World(),
    threads: {
      *only(w) {
        for (const order of orders) yield* inOrder(w, order);
      },
    },
    properties: [],
  });
}

/** A thread per order; only the one that comes first in an execution takes its locks. */
function oneAnExecution(...orders: readonly string[]): Scenario<World> {
  const body = (order: string) =>
    function* (w: World): Steps<void> {
      if ((yield* xchg(w.turn, 1)) === 0) yield* inOrder(w, order);
    };
  return defineScenario<World>({
    name: "one order an execution",
    setup: () => new World(),
    threads: Object.fromEntries(orders.map((order, at) => [`t${at}`, body(order)])),
    properties: [],
  });
}

describe("chains that are a deadlock", () => {
  test.each([
    [["aX bX", "bX aX"]],
    [["aX bX", "bX cX", "cX aX"]],
    [["aS bX", "bX aX"]], // A reader is held, a writer waits for it.
    [["aS bS", "bS aS"]], // Readers that wait behind waiting writers.
    [["aX bR", "bX aR"]], // Recursive readers wait for writers that hold.
    [["aR bX", "bX aX"]],
    [["aX bX", "bS aR"]],
  ])("%j", (orders) => {
    const message = expectViolation(explore(inTurn(...orders), exhaustive()), LOCK_PROTOCOL).message;
    expect(message).toMatch(/^only takes [abc] after [abc]; elsewhere the order is the other way round$/);
  });
});

describe("chains that are none", () => {
  test.each([
    [["aX bX", "aX bX"]],
    [["aX bX", "bX cX", "aX cX"]],
    [["aS bX", "bX aR"]], // A recursive reader does not wait for a reader.
    [["aR bR", "bR aR"]],
    [["aX bX", "bX aT"]], // A trylock does not wait.
    [["aS bR", "bS aR"]],
    [["aR bS", "bX aR"]],
  ])("%j", (orders) => expectNoViolation(explore(inTurn(...orders), exhaustive())));
});

describe("orders that never meet in one execution", () => {
  const scenario = oneAnExecution("aX bX", "bX aX");
  const searches = [exhaustive(), exhaustive({ reduction: "sleep-sets" }), dpor()];

  test.each(searches.map((strategy) => [strategy.name, strategy] as const))("%s", (_name, strategy) => {
    const exploration = explore(scenario, strategy, { stopAtFirst: false });
    expect(exploration).toMatchObject({ complete: true, outcome: { kind: "violation" } });
    // Whoever comes first takes its locks alone: no execution deadlocks, and each is clean by itself.
    expect(exploration.violations.map(({ oracle }) => oracle)).toEqual([LOCK_PROTOCOL]);
    const { token, message, details, signature } = exploration.violations[0]!;
    expect(message).toBe("t1 takes a after b; elsewhere the order is the other way round");
    expect(details).toEqual([
      "t1 holds:",
      "  #0 b, since t1/take/b",
      "What is known:",
      "  b -> a: t1 at t1/take/a, holding b since t1/take/b",
      "  a -> b: t0 at t0/take/b, holding a since t0/take/a, in another execution",
      "A deadlock this allows:",
      "  CPU0 holds b and waits for a",
      "  CPU1 holds a and waits for b",
    ]);
    // The token says what the other execution showed, so that its own execution is enough to see the finding again.
    expect(decodeToken(token).given).toEqual(["lockdep order: a E > b N"]);
    const replayed = replayToken(scenario, decodeToken(token));
    expect(replayed).toMatchObject({ kind: "reproduced", violation: { message, signature, token } });
  });

  test("over three executions", () => {
    const exploration = explore(oneAnExecution("aX bX", "bX cX", "cX aX"), exhaustive(), {
      stopAtFirst: false,
    });
    expect(exploration.violations).toHaveLength(1);
    expect(decodeToken(exploration.violations[0]!.token).given).toHaveLength(2);
  });

  test("the same orders in all executions are fine: the control", () => {
    expectNoViolation(explore(oneAnExecution("aX bX", "aX bX"), exhaustive(), { stopAtFirst: false }));
  });

  test("an exploration knows nothing of the one before it", () => {
    expectNoViolation(explore(inTurn("aX bX"), exhaustive()));
    expectNoViolation(explore(inTurn("bX aX"), exhaustive()));
  });

  test("a token that gives what is no fact is refused", () => {
    const content = {
      ...decodeToken(explore(scenario, exhaustive()).violations[0]?.token ?? ""),
      given: ["a before b"],
    };
    expect(() => replayToken(scenario, content)).toThrow(/no fact that lockdep knows/);
  });
});
