/** Trylocks that are tried again and again, and locks that are taken by a plain store. */

import {
  downReadTrylock,
  downWrite,
  downWriteTrylock,
  folioLock,
  folioSetLocked,
  folioTrylock,
  folioUnlock,
  readTrylock,
  readUnlock,
  spinLock,
  spinTrylock,
  spinUnlock,
  upRead,
  upWrite,
  writeLock,
  writeTrylock,
  writeUnlock,
} from "@mmrace/locks";
import { cpuRelax, dpor, explore, type Operation } from "@mmrace/scheduler";
import { expectNoViolation } from "@mmrace/scheduler/testing";
import { expect, test } from "vitest";
import { expectAgreement, scenarioOf, search, type Body, type World } from "../world.ts";

/** Spins on a trylock. */
function spinner(attempt: (w: World) => Operation<boolean>, drop: (w: World) => Operation<void>): Body {
  return function* (w) {
    while (!(yield* attempt(w))) yield* cpuRelax();
    yield* drop(w);
  };
}

/** Holds a lock for a while. */
function holder(take: (w: World) => Operation<void>, drop: (w: World) => Operation<void>): Body {
  return function* (w) {
    yield* take(w);
    yield* drop(w);
  };
}

// If a failed attempt counted as a write, it would wake the other spinner, which would fail and wake the first: for ever.
test.each<[string, Body, Body]>([
  [
    "spin_trylock",
    spinner(
      (w) => spinTrylock(w.a),
      (w) => spinUnlock(w.a),
    ),
    holder(
      (w) => spinLock(w.a),
      (w) => spinUnlock(w.a),
    ),
  ],
  [
    "spin_trylock, queued",
    spinner(
      (w) => spinTrylock(w.queued),
      (w) => spinUnlock(w.queued),
    ),
    holder(
      (w) => spinLock(w.queued),
      (w) => spinUnlock(w.queued),
    ),
  ],
  [
    "read_trylock",
    spinner(
      (w) => readTrylock(w.rw),
      (w) => readUnlock(w.rw),
    ),
    holder(
      (w) => writeLock(w.rw),
      (w) => writeUnlock(w.rw),
    ),
  ],
  [
    "write_trylock",
    spinner(
      (w) => writeTrylock(w.rw),
      (w) => writeUnlock(w.rw),
    ),
    holder(
      (w) => writeLock(w.rw),
      (w) => writeUnlock(w.rw),
    ),
  ],
  [
    "down_read_trylock",
    spinner(
      (w) => downReadTrylock(w.sem),
      (w) => upRead(w.sem),
    ),
    holder(
      (w) => downWrite(w.sem),
      (w) => upWrite(w.sem),
    ),
  ],
  [
    "down_write_trylock",
    spinner(
      (w) => downWriteTrylock(w.sem),
      (w) => upWrite(w.sem),
    ),
    holder(
      (w) => downWrite(w.sem),
      (w) => upWrite(w.sem),
    ),
  ],
  [
    "folio_trylock",
    spinner(
      (w) => folioTrylock(w.folio),
      (w) => folioUnlock(w.folio),
    ),
    holder(
      (w) => folioLock(w.folio),
      (w) => folioUnlock(w.folio),
    ),
  ],
])("two threads that spin on %s behind a writer do not wake each other", (_name, body, third) => {
  const exploration = explore(scenarioOf({ one: body, two: body, third }), dpor());
  expectNoViolation(exploration);
  expect(exploration.complete).toBe(true);
});

test("a folio that is marked as locked by a plain store is held at once, and given back in order", () => {
  const only: Body = function* (w) {
    yield* folioSetLocked(w.folio);
    w.log.push(String(w.lockdep.isQuiet));
    yield* folioUnlock(w.folio);
    yield* spinLock(w.a);
    yield* spinUnlock(w.a);
  };
  for (const memory of ["sc", "tso"] as const) {
    expectNoViolation(search({ only }, [], { memory }));
    expect(expectAgreement({ only }, [], memory)).toEqual(new Set(["false"]));
  }
});
