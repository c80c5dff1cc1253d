/** Waiting for RCU readers: what a grace period keeps apart, which stores it waits for, and what its absence breaks. */

import {
  callRcu,
  type Rcu,
  rcuAssignPointer,
  rcuBarrier,
  rcuCallbacks,
  rcuDereference,
  rcuReadLock,
  rcuReadUnlock,
  synchronizeRcu,
  synchronizeRcuExpedited,
  type GracePeriod,
} from "@mmrace/locks";
import {
  defineScenario,
  exhaustive,
  Operation,
  readOnce,
  smpMb,
  without,
  writeOnce,
  type MemoryModel,
  type OperationKind,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { free, PointedWorld as World } from "../memory.ts";
import { agreed, verdictOf } from "../searches.ts";

type Body = (w: World) => Steps<void>;

function scenarioOf(threads: Readonly<Record<string, Body>>, hasCallbacks = false): Scenario<World> {
  const daemons = hasCallbacks ? { rcu: (w: World) => rcuCallbacks(w.rcu) } : {};
  return defineScenario<World>({
    name: "rcu",
    setup: () => new World(),
    threads,
    daemons,
    properties: [],
  });
}

function* reader(w: World): Steps<void> {
  yield* rcuReadLock(w.rcu);
  if ((yield* rcuDereference(w.rcu, w.pointer)) !== 0) yield* readOnce(w.field);
  yield* rcuReadUnlock(w.rcu);
}

const updater = (wait: (w: World) => Operation<void>): Body =>
  function* (w) {
    yield* rcuAssignPointer(w.pointer, 0);
    yield* wait(w);
    yield* free(w.memory);
  };

function* deferring(w: World): Steps<void> {
  yield* rcuAssignPointer(w.pointer, 0);
  yield* callRcu(w.rcu, "free block", () => free(w.memory));
}

const synchronizing = scenarioOf({ reader, updater: updater((w) => synchronizeRcu(w.rcu)) });
const calling = scenarioOf({ reader, deferring }, true);
const MODELS: readonly MemoryModel[] = ["sc", "tso"];

describe.each(MODELS)("under %s", (memory) => {
  test("a block that readers may still see is not freed", () => {
    for (const scenario of [
      synchronizing,
      scenarioOf({ reader, updater: updater((w) => synchronizeRcuExpedited(w.rcu)) }),
      calling,
      scenarioOf({ reader, other: reader, updater: updater((w) => synchronizeRcu(w.rcu)) }),
    ]) {
      expect(agreed(scenario, memory, { isSmall: false }).wrong).toBe(0);
    }
  });

  test.each([
    ["synchronize_rcu", synchronizing, "updater/synchronize_rcu/rcu"],
    ["the read section, beside synchronize_rcu", synchronizing, "reader/rcu_read_lock/rcu"],
    ["the grace period of call_rcu", calling, "deferring/grace_period/rcu"],
    ["the read section, beside call_rcu", calling, "reader/rcu_read_lock/rcu"],
  ])("without %s it is", (_name, scenario, site) => {
    const { wrong, endings } = agreed(scenario, memory, { ablations: [without.site(site)] });
    expect(wrong).toBeGreaterThan(0);
    expect([...endings].some((ending) => /use-after-free|lock protocol/.test(ending))).toBe(true);
  });

  test("sections nest; where the inner end ends all, the block is freed under the reader", () => {
    const nested = (unlock: (w: World) => Operation<void>): Body =>
      function* (w) {
        yield* rcuReadLock(w.rcu);
        const seen = yield* rcuDereference(w.rcu, w.pointer);
        yield* rcuReadLock(w.rcu);
        yield* unlock(w);
        if (seen !== 0) yield* readOnce(w.field);
        yield* rcuReadUnlock(w.rcu);
      };
    const flat: OperationKind<Rcu, void, void> = {
      name: "rcu_read_unlock",
      access: "write",
      order: "none",
      perform: (rcu, _argument, thread) => {
        while (rcu.depth[thread.id]! > 0) rcu.leave(thread);
      },
    };
    const waits = updater((w) => synchronizeRcu(w.rcu));
    const good = scenarioOf({ nested: nested((w) => rcuReadUnlock(w.rcu)), waits });
    const bad = scenarioOf({ nested: nested((w) => Operation.of(flat, w.rcu, undefined)), waits });
    expect(agreed(good, memory).wrong).toBe(0);
    expect(agreed(bad, memory).endings).toContain(
      "use-after-free: nested does read_once on field after block was freed",
    );
  });

  test("who waits for callbacks finds that they have run", () => {
    const unloader = (waits: boolean): Body =>
      function* (w) {
        yield* callRcu(w.rcu, "use block", function* () {
          yield* readOnce(w.field);
        });
        if (waits) yield* rcuBarrier(w.rcu);
        yield* free(w.memory);
      };
    expect(agreed(scenarioOf({ unloader: unloader(true) }, true), memory).wrong).toBe(0);
    expect([...agreed(scenarioOf({ unloader: unloader(false) }, true), memory).endings]).toContain(
      "use-after-free: rcu does read_once on field after block was freed",
    );
  });
});

describe("stores and grace periods", () => {
  /** Either the section comes after the begin and sees y, or the grace period ends after the section and x is there. */
  const messages = (wait: (w: World) => Operation<void>, hasSection: boolean): Scenario<World> =>
    scenarioOf({
      *left(w) {
        if (hasSection) yield* rcuReadLock(w.rcu);
        yield* writeOnce(w.x, 1);
        yield* w.see(w.y);
        if (hasSection) yield* rcuReadUnlock(w.rcu);
      },
      *right(w) {
        yield* writeOnce(w.y, 1);
        yield* wait(w);
        yield* w.see(w.x);
      },
    });
  /** A grace period that waits for the ends of sections and for nothing else. */
  const careless = (w: World): Operation<void> => {
    const operation = synchronizeRcu(w.rcu);
    const gracePeriod = operation.argument as GracePeriod;
    Object.defineProperty(gracePeriod, "isOver", { get: () => gracePeriod.waitsFor.size === 0 });
    return operation;
  };
  const ALL = new Set(["x=0 y=1", "x=1 y=0", "x=1 y=1"]);
  const WEAK = new Set(["x=0 y=0", ...ALL]);

  test.each([
    ["a section", (w: World) => synchronizeRcu(w.rcu), true, ALL],
    ["none, as a full barrier on every CPU", (w: World) => synchronizeRcu(w.rcu), false, ALL],
    ["a barrier of the other CPU alone", () => smpMb(), true, WEAK],
    ["a grace period that does not wait for stores", careless, true, WEAK],
  ])("%s", (_name, wait, hasSection, underTso) => {
    const scenario = messages(wait, hasSection);
    expect(agreed(scenario, "tso", { isSmall: true }).endings).toEqual(underTso);
    expect([...agreed(scenario, "sc").endings]).not.toContain("x=0 y=0");
  });

  test("a callback finds the stores of the sections that it waited for", () => {
    const scenario = scenarioOf(
      {
        *left(w) {
          yield* rcuReadLock(w.rcu);
          yield* writeOnce(w.x, 1);
          yield* w.see(w.y);
          yield* rcuReadUnlock(w.rcu);
        },
        *right(w) {
          yield* writeOnce(w.y, 1);
          yield* callRcu(w.rcu, "look", () => w.see(w.x));
        },
      },
      true,
    );
    expect(agreed(scenario, "tso").endings).toEqual(ALL);
    expect(agreed(scenario, "sc").endings).toEqual(ALL);
  });
});

describe("exact counts", () => {
  // Reader: lock, look, use where it sees the block, unlock. Updater: unlink, begin, free; it waits in between where it
  // begins inside the section. Unlink before the lock: begin before the lock leaves 4 places for the free, three later
  // begins leave 1 each. Unlink between lock and look: 3 begins. After the look: 3, 2 and 1. 7 + 3 + 6.
  test("every interleaving of a reader and an updater", () => {
    expect(verdictOf(synchronizing, exhaustive())).toMatchObject({ executions: 16, wrong: 0 });
  });

  // Unlink before the look: 4 + 3 places for the free. After it: 3, 2 and 1, and wrong when both come before the use.
  test("without the grace period", () => {
    const ablations = [without.site("updater/synchronize_rcu/rcu")];
    expect(verdictOf(synchronizing, exhaustive(), "sc", ablations)).toMatchObject({
      executions: 13,
      wrong: 1,
    });
  });
});

describe("misuse", () => {
  const complaints = (body: Body): readonly string[] => [...agreed(scenarioOf({ body }, true)).endings];

  test("sleeping inside a section, dereferencing outside one, leaving what was not entered", () => {
    for (const [name, wait] of [
      ["synchronize_rcu", synchronizeRcu],
      ["synchronize_rcu_expedited", synchronizeRcuExpedited],
      ["rcu_barrier", rcuBarrier],
    ] as const) {
      const body: Body = function* (w) {
        yield* rcuReadLock(w.rcu);
        yield* wait(w.rcu);
      };
      expect(complaints(body)).toEqual([
        `lock protocol: body may sleep in ${name}() inside an RCU read section`,
      ]);
    }
    expect(
      complaints(function* (w) {
        yield* rcuDereference(w.rcu, w.pointer);
      }),
    ).toEqual(["lock protocol: body dereferences pointer outside an RCU read section"]);
    expect(
      complaints(function* (w) {
        yield* rcuReadUnlock(w.rcu);
      }),
    ).toEqual(["lock protocol: body leaves an RCU read section that it is not in"]);
  });
});
