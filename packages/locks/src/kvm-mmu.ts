/**
 * A secondary MMU that is invalidated by counting, as KVM's: a fault looks the page up without a lock, and installs the
 * translation only if no invalidation is under way and none has ended since it began. Kernel: kvm_mmu_invalidate_begin,
 * kvm_mmu_invalidate_end and mmu_invalidate_retry, virt/kvm/kvm_main.c and include/linux/kvm_host.h, Linux v6.12.
 */

import {
  activeEngine,
  Cell,
  defineProcedures,
  Operation,
  readOnce,
  smpRmb,
  smpWmb,
  violate,
  writeOnce,
  type OperationKind,
  type Steps,
} from "@mmrace/scheduler";
import { LOCK_PROTOCOL } from "./lockdep/acquisition.ts";
import type { Lockdep } from "./lockdep/lockdep.ts";
import type { MmuRange, MmuSubscriber } from "./mmu-notifier.ts";
import { RwLock, writeLock, writeUnlock } from "./rwlock.ts";
import type { PreemptionTraits } from "./spinning-lock.ts";

/** The state that tells faults to retry. */
export class KvmMmu {
  /** Invalidations hold it for writing. Faults install under it; those of a TDP MMU hold it for reading. */
  readonly mmuLock: RwLock;
  /** Invalidations that have ended. */
  readonly invalidateSeq: Cell<number> = new Cell("mmu_invalidate_seq", 0);
  /** Invalidations under way. */
  readonly inProgress: Cell<number> = new Cell("mmu_invalidate_in_progress", 0);

  constructor(lockdep: Lockdep, traits: PreemptionTraits = {}) {
    this.mmuLock = new RwLock(lockdep, "mmu_lock", traits);
  }
}

const assertHeldKind: OperationKind<RwLock, void, void> = {
  name: "lockdep_assert_held",
  access: "none",
  isSchedulingPoint: false,
  perform: (lock, _argument, thread) => lock.lockdep.assertHeld(thread, lock),
};

/** The procedures of such a MMU, by the kernel's names. */
export interface KvmMmuProcedures {
  /** An invalidation begins: faults retry until it has ended. Call it with mmu_lock held for writing. */
  readonly kvmMmuInvalidateBegin: (mmu: KvmMmu) => Steps<void>;
  /** An invalidation ends: faults that began before retry. Without a begin it is reported. Locked like the begin. */
  readonly kvmMmuInvalidateEnd: (mmu: KvmMmu) => Steps<void>;
  /** Whether a fault must begin again that has read `invalidateSeq` as `seq` at first. Call it with mmu_lock held. */
  readonly mmuInvalidateRetry: (mmu: KvmMmu, seq: number) => Steps<boolean>;
}

/** Invalidation by counting. */
export const kvmMmu: KvmMmuProcedures = defineProcedures<KvmMmuProcedures>({
  *kvmMmuInvalidateBegin(mmu) {
    yield* Operation.of(assertHeldKind, mmu.mmuLock, undefined);
    yield* writeOnce(mmu.inProgress, (yield* readOnce(mmu.inProgress)) + 1);
  },

  *kvmMmuInvalidateEnd(mmu) {
    yield* Operation.of(assertHeldKind, mmu.mmuLock, undefined);
    // The number changes first: a fault that sees nothing in progress any more must see it.
    yield* writeOnce(mmu.invalidateSeq, (yield* readOnce(mmu.invalidateSeq)) + 1);
    yield* smpWmb();
    const left = (yield* readOnce(mmu.inProgress)) - 1;
    if (left < 0) {
      violate(LOCK_PROTOCOL, `${activeEngine().currentThread.name} ends an invalidation of no beginning`);
    }
    yield* writeOnce(mmu.inProgress, left);
  },

  *mmuInvalidateRetry(mmu, seq) {
    yield* Operation.of(assertHeldKind, mmu.mmuLock, undefined);
    if ((yield* readOnce(mmu.inProgress)) > 0) return true;
    yield* smpRmb();
    return (yield* readOnce(mmu.invalidateSeq)) !== seq;
  },
});

/** Makes the MMU a subscriber of notifiers. `zap` takes the translations of a range away, under mmu_lock. */
export function kvmSubscriber(mmu: KvmMmu, zap: ZapRange): MmuSubscriber {
  return {
    invalidateRangeStart: (range) => beginAndZap(mmu, zap, range),
    invalidateRangeEnd: () => endInvalidation(mmu),
  };
}

type ZapRange = (range: MmuRange) => Iterable<Operation<unknown>, unknown, void>;

function* beginAndZap(mmu: KvmMmu, zap: ZapRange, range: MmuRange): Steps<void> {
  yield* writeLock(mmu.mmuLock);
  yield* kvmMmu.kvmMmuInvalidateBegin(mmu);
  yield* zap(range);
  yield* writeUnlock(mmu.mmuLock);
}

function* endInvalidation(mmu: KvmMmu): Steps<void> {
  yield* writeLock(mmu.mmuLock);
  yield* kvmMmu.kvmMmuInvalidateEnd(mmu);
  yield* writeUnlock(mmu.mmuLock);
}
