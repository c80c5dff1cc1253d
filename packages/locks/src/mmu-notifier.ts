/**
 * MMU notifiers: who changes page tables tells secondary MMUs before and after. Kernel: mm/mmu_notifier.c, Linux v6.12.
 * Reduced: nobody registers or leaves while threads run, and no subscriber refuses.
 */

import { Operation, SharedObject, violate, type OperationKind, type Steps } from "@mmrace/scheduler";
import { LOCK_PROTOCOL } from "./lockdep/acquisition.ts";
import type { Lockdep } from "./lockdep/lockdep.ts";

/** Addresses from `start` up to `end`, which is not part of it. */
export interface MmuRange {
  readonly start: number;
  readonly end: number;
}

/** A secondary MMU, or whatever else wants to know. */
export interface MmuSubscriber {
  /** Before entries of the range change: no translation of it may be left, and none be made until the end. */
  readonly invalidateRangeStart: (range: MmuRange) => Steps<void>;
  /** After they have changed. */
  readonly invalidateRangeEnd: (range: MmuRange) => Steps<void>;
}

/** The notifiers of one mm. */
export class MmuNotifiers extends SharedObject {
  readonly lockdep: Lockdep;
  /** In the order of their calls. Filled in `setup`. */
  readonly subscribers: MmuSubscriber[] = [];
  /** Ranges that a thread has started and not ended, by thread id; for properties. */
  readonly open: number[] = [];

  constructor(lockdep: Lockdep) {
    super("mmu_notifier");
    this.lockdep = lockdep;
  }

  override stateValue(): unknown {
    return this.open;
  }
}

// Both touch their own thread's count only. The answers tell a pair that an ablation has removed.
const startKind: OperationKind<MmuNotifiers, boolean, true> = {
  name: "mmu_notifier_invalidate_range_start",
  access: "none",
  order: "none",
  role: "acquire",
  perform: (notifiers, mayBlock, thread) => {
    if (mayBlock) notifiers.lockdep.mightSleep(thread, "mmu_notifier_invalidate_range_start()");
    notifiers.open[thread.id] = (notifiers.open[thread.id] ?? 0) + 1;
    return true;
  },
  describe: () => "mmu_notifier_invalidate_range_start()",
};

const endKind: OperationKind<MmuNotifiers, void, true> = {
  name: "mmu_notifier_invalidate_range_end",
  access: "none",
  order: "none",
  role: "release",
  perform: (notifiers, _argument, thread) => {
    const open = (notifiers.open[thread.id] ?? 0) - 1;
    if (open < 0) violate(LOCK_PROTOCOL, `${thread.name} ends an invalidation that it has not started`);
    notifiers.open[thread.id] = Math.max(open, 0);
    return true;
  },
  describe: () => "mmu_notifier_invalidate_range_end()",
};

/** Before entries of a range change. Pairs nest. May sleep, unless `mayBlock` is false. */
export function* mmuNotifierInvalidateRangeStart(
  notifiers: MmuNotifiers,
  range: MmuRange,
  mayBlock: boolean = true,
): Steps<void> {
  const isThere: boolean | undefined = yield* Operation.of(startKind, notifiers, mayBlock);
  if (isThere !== true) return;
  for (const subscriber of notifiers.subscribers) yield* subscriber.invalidateRangeStart(range);
}

/** After they have changed. Without a start it is reported. */
export function* mmuNotifierInvalidateRangeEnd(notifiers: MmuNotifiers, range: MmuRange): Steps<void> {
  const isThere: boolean | undefined = yield* Operation.of(endKind, notifiers, undefined);
  if (isThere !== true) return;
  for (const subscriber of notifiers.subscribers) yield* subscriber.invalidateRangeEnd(range);
}
