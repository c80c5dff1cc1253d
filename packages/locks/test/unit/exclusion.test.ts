/** Mutual exclusion: what each primitive keeps out, and that the property notices when it is missing. */

import {
  downRead,
  downReadTrylock,
  downWrite,
  downWriteTrylock,
  folioLock,
  folioSetLocked,
  folioTrylock,
  folioUnlock,
  spinLock,
  spinTrylock,
  spinUnlock,
  upRead,
  upWrite,
  writeLock,
  writeUnlock,
} from "@mmrace/locks";
import { always, atEnd, readOnce, sometimes, type Operation } from "@mmrace/scheduler";
import { expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { expectAgreement, search, type Body, type World } from "../world.ts";

const exclusive = [
  always("one at a time", (w: World) => w.inside <= 1),
  atEnd("somebody was inside", (w: World) => w.insideMax === 1),
];

/** A critical section around two steps, so that a missing lock shows. */
function section(lock: (w: World) => Operation<void>, unlock: (w: World) => Operation<void>): Body {
  return function* (w) {
    yield* lock(w);
    w.enter();
    yield* readOnce(w.cell);
    w.leave();
    yield* unlock(w);
  };
}

describe("mutual exclusion", () => {
  // Whoever takes the lock first runs its three steps. Where waiting is a step, the other one may come to wait after
  // each of the three; else it can do nothing before the lock is free.
  test.each<[string, number, Body]>([
    [
      "spinlock",
      2,
      section(
        ({ a }) => spinLock(a),
        ({ a }) => spinUnlock(a),
      ),
    ],
    [
      "queued spinlock",
      6,
      section(
        ({ queued }) => spinLock(queued),
        ({ queued }) => spinUnlock(queued),
      ),
    ],
    [
      "rwlock for writers",
      6,
      section(
        ({ rw }) => writeLock(rw),
        ({ rw }) => writeUnlock(rw),
      ),
    ],
    [
      "unfair rwlock",
      2,
      section(
        ({ unfairRw }) => writeLock(unfairRw),
        ({ unfairRw }) => writeUnlock(unfairRw),
      ),
    ],
    [
      "rwsem for writers",
      6,
      section(
        ({ sem }) => downWrite(sem),
        ({ sem }) => upWrite(sem),
      ),
    ],
    [
      "unfair rwsem",
      2,
      section(
        ({ unfairSem }) => downWrite(unfairSem),
        ({ unfairSem }) => upWrite(unfairSem),
      ),
    ],
    [
      "fifo rwsem",
      6,
      section(
        ({ fifoSem }) => downWrite(fifoSem),
        ({ fifoSem }) => upWrite(fifoSem),
      ),
    ],
    [
      "folio lock",
      2,
      section(
        ({ folio }) => folioLock(folio),
        ({ folio }) => folioUnlock(folio),
      ),
    ],
  ])("%s", (_name, executions, body) => {
    const exploration = search({ one: body, two: body }, exclusive);
    expectNoViolation(exploration);
    expect(exploration.executions).toBe(executions);
    for (const memory of ["sc", "tso"] as const) expectAgreement({ one: body, two: body }, exclusive, memory);
  });

  test("without the lock the property breaks: the control", () => {
    const body = section(
      (w) => readOnce(w.cell) as unknown as Operation<void>,
      (w) => readOnce(w.cell) as unknown as Operation<void>,
    );
    expectViolation(search({ one: body, two: body }, exclusive), "one at a time");
  });

  test("readers share, a writer excludes them", () => {
    const reader = section(
      (w) => downRead(w.sem),
      (w) => upRead(w.sem),
    );
    const writer = section(
      (w) => downWrite(w.sem),
      (w) => upWrite(w.sem),
    );
    expectNoViolation(
      search({ one: reader, two: reader }, [sometimes("both inside", (w) => w.inside === 2)]),
    );
    expectNoViolation(search({ one: reader, two: writer }, exclusive));
  });

  test("trylocks answer instead of waiting", () => {
    const holder = section(
      (w) => spinLock(w.a),
      (w) => spinUnlock(w.a),
    );
    const answers = new Set<boolean>();
    const trier: Body = function* (w) {
      const isTaken = yield* spinTrylock(w.a);
      answers.add(isTaken);
      if (!isTaken) return;
      w.enter();
      w.leave();
      yield* spinUnlock(w.a);
    };
    expectNoViolation(search({ holder, trier }, [always("one at a time", (w) => w.inside <= 1)]));
    expect(answers).toEqual(new Set([true, false]));
  });

  test("rwsem and folio trylocks", () => {
    const seen: boolean[] = [];
    expectNoViolation(
      search({
        *only(w) {
          seen.push(yield* downReadTrylock(w.sem));
          seen.push(yield* downWriteTrylock(w.sem));
          yield* upRead(w.sem);
          yield* folioSetLocked(w.folio);
          seen.push(yield* folioTrylock(w.folio));
          yield* folioUnlock(w.folio);
          seen.push(yield* folioTrylock(w.folio));
          yield* folioUnlock(w.folio);
        },
      }),
    );
    expect(seen).toEqual([true, false, false, true]);
  });
});
