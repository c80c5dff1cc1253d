/**
 * The locks of a mm that per-VMA locks build on: mmap_lock, and the number that its writers advance. A VMA is write-locked
 * while its own number equals that of its mm, so one store unlocks all VMAs of a writer. Kernel:
 * include/linux/mmap_lock.h, Linux v6.4 to v6.15.
 */

import {
  Cell,
  Operation,
  readOnce,
  smpStoreRelease,
  type OperationKind,
  type Steps,
} from "@mmrace/scheduler";
import type { Lockdep } from "./lockdep/lockdep.ts";
import { downgradeWrite, downWrite, RwSem, upRead, upWrite } from "./rwsem.ts";

/** mmap_lock and mm_lock_seq of one mm. */
export class MmLock {
  readonly lockdep: Lockdep;
  /** What VMAs remember of the mm that they belong to: the pointer vm_mm. */
  readonly id: number;
  readonly mmapLock: RwSem;
  readonly lockSeq: Cell<number>;
  /** `lockSeq` as its writers know it, though it may not have reached memory: ghost state. */
  sequence = 0;

  constructor(lockdep: Lockdep, id: number) {
    this.lockdep = lockdep;
    this.id = id;
    this.mmapLock = new RwSem(lockdep, "mmap_lock", { name: `mmap_lock of mm${id}` });
    this.lockSeq = new Cell("mm_lock_seq", 0, { name: `mm_lock_seq of mm${id}` });
  }
}

const assertKind: OperationKind<RwSem, void, void> = {
  name: "mmap_assert_write_locked",
  access: "none",
  isSchedulingPoint: false,
  perform: (lock, _argument, thread) => lock.lockdep.assertHeld(thread, lock, "exclusive"),
};

/** Reports a thread that does not hold mmap_lock for writing. Not a step. */
export function mmapAssertWriteLocked({ mmapLock }: MmLock): Operation<void> {
  return Operation.of(assertKind, mmapLock, undefined);
}

function* advance(mm: MmLock): Steps<void> {
  yield* mmapAssertWriteLocked(mm);
  const sequence = (yield* readOnce(mm.lockSeq)) + 1;
  mm.sequence = sequence;
  yield* smpStoreRelease(mm.lockSeq, sequence);
}

/** From 6.14 on, where mm_lock_seq is a seqcount: makes it odd when a writer comes. Kernel: mm_lock_seqcount_begin. */
export function mmLockSeqcountBegin(mm: MmLock): Steps<void> {
  return advance(mm);
}

/** Unlocks all VMAs that the writer has locked. Kernel: vma_end_write_all. */
export function vmaEndWriteAll(mm: MmLock): Steps<void> {
  return advance(mm);
}

/** Takes mmap_lock for writing, as from 6.14 on; before that it is `downWrite(mm.mmapLock)`. */
export function* mmapWriteLock(mm: MmLock): Steps<void> {
  yield* downWrite(mm.mmapLock);
  yield* mmLockSeqcountBegin(mm);
}

/** Unlocks all VMAs and releases mmap_lock. */
export function* mmapWriteUnlock(mm: MmLock): Steps<void> {
  yield* vmaEndWriteAll(mm);
  yield* upWrite(mm.mmapLock);
}

/** Unlocks all VMAs and keeps mmap_lock for reading; ends with `mmapReadUnlock`. */
export function* mmapWriteDowngrade(mm: MmLock): Steps<void> {
  yield* vmaEndWriteAll(mm);
  yield* downgradeWrite(mm.mmapLock);
}

/** Releases mmap_lock, held for reading. */
export function mmapReadUnlock({ mmapLock }: MmLock): Operation<void> {
  return upRead(mmapLock);
}
