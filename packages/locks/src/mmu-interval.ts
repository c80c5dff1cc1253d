/**
 * Interval notifiers: secondary MMUs that wait for invalidations of their range instead of retrying through them. One
 * number for all intervals is odd while one is invalidated; each interval remembers the number of its last invalidation.
 * Kernel: mmu_interval_notifier, mm/mmu_notifier.c, Linux v6.12.
 */

import {
  Cell,
  defineProcedures,
  Operation,
  readOnce,
  writeOnce,
  type OperationKind,
  type Steps,
} from "@mmrace/scheduler";
import type { Lockdep } from "./lockdep/lockdep.ts";
import type { MmuRange, MmuSubscriber } from "./mmu-notifier.ts";
import { SpinLock, spinLock, spinUnlock } from "./spinlock.ts";
import type { PreemptionTraits } from "./spinning-lock.ts";

/** One interval of a mm. */
export interface MmuInterval extends MmuRange {
  readonly seq: Cell<number>;
  /** The driver's callback: under the driver's own lock it sets the number and takes translations away. */
  readonly invalidate: (range: MmuRange, seq: number) => Steps<void>;
}

/** All intervals of a mm. */
export class MmuIntervals {
  readonly lockdep: Lockdep;
  readonly lock: SpinLock;
  readonly seq: Cell<number> = new Cell("invalidate_seq", 2);
  /** Invalidations under way, of whatever range. */
  readonly active: Cell<number> = new Cell("active_invalidate_ranges", 0);
  readonly intervals: MmuInterval[] = [];

  constructor(lockdep: Lockdep, traits: PreemptionTraits = {}) {
    this.lockdep = lockdep;
    this.lock = new SpinLock(lockdep, "mmu_notifier_subscriptions", traits);
  }

  /** Adds an interval. Call it in `setup`. */
  insert(range: MmuRange, invalidate: MmuInterval["invalidate"]): MmuInterval {
    const interval = { ...range, invalidate, seq: new Cell("interval_seq", this.seq.value - 1) };
    this.intervals.push(interval);
    return interval;
  }
}

interface Wait {
  readonly lockdep: Lockdep;
  readonly seq: number;
}

const waitKind: OperationKind<Cell<number>, Wait, void> = {
  name: "wait_event",
  access: "read",
  order: "none",
  isWait: true,
  isEnabled: ({ value }, { seq }) => value !== seq,
  perform: (_cell, { lockdep }, thread) => lockdep.mightSleep(thread, "mmu_interval_read_begin()"),
  describe: (cell, { seq }) => `wait_event(${cell.name} != ${seq})`,
};

/** The procedures of interval notifiers, by the kernel's names. */
export interface MmuIntervalProcedures {
  /** Waits until the interval is not invalidated; the result is for `mmuIntervalReadRetry`. May sleep. */
  readonly mmuIntervalReadBegin: (all: MmuIntervals, interval: MmuInterval) => Steps<number>;
  /** Whether the interval was invalidated since. Call it with the driver's lock held. */
  readonly mmuIntervalReadRetry: (interval: MmuInterval, seq: number) => Steps<boolean>;
  /** Notes the number of an invalidation, in the driver's callback and under its lock. */
  readonly mmuIntervalSetSeq: (interval: MmuInterval, seq: number) => Steps<void>;
}

/** Interval notifiers. */
export const mmuInterval: MmuIntervalProcedures = defineProcedures<MmuIntervalProcedures>({
  *mmuIntervalReadBegin(all, interval) {
    yield* spinLock(all.lock);
    const seq = yield* readOnce(interval.seq);
    const isInvalidating = (yield* readOnce(all.seq)) === seq;
    yield* spinUnlock(all.lock);
    if (isInvalidating) yield* Operation.of(waitKind, all.seq, { lockdep: all.lockdep, seq });
    return seq;
  },

  *mmuIntervalReadRetry(interval, seq) {
    return (yield* readOnce(interval.seq)) !== seq;
  },

  *mmuIntervalSetSeq(interval, seq) {
    yield* writeOnce(interval.seq, seq);
  },
});

/** Makes intervals a subscriber of notifiers. */
export function intervalSubscriber(all: MmuIntervals): MmuSubscriber {
  return {
    invalidateRangeStart: (range) => beginInvalidation(all, range),
    invalidateRangeEnd: () => endInvalidation(all),
  };
}

function* beginInvalidation(all: MmuIntervals, range: MmuRange): Steps<void> {
  const met = all.intervals.filter(({ start, end }) => start < range.end && range.start < end);
  yield* spinLock(all.lock);
  yield* writeOnce(all.active, (yield* readOnce(all.active)) + 1);
  let seq = yield* readOnce(all.seq);
  if (met.length > 0) {
    seq |= 1;
    yield* writeOnce(all.seq, seq);
  }
  yield* spinUnlock(all.lock);
  for (const interval of met) yield* interval.invalidate(range, seq);
}

function* endInvalidation(all: MmuIntervals): Steps<void> {
  yield* spinLock(all.lock);
  const active = (yield* readOnce(all.active)) - 1;
  yield* writeOnce(all.active, active);
  const seq = yield* readOnce(all.seq);
  if (active === 0 && seq % 2 === 1) yield* writeOnce(all.seq, seq + 1);
  yield* spinUnlock(all.lock);
}
