/** Fairness: who has come to wait is next, where the lock says so; and may be overtaken, where it does not. */

import {
  downRead,
  downWrite,
  spinLock,
  spinTrylock,
  spinUnlock,
  upRead,
  upWrite,
  type Lock,
  type RwSem,
  type SpinLock,
} from "@mmrace/locks";
import { cpuRelax, Operation, readOnce, writeOnce, type OperationKind } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { expectAgreement, type Body, type World } from "../world.ts";

/** Only for these tests: goes on once somebody has come to wait. */
const untilWaitedKind: OperationKind<SpinLock | RwSem, void, void> = {
  name: "until_waited",
  access: "read",
  isEnabled: ({ queue }) => queue?.isEmpty === false,
  perform: () => {},
};

function untilWaited(lock: SpinLock | RwSem): Operation<void> {
  return Operation.of(untilWaitedKind, lock, undefined);
}

/** Who got the lock after it was released while somebody waited: only the order of the two is noted. */
function race(lock: (w: World) => SpinLock | RwSem, how: Hold): ReadonlySet<string> {
  const turns = new WeakMap<World, number>();
  const note = (w: World, name: string): void => {
    const turn = (turns.get(w) ?? 0) + 1;
    turns.set(w, turn);
    w.log.push(`${turn} ${name}`);
  };
  const again: Body = function* (w) {
    yield* how.take(lock(w));
    yield* untilWaited(lock(w));
    yield* how.drop(lock(w));
    yield* how.take(lock(w));
    note(w, "again");
    yield* how.drop(lock(w));
  };
  const waiter: Body = function* (w) {
    yield* how.take(lock(w));
    note(w, "waiter");
    yield* how.drop(lock(w));
  };
  return expectAgreement({ again, waiter });
}

interface Hold {
  readonly take: (lock: SpinLock | RwSem) => Operation<void>;
  readonly drop: (lock: SpinLock | RwSem) => Operation<void>;
}

const spinning: Hold = {
  take: (lock: Lock) => spinLock(lock as SpinLock),
  drop: (lock: Lock) => spinUnlock(lock as SpinLock),
};
const writing: Hold = {
  take: (lock: Lock) => downWrite(lock as RwSem),
  drop: (lock: Lock) => upWrite(lock as RwSem),
};

const WAITER_FIRST = "1 waiter 2 again";
const OVERTAKEN = "1 again 2 waiter";
/** The waiter came before the other thread held the lock at all, and nobody else ever waits. */
const NOBODY_WAITS = "deadlock: waiting for ever: again at until_waited";

function endings(outcomes: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...outcomes].map((text) => (text.startsWith(NOBODY_WAITS) ? NOBODY_WAITS : text)));
}

describe("whoever comes to wait", () => {
  test("is next on a queued spinlock", () => {
    expect(endings(race(({ queued }) => queued, spinning))).toEqual(new Set([WAITER_FIRST, NOBODY_WAITS]));
  });

  test("is next on a fifo rwsem", () => {
    expect(endings(race(({ fifoSem }) => fifoSem, writing))).toEqual(new Set([WAITER_FIRST, NOBODY_WAITS]));
  });

  test("may be overtaken on an rwsem as the kernel has it: the control", () => {
    const outcomes = endings(race(({ sem }) => sem, writing));
    expect(outcomes).toEqual(new Set([WAITER_FIRST, OVERTAKEN, NOBODY_WAITS]));
  });
});

test("a trylock fails on a free lock that somebody waits for", () => {
  const outcomes = expectAgreement({
    *holder(w) {
      yield* spinLock(w.queued);
      yield* untilWaited(w.queued);
      yield* spinUnlock(w.queued);
      const got = yield* spinTrylock(w.queued);
      w.log.push(`${w.cell.value === 1 ? "after" : "before"} the waiter: ${got}`);
      if (got) yield* spinUnlock(w.queued);
    },
    *waiter(w) {
      yield* spinLock(w.queued);
      w.cell.value = 1;
      yield* spinUnlock(w.queued);
    },
  });
  expect(endings(outcomes)).not.toContain("before the waiter: true");
  expect(outcomes).toContain("before the waiter: false");
  expect(outcomes).toContain("after the waiter: true");
});

describe("a writer that waits for overlapping readers", () => {
  // One reader holds on until the writer waits; then another one comes. The writer's turn is what matters.
  const threads = (which: "sem" | "fifoSem"): Readonly<Record<string, Body>> => ({
    *holder(w) {
      yield* downRead(w[which]);
      yield* untilWaited(w[which]);
      yield* writeOnce(w.flag, 1);
      yield* upRead(w[which]);
    },
    *writer(w) {
      yield* downWrite(w[which]);
      w.cell.value = 1;
      yield* upWrite(w[which]);
    },
    *late(w) {
      while ((yield* readOnce(w.flag)) === 0) yield* cpuRelax();
      yield* downRead(w[which]);
      w.log.push(w.cell.value === 1 ? "late reader after the writer" : "late reader before the writer");
      yield* upRead(w[which]);
    },
  });
  test("is not starved by readers that come later, on a fifo semaphore", () => {
    const outcomes = endings(expectAgreement(threads("fifoSem")));
    expect([...outcomes].filter((text) => text.includes("before"))).toEqual([]);
    expect(outcomes).toContain("late reader after the writer");
  });

  test("can be passed once the semaphore is free, where stealing is allowed: the control", () => {
    expect(expectAgreement(threads("sem"))).toContain("late reader before the writer");
  });
});
