/** Read-write locks: who is let in beside whom, who waits for whom, and what fairness changes. */

import {
  downgradeWrite,
  downRead,
  downReadKillable,
  downWrite,
  downWriteKillable,
  EINTR,
  FatalSignal,
  readLock,
  readTrylock,
  readUnlock,
  RwSem,
  sendSigkill,
  upRead,
  upWrite,
  writeLock,
  writeTrylock,
  writeUnlock,
} from "@mmrace/locks";
import { cpuRelax, exhaustive, explore, readOnce, sometimes, without, writeOnce } from "@mmrace/scheduler";
import { expectNoViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { complaint, expectAgreement, scenarioOf, search, type Body, type World } from "../world.ts";

type Semaphore = "sem" | "unfairSem" | "fifoSem";

function writer(which: Semaphore): Body {
  return function* (w) {
    yield* downWrite(w[which]);
    yield* writeOnce(w.cell, 2);
    yield* upWrite(w[which]);
  };
}

function* reader(w: World): ReturnType<Body> {
  yield* downRead(w.sem);
  w.enter();
  yield* readOnce(w.cell);
  w.leave();
  yield* upRead(w.sem);
}

/** A reader that holds on until another reader was in, that reader, and a writer that may come between them. */
function patience(which: Semaphore): Readonly<Record<string, Body>> {
  return {
    *patient(w) {
      yield* downRead(w[which]);
      while ((yield* readOnce(w.flag)) === 0) yield* cpuRelax();
      yield* upRead(w[which]);
    },
    writer: writer(which),
    *second(w) {
      yield* downRead(w[which]);
      yield* writeOnce(w.flag, 1);
      yield* upRead(w[which]);
    },
  };
}

describe("a waiting writer", () => {
  test.each(["sem", "fifoSem"] as const)("keeps new readers out, who may be waited for: %s", (which) => {
    expect(search(patience(which)).violations.map(({ oracle }) => oracle)).toEqual(["livelock"]);
    expectAgreement(patience(which));
  });

  test("keeps nobody out where waiting is no step: what is lost by that", () => {
    expectNoViolation(search(patience("unfairSem")));
    expectAgreement(patience("unfairSem"));
  });
});

describe("rwsem", () => {
  test("a release lets all waiting readers in at once, also those behind a writer", () => {
    const threads = { holder: writer("sem"), one: reader, two: reader };
    const both = sometimes<World>("both inside", ({ inside }) => inside === 2);
    const woken = sometimes<World>("both handed over", (w) => w.sem.readers.length === 2 && w.inside === 0);
    expectNoViolation(search(threads, [both, woken]));
    expectAgreement(threads);
  });

  test("downgrade_write keeps writers out and lets waiting readers in", () => {
    const threads: Readonly<Record<string, Body>> = {
      *downgrader(w) {
        yield* downWrite(w.sem);
        yield* writeOnce(w.cell, 1);
        yield* downgradeWrite(w.sem);
        w.log.push(`downgraded ${yield* readOnce(w.cell)}`);
        yield* upRead(w.sem);
      },
      writer: writer("sem"),
      *reader(w) {
        yield* downRead(w.sem);
        w.log.push(`reader ${yield* readOnce(w.cell)}`);
        yield* upRead(w.sem);
      },
    };
    expectNoViolation(search(threads, [sometimes("beside", (w) => w.sem.readers.length === 2)]));
    const seen = ["reader 0", "reader 1", "reader 2"].map((text) => `downgraded 1 ${text}`);
    expect(expectAgreement(threads)).toEqual(new Set(seen));
  });

  test.each(["stealing", "fifo", "none"] as const)(
    "a killed waiter gives up, others go on: %s",
    (fairness) => {
      const made = new WeakMap<World, { readonly sem: RwSem; readonly signal: FatalSignal }>();
      const of = (w: World) => {
        if (!made.has(w))
          made.set(w, { sem: new RwSem(w.lockdep, "killable", { fairness }), signal: new FatalSignal() });
        return made.get(w)!;
      };
      const killer: Body = function* (w) {
        yield* downRead(of(w).sem);
        yield* sendSigkill(of(w).signal);
        yield* upRead(of(w).sem);
      };
      const other: Body = function* (w) {
        yield* downRead(of(w).sem);
        yield* upRead(of(w).sem);
      };
      const victim: Body = function* (w) {
        const result = yield* downWriteKillable(of(w).sem, of(w).signal);
        w.log.push(String(result));
        if (result === 0) yield* upWrite(of(w).sem);
      };
      expect(expectAgreement({ killer, victim, other })).toEqual(new Set(["0", String(-EINTR)]));

      const writingKiller: Body = function* (w) {
        yield* downWrite(of(w).sem);
        yield* sendSigkill(of(w).signal);
        yield* upWrite(of(w).sem);
      };
      const readingVictim: Body = function* (w) {
        const result = yield* downReadKillable(of(w).sem, of(w).signal);
        w.log.push(String(result));
        if (result === 0) yield* upRead(of(w).sem);
      };
      expect(expectAgreement({ writingKiller, readingVictim, other })).toEqual(
        new Set(["0", String(-EINTR)]),
      );
    },
  );

  test("an ablation drops a lock that would have to wait, with its release", () => {
    const scenario = scenarioOf({ one: writer("sem"), two: writer("sem") });
    const exploration = explore(scenario, exhaustive(), { ablations: [without.lock("one", "sem")] });
    expectNoViolation(exploration);
    expect(exploration.unmatched).toEqual([]);
    // One write is left of `one`, among the three steps of `two`.
    expect(exploration.executions).toBe(4);
  });
});

test("a killable wait cannot be removed: what comes next hangs on its answer", () => {
  const signal = new FatalSignal();
  const scenario = scenarioOf({
    *only(w) {
      if ((yield* downWriteKillable(w.sem, signal)) === 0) yield* upWrite(w.sem);
    },
  });
  const ablations = [without.lock("only", "sem")];
  expect(() => explore(scenario, exhaustive(), { ablations })).toThrow(/down_write\/sem cannot be removed/);
});

describe("rwlock", () => {
  const patient = (which: "rw" | "unfairRw"): Readonly<Record<string, Body>> => ({
    *patient(w) {
      yield* readLock(w[which]);
      while ((yield* readOnce(w.flag)) === 0) yield* cpuRelax();
      yield* readUnlock(w[which]);
    },
    *writer(w) {
      yield* writeLock(w[which]);
      yield* writeUnlock(w[which]);
    },
    *second(w) {
      yield* readLock(w[which]);
      yield* writeOnce(w.flag, 1);
      yield* readUnlock(w[which]);
    },
  });

  test("a waiting writer keeps new readers out of a queued lock, and of no other", () => {
    expect(search(patient("rw")).violations.map(({ oracle }) => oracle)).toEqual(["livelock"]);
    expectNoViolation(search(patient("unfairRw")));
    expectAgreement(patient("rw"));
    expectAgreement(patient("unfairRw"));
  });

  test.each(["rw", "unfairRw"] as const)("readers share, trylocks answer: %s", (which) => {
    const sharing: Body = function* (w) {
      yield* readLock(w[which]);
      w.enter();
      yield* readOnce(w.cell);
      w.leave();
      yield* readUnlock(w[which]);
    };
    expectNoViolation(
      search({ one: sharing, two: sharing }, [sometimes("both", ({ inside }) => inside === 2)]),
    );
    const threads: Readonly<Record<string, Body>> = {
      sharing,
      *tryer(w) {
        const writes = yield* writeTrylock(w[which]);
        if (writes) yield* writeUnlock(w[which]);
        const reads = yield* readTrylock(w[which]);
        if (reads) yield* readUnlock(w[which]);
        w.log.push(`write ${writes}, read ${reads}`);
      },
    };
    for (const memory of ["sc", "tso"] as const) {
      const outcomes = expectAgreement(threads, [], memory);
      expect(outcomes).toEqual(new Set(["write true, read true", "write false, read true"]));
    }
  });
});

describe("misuse", () => {
  test.each<[string, Body, RegExp]>([
    [
      "write_unlock by a reader",
      function* (w) {
        yield* readLock(w.rw);
        yield* writeUnlock(w.rw);
      },
      /^only releases rw_lock as a writer, but holds it for reading$/,
    ],
    [
      "read_unlock of a free lock",
      function* (w) {
        yield* readUnlock(w.rw);
      },
      /^only releases rw_lock, which it does not hold$/,
    ],
    [
      "up_read by a writer",
      function* (w) {
        yield* downWrite(w.sem);
        yield* upRead(w.sem);
      },
      /^only releases sem as a reader, but holds it for writing$/,
    ],
    [
      "up_write twice",
      function* (w) {
        yield* downWrite(w.sem);
        yield* upWrite(w.sem);
        yield* upWrite(w.sem);
      },
      /^only releases sem, which it does not hold$/,
    ],
    [
      "reading twice",
      function* (w) {
        yield* downRead(w.sem);
        yield* downRead(w.sem);
      },
      /^only takes sem while it holds sem of the same class$/,
    ],
    [
      "downgrading a reader",
      function* (w) {
        yield* downRead(w.sem);
        yield* downgradeWrite(w.sem);
      },
      /^only downgrades sem, which it does not hold for writing$/,
    ],
  ])("%s", (_name, body, message) => expect(complaint(body)).toMatch(message));
});
