/** RCU: callbacks wait for the readers that were there, and what is used after it was freed is seen. */

import { callRcu, rcuCallbacks, rcuReadLock, rcuReadUnlock, SpinLock, spinLock } from "@mmrace/locks";
import {
  defineScenario,
  exhaustive,
  explore,
  readOnce,
  sometimes,
  without,
  writeOnce,
} from "@mmrace/scheduler";
import { expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";
import { describe, test } from "vitest";
import { free } from "../memory.ts";
import { one, search, World, type Body } from "../world.ts";

describe("RCU", () => {
  const reader: Body = function* (w) {
    yield* rcuReadLock(w.rcu);
    if ((yield* readOnce(w.cell)) === 0) yield* readOnce(w.inMemory);
    yield* rcuReadUnlock(w.rcu);
  };
  const remover: Body = function* (w) {
    yield* writeOnce(w.cell, 1);
    yield* callRcu(w.rcu, "free block", () => one(free(w.memory)));
  };
  const freed = [
    sometimes("the block is freed", (w: World) => w.memory.ended),
    sometimes(
      "the reader is inside while the callback waits",
      (w: World) => (w.rcu.depth[0] ?? 0) > 0 && w.rcu.queue.length > 0,
    ),
  ];

  test("a callback waits for the readers that were there, so nothing is used after it is freed", () => {
    expectNoViolation(search({ reader, remover }, freed));
  });

  test("without the read section it is: the control", () => {
    const daemons = { rcu: (w: World) => rcuCallbacks(w.rcu) };
    const scenario = defineScenario<World>({
      name: "rcu",
      setup: () => new World(),
      threads: { reader, remover },
      daemons,
      properties: [],
    });
    for (const strategy of [exhaustive(), exhaustive({ reduction: "sleep-sets" })]) {
      const exploration = explore(scenario, strategy, {
        ablations: [without.site("reader/rcu_read_lock/rcu")],
      });
      expectViolation(exploration, "use-after-free");
    }
  });

  test("sections nest: the inner end does not let the callback run", () => {
    const nested: Body = function* (w) {
      yield* rcuReadLock(w.rcu);
      const isThere = (yield* readOnce(w.cell)) === 0;
      yield* rcuReadLock(w.rcu);
      yield* rcuReadUnlock(w.rcu);
      if (isThere) yield* readOnce(w.inMemory);
      yield* rcuReadUnlock(w.rcu);
    };
    expectNoViolation(search({ nested, remover }, freed));
  });

  test("the memory of a lock is watched like any other", () => {
    const body: Body = function* (w) {
      const lock = new SpinLock(w.lockdep, "inner", { lifetime: w.memory });
      yield* free(w.memory);
      yield* spinLock(lock);
    };
    expectViolation(search({ body }), "use-after-free");
  });
});
