/** Reference counts and type-stable caches: who may still use an object, and what lookups without a recheck find. */

import {
  kmemCacheAlloc,
  kmemCacheFree,
  kmemCacheShrink,
  Lockdep,
  Rcu,
  rcuAssignPointer,
  rcuCallbacks,
  rcuDereference,
  rcuReadLock,
  rcuReadUnlock,
  Refcount,
  REFCOUNT_MAX,
  REFCOUNT_SATURATED,
  refcountAdd,
  refcountAddNotZero,
  refcountDec,
  refcountDecAndTest,
  refcountDecIfOne,
  refcountInc,
  refcountIncNotZero,
  refcountRead,
  refcountSet,
  refcountSubAndTest,
  TypesafeCache,
} from "@mmrace/locks";
import {
  Cell,
  defineScenario,
  exhaustive,
  Lifetime,
  type Operation,
  readOnce,
  without,
  writeOnce,
  type MemoryModel,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { free } from "../memory.ts";
import { agreed, verdictOf } from "../searches.ts";

const MODELS: readonly MemoryModel[] = ["sc", "tso"];

class Counted {
  readonly rcu = new Rcu(new Lockdep());
  readonly memory = new Lifetime("memory", "block", "use-after-free");
  readonly field = new Cell("field", 0, { lifetime: this.memory });
  /** Outside the memory, so that a use is seen as such. */
  readonly count = new Refcount("count");
  readonly log: string[] = [];
}

type Body = (w: Counted) => Steps<void>;

function counted(threads: Readonly<Record<string, Body>>, value = 1): Scenario<Counted> {
  const setup = (): Counted => {
    const world = new Counted();
    world.count.value = value;
    return world;
  };
  return defineScenario<Counted>({ name: "counted", setup, threads, properties: [] });
}

function* put(w: Counted): Steps<void> {
  if (yield* refcountDecAndTest(w.count)) yield* free(w.memory);
}

function* useAndPut(w: Counted): Steps<void> {
  yield* readOnce(w.field);
  yield* put(w);
}

describe.each(MODELS)("references under %s", (memory) => {
  test("the last one frees, whoever that is", () => {
    const scenario = counted({ one: useAndPut, two: useAndPut }, 2);
    expect(agreed(scenario, memory).wrong).toBe(0);
    // Without the second reference somebody uses what the other has freed.
    expect(agreed(counted({ one: useAndPut, two: useAndPut }, 1), memory).wrong).toBeGreaterThan(0);
  });

  test("a reference is taken only while there is one; taken from zero, it is reported", () => {
    const getter = (get: (w: Counted) => Steps<boolean>): Body =>
      function* (w) {
        if (yield* get(w)) yield* useAndPut(w);
      };
    const careful = getter((w) => single(refcountIncNotZero(w.count)));
    const careless = getter(function* (w) {
      yield* refcountInc(w.count);
      return true;
    });
    expect(agreed(counted({ owner: put, careful }), memory).wrong).toBe(0);
    expect([...agreed(counted({ owner: put, careless }), memory).endings]).toContain(
      "lock protocol: careless at careless/refcount_inc/count: count is raised from zero: use after free",
    );
  });
});

test("every interleaving of an owner and one who takes a reference", () => {
  const careful: Body = function* (w) {
    if (yield* refcountIncNotZero(w.count)) yield* useAndPut(w);
  };
  // Owner first: it frees before or after the other looks, 2. Otherwise the owner drops before the use, before the put or
  // after it; who drops last frees: 3.
  expect(verdictOf(counted({ owner: put, careful }), exhaustive())).toMatchObject({
    executions: 5,
    wrong: 0,
  });
});

function* single<R>(operation: Operation<R>): Steps<R> {
  return yield* operation;
}

describe("what lib/refcount.c warns of", () => {
  const complaint = (value: number, operate: (count: Refcount) => Operation<unknown>): [string[], number] => {
    let count: Refcount | undefined;
    const scenario = counted(
      {
        *body(w) {
          count = w.count;
          yield* operate(w.count);
        },
      },
      value,
    );
    return [[...verdictOf(scenario, exhaustive()).endings], count!.value];
  };
  test.each<[string, number, (count: Refcount) => Operation<unknown>, string]>([
    ["inc of 0", 0, refcountInc, "is raised from zero: use after free"],
    ["inc of the largest", REFCOUNT_MAX, refcountInc, "is saturated: its object leaks"],
    ["add over the largest", REFCOUNT_MAX - 1, (c) => refcountAdd(c, 2), "is saturated: its object leaks"],
    ["inc of a saturated one", REFCOUNT_SATURATED, refcountInc, "is saturated: its object leaks"],
    ["inc_not_zero of the largest", REFCOUNT_MAX, refcountIncNotZero, "is saturated: its object leaks"],
    ["dec_and_test of 0", 0, refcountDecAndTest, "falls below zero: use after free"],
    ["sub_and_test of too much", 1, (c) => refcountSubAndTest(c, 2), "falls below zero: use after free"],
    [
      "dec_and_test of a saturated one",
      REFCOUNT_SATURATED,
      refcountDecAndTest,
      "falls below zero: use after free",
    ],
    ["dec to 0", 1, refcountDec, "falls to zero unnoticed: its object leaks"],
  ])("%s", (_name, value, operate, what) => {
    const [endings, after] = complaint(value, operate);
    expect(endings).toHaveLength(1);
    expect(endings[0]).toMatch(
      new RegExp(`^lock protocol: body at body/refcount_\\w+/count: count ${what}$`),
    );
    expect(after).toBe(REFCOUNT_SATURATED);
  });
  test.each<[string, number, (count: Refcount) => Operation<unknown>, number]>([
    ["inc", 1, refcountInc, 2],
    ["inc to the largest", REFCOUNT_MAX - 1, refcountInc, REFCOUNT_MAX],
    ["inc_not_zero of 0", 0, refcountIncNotZero, 0],
    ["add_not_zero", 1, (c) => refcountAddNotZero(c, 3), 4],
    ["sub_and_test to 0", 3, (c) => refcountSubAndTest(c, 3), 0],
    ["dec", 2, refcountDec, 1],
    ["dec_if_one of 1", 1, refcountDecIfOne, 0],
    ["dec_if_one of 2", 2, refcountDecIfOne, 2],
    ["set", 0, (c) => refcountSet(c, 5), 5],
    ["read", 7, refcountRead, 7],
  ])("%s is fine", (_name, value, operate, after) => {
    expect(complaint(value, operate)).toEqual([[""], after]);
  });
});

class Thing {
  readonly key: Cell<number>;
  readonly count: Refcount;
  constructor(lifetime: Lifetime, number: number) {
    this.key = new Cell<number>("key", 0, { lifetime, name: `key of thing ${number}` });
    this.count = new Refcount("count", 0, { lifetime, name: `count of thing ${number}` });
  }
}

class Table {
  readonly rcu = new Rcu(new Lockdep());
  readonly things = new TypesafeCache(this.rcu, "thing", (slab, number) => new Thing(slab, number));
  readonly first = new Cell<Thing | null>("first", null);
  readonly second = new Cell<Thing | null>("second", null);
  readonly log: string[] = [];

  constructor() {
    const thing = this.things.take();
    thing.key.value = 1;
    thing.count.value = 1;
    this.first.value = thing;
  }
}

/** Looks the thing with key 1 up, and notes the key of what it got. */
function* lookup(w: Table): Steps<void> {
  yield* rcuReadLock(w.rcu);
  const thing = yield* rcuDereference(w.rcu, w.first);
  if (thing !== null && (yield* refcountIncNotZero(thing.count))) {
    if ((yield* readOnce(thing.key)) === 1) w.log.push(`found ${thing.key.value}`);
    if (yield* refcountDecAndTest(thing.count)) yield* kmemCacheFree(w.things, thing);
  }
  yield* rcuReadUnlock(w.rcu);
}

/** Removes the thing with key 1 and makes another, with key 2, perhaps of the same memory. */
function* replace(w: Table): Steps<void> {
  const old = (yield* readOnce(w.first))!;
  yield* rcuAssignPointer(w.first, null);
  if (yield* refcountDecAndTest(old.count)) yield* kmemCacheFree(w.things, old);
  const next = yield* kmemCacheAlloc(w.things);
  yield* writeOnce(next.key, 2);
  yield* refcountSet(next.count, 1);
  yield* rcuAssignPointer(w.second, next);
}

function tableOf(threads: Readonly<Record<string, (w: Table) => Steps<void>>>): Scenario<Table> {
  const daemons = { rcu: (w: Table) => rcuCallbacks(w.rcu) };
  return defineScenario<Table>({ name: "table", setup: () => new Table(), threads, daemons, properties: [] });
}

describe.each(MODELS)("type-stable objects under %s", (memory) => {
  const scenario = tableOf({ lookup, replace });

  test("a lookup that looks again finds the right thing, or none", () => {
    const { wrong, endings } = agreed(scenario, memory, { isSmall: memory === "sc" });
    expect([wrong, endings]).toEqual([0, new Set(["", "found 1"])]);
  });

  test("one that does not takes the next thing for it", () => {
    const ablations = [without.site("lookup/read_once/key=1")];
    expect(agreed(scenario, memory, { ablations }).endings).toEqual(new Set(["", "found 1", "found 2"]));
  });

  test("memory goes back after a grace period: not under a reader in a section, but under one in none", () => {
    const shrinking = tableOf({
      lookup,
      *shrink(w) {
        const old = (yield* readOnce(w.first))!;
        yield* rcuAssignPointer(w.first, null);
        if (yield* refcountDecAndTest(old.count)) yield* kmemCacheFree(w.things, old);
        yield* kmemCacheShrink(w.things);
      },
    });
    expect(agreed(shrinking, memory).wrong).toBe(0);
    const ablations = [without.site("shrink/grace_period/rcu")];
    expect([...agreed(shrinking, memory, { ablations }).endings]).toContain(
      "use-after-free: lookup does refcount_inc_not_zero on count of thing 1 after slab of thing 1 was freed",
    );
  });
});

test("freeing twice is reported", () => {
  const scenario = tableOf({
    *body(w) {
      const thing = yield* kmemCacheAlloc(w.things);
      yield* kmemCacheFree(w.things, thing);
      yield* kmemCacheFree(w.things, thing);
    },
  });
  expect([...verdictOf(scenario, exhaustive()).endings]).toEqual([
    "use-after-free: body frees an object of thing that is not in use",
  ]);
});
