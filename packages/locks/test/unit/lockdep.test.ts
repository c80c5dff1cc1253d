/** Lockdep: every misuse it knows, and the proper use beside it. */

import {
  downRead,
  downWrite,
  folioLock,
  folioUnlock,
  LOCK_PROTOCOL,
  rcuReadLock,
  rcuReadUnlock,
  SINGLE_DEPTH_NESTING,
  spinLock,
  spinUnlock,
  upRead,
  upWrite,
} from "@mmrace/locks";
import { activeEngine, atEnd, type Operation } from "@mmrace/scheduler";
import { expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { complaint, one, search, type Body, type World } from "../world.ts";

describe("lockdep", () => {
  test("opposite orders are a deadlock, and are reported in executions that do not deadlock", () => {
    const exploration = search({
      *one(w) {
        yield* spinLock(w.a);
        yield* spinLock(w.b);
        yield* spinUnlock(w.b);
        yield* spinUnlock(w.a);
      },
      *two(w) {
        yield* spinLock(w.b);
        yield* spinLock(w.a);
        yield* spinUnlock(w.a);
        yield* spinUnlock(w.b);
      },
    });
    expect(exploration.violations.map(({ oracle }) => oracle).toSorted()).toEqual([
      "deadlock",
      LOCK_PROTOCOL,
      LOCK_PROTOCOL,
    ]);
    expect(expectViolation(exploration, LOCK_PROTOCOL).message).toMatch(
      /takes lock_[ab] after lock_[ab]; elsewhere/,
    );
  });

  test("one order is fine", () => {
    const body: Body = function* (w) {
      yield* spinLock(w.a);
      yield* spinLock(w.b);
      yield* spinUnlock(w.b);
      yield* spinUnlock(w.a);
    };
    expectNoViolation(search({ one: body, two: body }, [atEnd("quiet", (w) => w.lockdep.isQuiet)]));
  });

  test("says what a thread holds, oldest first, then its sections", () => {
    const seen: unknown[] = [];
    const look = (w: World): void => void seen.push(w.lockdep.holdings(activeEngine().currentThread));
    search({
      *one(w) {
        look(w);
        yield* downRead(w.sem);
        yield* spinLock(w.a);
        yield* rcuReadLock(w.rcu);
        look(w);
        yield* rcuReadUnlock(w.rcu);
        yield* spinUnlock(w.a);
        look(w);
        yield* upRead(w.sem);
      },
    });
    const sem = { name: "sem", mode: "read" };
    const all = [sem, { name: "lock_a", mode: "exclusive" }, { name: "rcu", mode: "section" }];
    expect(seen).toEqual([[], all, [sem]]);
  });

  test("a cycle over three classes, each pair in order", () => {
    const message = complaint(function* (w) {
      yield* spinLock(w.a);
      yield* spinLock(w.b);
      yield* spinUnlock(w.a);
      yield* spinLock(w.a2, SINGLE_DEPTH_NESTING);
      yield* spinUnlock(w.b);
      yield* spinLock(w.a);
    });
    expect(message).toBe("only takes lock_a after lock_a/1; elsewhere the order is the other way round");
  });

  test("taking a lock twice, or a second one of its class without a subclass", () => {
    expect(
      complaint(function* (w) {
        yield* spinLock(w.a);
        yield* spinLock(w.a);
      }),
    ).toMatch(/takes lock_a while it holds lock_a/);
    expect(
      complaint(function* (w) {
        yield* spinLock(w.a);
        yield* spinLock(w.a2);
      }),
    ).toMatch(/takes second lock_a while it holds lock_a of the same class/);
    expectNoViolation(
      search({
        *only(w) {
          yield* spinLock(w.a);
          yield* spinLock(w.a2, SINGLE_DEPTH_NESTING);
          yield* spinUnlock(w.a2);
          yield* spinUnlock(w.a);
        },
      }),
    );
  });

  test("releasing what one does not hold", () => {
    const message = /releases lock_a, which it does not hold/;
    expect(complaint((w) => one(spinUnlock(w.a)))).toMatch(message);
    expect(
      complaint(function* (w) {
        yield* spinLock(w.a);
        yield* spinUnlock(w.a);
        yield* spinUnlock(w.a);
      }),
    ).toMatch(message);
    expect(complaint((w) => one(upWrite(w.sem)))).toMatch(/does not hold/);
    expect(complaint((w) => one(folioUnlock(w.folio)))).toMatch(/does not hold/);
    expect(complaint((w) => one(rcuReadUnlock(w.rcu)))).toMatch(/not in/);
  });

  test.each<[string, (w: World) => Operation<void>]>([
    ["down_read", (w) => downRead(w.sem)],
    ["down_write", (w) => downWrite(w.sem)],
    ["folio_lock", (w) => folioLock(w.folio)],
  ])("%s may sleep: not under a spinlock, not in an RCU section", (name, sleep) => {
    expect(
      complaint(function* (w) {
        yield* spinLock(w.a);
        yield* sleep(w);
      }),
    ).toMatch(new RegExp(`may sleep in ${name}.* while it holds lock_a`));
    expect(
      complaint(function* (w) {
        yield* rcuReadLock(w.rcu);
        yield* sleep(w);
      }),
    ).toMatch(/inside an RCU read section/);
  });

  test("a lock or a section still open when a thread ends", () => {
    expect(complaint((w) => one(spinLock(w.a)))).toBe("only ends while it holds lock_a");
    expect(complaint((w) => one(rcuReadLock(w.rcu)))).toBe("only ends inside an RCU read section");
  });
});
