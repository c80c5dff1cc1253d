/** Wait contexts: who may wait for what under what, and what procedures demand of their callers. */

import {
  downRead,
  downWrite,
  folioLock,
  lockdepAssertHeld,
  lockdepAssertHeldWrite,
  mightSleep,
  rcuReadLock,
  rcuReadUnlock,
  readLock,
  readUnlock,
  spinLock,
  spinTrylock,
  spinUnlock,
  upRead,
  upWrite,
} from "@mmrace/locks";
import { expectNoViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { complaint, search, type Body } from "../world.ts";

describe("waiting", () => {
  test("for a spinlock under a raw one: on PREEMPT_RT it would sleep", () => {
    const body: Body = function* (w) {
      yield* spinLock(w.raw);
      yield* spinLock(w.a);
    };
    expect(complaint(body)).toBe(
      "only waits for lock_a (config) while it holds raw_lock (spin): invalid wait context",
    );
  });

  test("for a read-write spinlock under a raw one", () => {
    const body: Body = function* (w) {
      yield* spinLock(w.raw);
      yield* readLock(w.rw);
    };
    expect(complaint(body)).toMatch(/invalid wait context/);
  });

  test("the other way round, by trylock, and under RCU is fine: the control", () => {
    expectNoViolation(
      search({
        *only(w) {
          yield* spinLock(w.a);
          yield* spinLock(w.raw);
          yield* spinUnlock(w.raw);
          yield* spinUnlock(w.a);
          yield* spinLock(w.raw);
          if (yield* spinTrylock(w.a)) yield* spinUnlock(w.a);
          yield* spinUnlock(w.raw);
          yield* rcuReadLock(w.rcu);
          yield* readLock(w.rw);
          yield* readUnlock(w.rw);
          yield* rcuReadUnlock(w.rcu);
          yield* downWrite(w.sem);
          yield* spinLock(w.a);
          yield* spinUnlock(w.a);
          yield* upWrite(w.sem);
        },
      }),
    );
  });

  test("a sleeper under a read-write spinlock says what is held, and where it was taken", () => {
    const exploration = search({
      *only(w) {
        yield* downRead(w.sem);
        yield* readLock(w.rw);
        yield* folioLock(w.folio);
      },
    });
    const [{ message, details }] = exploration.violations as [(typeof exploration.violations)[number]];
    expect(message).toBe("only may sleep in folio_lock(folio_lock) while it holds rw_lock");
    expect(details).toEqual([
      "only holds:",
      "  #1 rw_lock, for reading, since only/read_lock/rw_lock",
      "  #0 sem, for reading, since only/down_read/sem",
    ]);
  });
});

describe("a procedure demands", () => {
  test("a lock that is not held, or not for writing", () => {
    expect(
      complaint(function* (w) {
        yield* lockdepAssertHeld(w.sem);
      }),
    ).toBe("only relies on sem, which it does not hold");
    expect(
      complaint(function* (w) {
        yield* downRead(w.sem);
        yield* lockdepAssertHeldWrite(w.sem);
      }),
    ).toBe("only relies on sem, which it does not hold for writing");
  });

  test("to sleep", () => {
    expect(
      complaint(function* (w) {
        yield* spinLock(w.a);
        yield* mightSleep(w.lockdep, "alloc");
      }),
    ).toBe("only may sleep in alloc while it holds lock_a");
  });

  test("nothing that is not so: the control", () => {
    const exploration = search({
      *only(w) {
        yield* mightSleep(w.lockdep, "alloc");
        yield* downRead(w.sem);
        yield* lockdepAssertHeld(w.sem);
        yield* upRead(w.sem);
        yield* downWrite(w.sem);
        yield* lockdepAssertHeldWrite(w.sem);
        yield* upWrite(w.sem);
      },
    });
    expectNoViolation(exploration);
    // Demands are no steps: only the four operations on the semaphore are.
    expect(exploration.steps).toBe(4);
  });
});
