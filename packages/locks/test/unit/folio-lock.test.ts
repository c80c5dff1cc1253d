/** The folio lock: waiting with and without taking it, unlocking for somebody else, giving up. */

import {
  EINTR,
  FatalSignal,
  folioEndRead,
  folioLock,
  folioLockKillable,
  folioUnlock,
  folioWaitLocked,
  sendSigkill,
} from "@mmrace/locks";
import { atEnd, cpuRelax, dpor, explore, readOnce, without, writeOnce } from "@mmrace/scheduler";
import { expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";
import { expect, test } from "vitest";
import { complaint, expectAgreement, one, scenarioOf, search, type Body } from "../world.ts";

/** Reads a folio from disk: submits it and ends; whoever wants the folio waits for the completion. */
const threads: Readonly<Record<string, Body>> = {
  *reading(w) {
    yield* folioLock(w.folio);
    yield* writeOnce(w.flag, 1);
  },
  *completion(w) {
    while ((yield* readOnce(w.flag)) === 0) yield* cpuRelax();
    yield* writeOnce(w.cell, 1);
    yield* folioEndRead(w.folio);
  },
  *waiter(w) {
    while ((yield* readOnce(w.flag)) === 0) yield* cpuRelax();
    yield* folioWaitLocked(w.folio);
    w.log.push(String(yield* readOnce(w.cell)));
  },
};

test.each(["sc", "tso"] as const)("who waits for the end of a read sees what was read: %s", (memory) => {
  expectNoViolation(search(threads));
  expect(expectAgreement(threads, [], memory)).toEqual(new Set(["1"]));
});

test("who does not wait may not: the control", () => {
  const scenario = scenarioOf(threads, [atEnd("the page was read", ({ log }) => log[0] === "1")]);
  const ablations = [without.site("waiter/folio_wait_locked/folio_lock")];
  expectViolation(explore(scenario, dpor(), { ablations }), "the page was read");
});

test("a waiter can be killed", () => {
  const signals = new WeakMap<object, FatalSignal>();
  const signalOf = (w: object): FatalSignal => {
    if (!signals.has(w)) signals.set(w, new FatalSignal());
    return signals.get(w)!;
  };
  const killing: Readonly<Record<string, Body>> = {
    *holder(w) {
      yield* folioLock(w.folio);
      yield* sendSigkill(signalOf(w));
      yield* folioUnlock(w.folio);
    },
    *victim(w) {
      const result = yield* folioLockKillable(w.folio, signalOf(w));
      w.log.push(String(result));
      if (result === 0) yield* folioUnlock(w.folio);
    },
  };
  expectNoViolation(search(killing));
  for (const memory of ["sc", "tso"] as const)
    expect(expectAgreement(killing, [], memory)).toEqual(new Set(["0", String(-EINTR)]));
});

test("unlocking what is not locked", () => {
  expect(complaint((w) => one(folioEndRead(w.folio)))).toBe("only unlocks folio_lock, which is not locked");
  expect(complaint((w) => one(folioUnlock(w.folio)))).toBe(
    "only releases folio_lock, which it does not hold",
  );
});
