/**
 * Per-VMA locks as they were from 6.4 to 6.14: a semaphore that readers only try, and that writers hold just long enough
 * to wait for readers; from then on the number keeps readers out. Kernel: vma_start_read, vma_start_write, include/linux/
 * mm.h, Linux v6.12. The VMA is freed after a grace period, and a detached one is not used any more.
 */

import {
  Cell,
  defineProcedures,
  readOnce,
  smpLoadAcquire,
  violate,
  activeEngine,
  writeOnce,
  type Lifetime,
  type Steps,
} from "@mmrace/scheduler";
import { LOCK_PROTOCOL } from "./lockdep/acquisition.ts";
import { mmapAssertWriteLocked, type MmLock } from "./mm-lock.ts";
import { downReadTrylock, downWrite, RwSem, upRead, upWrite } from "./rwsem.ts";

/** The lock of one VMA, up to 6.14. */
export class VmaRwsemLock {
  readonly mm: MmLock;
  readonly vmLock: RwSem;
  readonly lockSeq: Cell<number>;
  readonly detached: Cell<boolean>;
  /** `lockSeq` as writers know it: ghost state. */
  sequence = -1;

  /** @param lifetime the memory of the VMA. */
  constructor(mm: MmLock, lifetime?: Lifetime) {
    const memory = lifetime === undefined ? {} : { lifetime };
    this.mm = mm;
    this.vmLock = new RwSem(mm.lockdep, "vma_lock", memory);
    this.lockSeq = new Cell("vm_lock_seq", -1, memory);
    this.detached = new Cell("vma_detached", false, memory);
  }
}

/** Reports it when the VMA is not write-locked: the kernel's vma_assert_write_locked. */
function assertWriteLocked(vma: { readonly sequence: number; readonly mm: MmLock }): void {
  if (vma.sequence === vma.mm.sequence) return;
  const { name, frame } = activeEngine().currentThread;
  violate(LOCK_PROTOCOL, `${name} in ${frame.procedure.name}: the VMA is not locked for writing`);
}

/** The procedures of these locks, by the kernel's names. */
export interface RwsemVmaLock {
  /** Tries to lock a VMA for reading; the result says whether it did. Call it in an RCU section, or with mmap_lock. */
  readonly vmaStartRead: (vma: VmaRwsemLock) => Steps<boolean>;
  /** Releases a VMA that `vmaStartRead` has locked. */
  readonly vmaEndRead: (vma: VmaRwsemLock) => Steps<void>;
  /** Locks a VMA for writing until `vmaEndWriteAll`. Waits for readers. Needs mmap_lock for writing. */
  readonly vmaStartWrite: (vma: VmaRwsemLock) => Steps<void>;
  /** Marks a VMA that is taken out of its mm. It must be locked for writing. */
  readonly vmaMarkDetached: (vma: VmaRwsemLock) => Steps<void>;
}

/** Per-VMA locks, up to 6.14. */
export const rwsemVmaLock: RwsemVmaLock = defineProcedures<RwsemVmaLock>({
  *vmaStartRead(vma: VmaRwsemLock): Steps<boolean> {
    // 1. The common case of failure. Only a hint, as nothing is held yet.
    if ((yield* readOnce(vma.lockSeq)) === (yield* readOnce(vma.mm.lockSeq))) return false;
    // 2. Only tried: waiting with another VMA, or mmap_lock, held would deadlock with its writer.
    if (!(yield* downReadTrylock(vma.vmLock))) return false;
    // 3. A writer may have come and gone on since 1, still with the VMA locked.
    if ((yield* readOnce(vma.lockSeq)) === (yield* smpLoadAcquire(vma.mm.lockSeq))) {
      yield* upRead(vma.vmLock);
      return false;
    }
    return true;
  },

  *vmaEndRead(vma: VmaRwsemLock): Steps<void> {
    yield* upRead(vma.vmLock);
  },

  *vmaStartWrite(vma: VmaRwsemLock): Steps<void> {
    yield* mmapAssertWriteLocked(vma.mm);
    const sequence = yield* readOnce(vma.mm.lockSeq);
    if ((yield* readOnce(vma.lockSeq)) === sequence) return;
    yield* downWrite(vma.vmLock);
    vma.sequence = sequence;
    yield* writeOnce(vma.lockSeq, sequence);
    yield* upWrite(vma.vmLock);
  },

  *vmaMarkDetached(vma: VmaRwsemLock): Steps<void> {
    assertWriteLocked(vma);
    yield* writeOnce(vma.detached, true);
  },
});
