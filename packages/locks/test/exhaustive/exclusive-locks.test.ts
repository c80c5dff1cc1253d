/**
 * Every lock that excludes: two threads that add one, counted; and what is lost without the lock. Numbers are worked out
 * beside them.
 */

import {
  downWrite,
  FolioLock,
  folioLock,
  folioUnlock,
  Lockdep,
  Mutex,
  mutexLock,
  mutexUnlock,
  RwLock,
  RwSem,
  SpinLock,
  spinLock,
  spinUnlock,
  upWrite,
  writeLock,
  writeUnlock,
} from "@mmrace/locks";
import {
  atEnd,
  Cell,
  defineScenario,
  dpor,
  exhaustive,
  explore,
  type Operation,
  readOnce,
  without,
  writeOnce,
  type RunSettings,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { expectExactly, expectNoViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";

type Exclusive = SpinLock | RwLock | RwSem | FolioLock | Mutex;

interface Row {
  readonly make: (lockdep: Lockdep, name: string) => Exclusive;
  readonly take: (lock: never) => Operation<void>;
  readonly drop: (lock: never) => Operation<void>;
  /** Whether coming to wait is a step. */
  readonly queues: boolean;
}

const rows: Readonly<Record<string, Row>> = {
  spinlock: spinRow("none"),
  "queued spinlock": spinRow("queued"),
  rwlock: rwRow("none"),
  "queued rwlock": rwRow("queued"),
  "rwsem, none": semRow("none"),
  "rwsem, stealing": semRow("stealing"),
  "rwsem, fifo": semRow("fifo"),
  mutex: mutexRow("none"),
  "fifo mutex": mutexRow("fifo"),
  "folio lock": {
    make: (lockdep, name) => new FolioLock(lockdep, "lock", { name }),
    take: folioLock,
    drop: folioUnlock,
    queues: false,
  },
};

function spinRow(fairness: "none" | "queued"): Row {
  const make: Row["make"] = (lockdep, name) => new SpinLock(lockdep, "lock", { name, fairness });
  return { make, take: (lock) => spinLock(lock), drop: spinUnlock, queues: fairness === "queued" };
}

function rwRow(fairness: "none" | "queued"): Row {
  const make: Row["make"] = (lockdep, name) => new RwLock(lockdep, "lock", { name, fairness });
  return { make, take: (lock) => writeLock(lock), drop: writeUnlock, queues: fairness === "queued" };
}

function semRow(fairness: "none" | "stealing" | "fifo"): Row {
  const make: Row["make"] = (lockdep, name) => new RwSem(lockdep, "lock", { name, fairness });
  return { make, take: (lock) => downWrite(lock), drop: upWrite, queues: fairness !== "none" };
}

function mutexRow(fairness: "none" | "fifo"): Row {
  const make: Row["make"] = (lockdep, name) => new Mutex(lockdep, "lock", { name, fairness });
  return { make, take: (lock) => mutexLock(lock), drop: mutexUnlock, queues: fairness === "fifo" };
}

interface Counter {
  readonly lock: never;
  readonly cell: Cell<number>;
}

const BOTH = "both additions count";

function adders({ make, take, drop }: Row): Scenario<Counter> {
  const add = function* ({ lock, cell }: Counter): Steps<void> {
    yield* take(lock);
    yield* writeOnce(cell, (yield* readOnce(cell)) + 1);
    yield* drop(lock);
  };
  return defineScenario<Counter>({
    name: "adders",
    setup: () => ({ lock: make(new Lockdep(), "lock") as never, cell: new Cell("cell", 0) }),
    threads: { one: add, two: add },
    properties: [atEnd(BOTH, ({ cell }) => cell.value === 2)],
  });
}

/** All executions, and how many break the property. */
function counted(scenario: Scenario<Counter>, settings: RunSettings): { executions: number; wrong: number } {
  let wrong = 0;
  const stopWhen = (): boolean => (wrong++, false);
  const { executions, complete, unmatched } = explore(scenario, exhaustive(), { ...settings, stopWhen });
  expect({ complete, unmatched }).toEqual({ complete: true, unmatched: [] });
  return { executions, wrong };
}

describe.each(Object.entries(rows))("%s", (_name, row) => {
  // Who comes first runs its four steps. Where coming to wait is a step, the other may take it after the first, second or
  // third of them, or after the last come without waiting: four executions instead of one, for each who may come first.
  test("excludes and hands over", () => {
    expectExactly(explore(adders(row), exhaustive()), row.queues ? 8 : 2);
    // The cell does not mind when the other comes to wait: between lock and unlock, or after them.
    expectExactly(explore(adders(row), dpor()), row.queues ? 4 : 2);
  });

  test("excludes under tso, too", () => {
    for (const strategy of [dpor(), exhaustive({ reduction: "sleep-sets" }), exhaustive()]) {
      expectNoViolation(explore(adders(row), strategy, { memory: "tso" }));
    }
  });

  // Without the lock two steps are left of `one`, anywhere among the four of `two`: C(6, 2) = 15. Right are those in
  // which both come before the other's read (beside its lock: 3) or both after its write (beside its unlock: 3).
  test("without the lock an addition is lost: the control", () => {
    const ablations = [without.lock("one", "lock")];
    expect(counted(adders(row), { ablations })).toEqual({ executions: 15, wrong: 9 });
  });
});
