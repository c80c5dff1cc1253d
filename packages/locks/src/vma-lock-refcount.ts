/**
 * Per-VMA locks from 6.15 on: a reference count that readers raise and writers wait for. VMAs are type-stable, so whoever
 * found one under RCU and locked it looks whether it is still the VMA of its mm. Kernel: vma_start_read,
 * include/linux/mm.h and mmap_lock.h; __vma_start_write and lock_vma_under_rcu, mm/memory.c, Linux v6.15.
 */

import {
  activeEngine,
  Cell,
  cpuRelax,
  defineProcedures,
  readOnce,
  smpLoadAcquire,
  violate,
  writeOnce,
  type Lifetime,
  type Steps,
} from "@mmrace/scheduler";
import { LOCK_PROTOCOL } from "./lockdep/acquisition.ts";
import type { Lockdep } from "./lockdep/lockdep.ts";
import { mmapAssertWriteLocked, type MmLock } from "./mm-lock.ts";
import { rcuReadLock, rcuReadUnlock, type Rcu } from "./rcu.ts";
import {
  VMA_LOCK_OFFSET,
  VmaRefcount,
  vmaRefcountAdmit,
  vmaRefcountAttach,
  vmaRefcountDetach,
  vmaRefcountExclude,
  vmaRefcountGet,
  vmaRefcountPut,
  vmaRefcountWait,
} from "./vma-refcount.ts";

/** The lock of one VMA, from 6.15 on. It begins detached, and belongs to no mm. */
export class VmaRefcountLock {
  readonly refcount: VmaRefcount;
  readonly lockSeq: Cell<number>;
  /** The mm that the VMA belongs to, by id: the pointer vm_mm. */
  readonly vmMm: Cell<number>;
  /** `lockSeq` as writers know it: ghost state. */
  sequence = -1;

  /** @param lifetime the memory of the VMA. */
  constructor(lockdep: Lockdep, lifetime?: Lifetime) {
    const memory = lifetime === undefined ? {} : { lifetime };
    this.refcount = new VmaRefcount(lockdep, "vma_lock", memory);
    this.lockSeq = new Cell("vm_lock_seq", -1, memory);
    this.vmMm = new Cell("vm_mm", 0, memory);
  }
}

/** How trying to lock a VMA for reading ended. `detached`: it is no VMA of the mm any more, and may be looked up again. */
export type ReadAttempt = "locked" | "busy" | "detached";

/** Where to look a VMA up, and how to see that it is the right one. */
export interface VmaLookup<V> {
  readonly rcu: Rcu;
  readonly mm: MmLock;
  /** Finds it in the mm's tree, in an RCU section. */
  readonly find: () => Steps<V | null>;
  /** Its lock. */
  readonly lockOf: (vma: V) => VmaRefcountLock;
  /** Whether it still covers the address, once it is locked. */
  readonly covers: (vma: V) => Steps<boolean>;
}

/** Reports it when the VMA is not write-locked: the kernel's vma_assert_write_locked. */
function assertWriteLocked(mm: MmLock, vma: VmaRefcountLock): void {
  if (vma.sequence === mm.sequence) return;
  const { name, frame } = activeEngine().currentThread;
  violate(LOCK_PROTOCOL, `${name} in ${frame.procedure.name}: the VMA is not locked for writing`);
}

/** The procedures of these locks, by the kernel's names. */
export interface RefcountVmaLock {
  /** Tries to lock a VMA for reading. Call it in an RCU section, or with mmap_lock. */
  readonly vmaStartRead: (mm: MmLock, vma: VmaRefcountLock) => Steps<ReadAttempt>;
  /** Releases a VMA that `vmaStartRead` has locked. */
  readonly vmaEndRead: (vma: VmaRefcountLock) => Steps<void>;
  /** Locks a VMA for writing until `vmaEndWriteAll`. Waits for readers. Needs mmap_lock for writing. */
  readonly vmaStartWrite: (mm: MmLock, vma: VmaRefcountLock) => Steps<void>;
  /** Makes a VMA one of the mm, for readers to find. It must be locked for writing. */
  readonly vmaMarkAttached: (mm: MmLock, vma: VmaRefcountLock) => Steps<void>;
  /** Takes a VMA out of the mm, and waits for readers that look whether it is theirs. It must be locked for writing. */
  readonly vmaMarkDetached: (mm: MmLock, vma: VmaRefcountLock) => Steps<void>;
  /** Finds a VMA and locks it for reading without mmap_lock; `null`: take mmap_lock instead. */
  readonly lockVmaUnderRcu: <V>(lookup: VmaLookup<V>) => Steps<V | null>;
}

/** Per-VMA locks, from 6.15 on. */
export const refcountVmaLock: RefcountVmaLock = defineProcedures<RefcountVmaLock>({
  *vmaStartRead(mm: MmLock, vma: VmaRefcountLock): Steps<ReadAttempt> {
    // 1. The common case of failure. Only a hint, as nothing is held yet.
    if ((yield* readOnce(vma.lockSeq)) === (yield* readOnce(mm.lockSeq))) return "busy";
    // 2. No reader where the VMA is detached, or a writer waits.
    const old = yield* vmaRefcountGet(vma.refcount);
    if (old === 0) return "detached";
    if (old >= VMA_LOCK_OFFSET - 1) return "busy";
    // 3. A writer may have come and gone on since 1, still with the VMA locked.
    if ((yield* readOnce(vma.lockSeq)) === (yield* smpLoadAcquire(mm.lockSeq))) {
      yield* vmaRefcountPut(vma.refcount);
      return "busy";
    }
    return "locked";
  },

  *vmaEndRead(vma: VmaRefcountLock): Steps<void> {
    yield* vmaRefcountPut(vma.refcount);
  },

  *vmaStartWrite(mm: MmLock, vma: VmaRefcountLock): Steps<void> {
    yield* mmapAssertWriteLocked(mm);
    const sequence = yield* readOnce(mm.lockSeq);
    if ((yield* readOnce(vma.lockSeq)) === sequence) return;
    const isAttached = yield* vmaRefcountExclude(vma.refcount);
    if (isAttached) yield* vmaRefcountWait(vma.refcount, VMA_LOCK_OFFSET + 1);
    vma.sequence = sequence;
    yield* writeOnce(vma.lockSeq, sequence);
    if (isAttached) yield* vmaRefcountAdmit(vma.refcount);
  },

  *vmaMarkAttached(mm: MmLock, vma: VmaRefcountLock): Steps<void> {
    assertWriteLocked(mm, vma);
    yield* vmaRefcountAttach(vma.refcount);
  },

  *vmaMarkDetached(mm: MmLock, vma: VmaRefcountLock): Steps<void> {
    assertWriteLocked(mm, vma);
    if (yield* vmaRefcountDetach(vma.refcount)) return;
    if (!(yield* vmaRefcountExclude(vma.refcount))) return;
    yield* vmaRefcountWait(vma.refcount, VMA_LOCK_OFFSET);
    yield* vmaRefcountAdmit(vma.refcount);
  },

  *lockVmaUnderRcu<V>({ rcu, mm, find, lockOf, covers }: VmaLookup<V>): Steps<V | null> {
    yield* rcuReadLock(rcu); // 1.
    for (;;) {
      const vma = yield* find(); // 2.
      const attempt: ReadAttempt =
        vma === null ? "busy" : yield* refcountVmaLock.vmaStartRead(mm, lockOf(vma)); // 3.
      if (attempt === "detached") {
        yield* cpuRelax(); // Again, when its place in the tree has changed.
        continue;
      }
      yield* rcuReadUnlock(rcu); // 4.
      if (vma === null || attempt === "busy") return null;
      // 5. The memory may hold another VMA by now, even of another mm.
      if ((yield* readOnce(lockOf(vma).vmMm)) === mm.id && (yield* covers(vma))) return vma;
      yield* refcountVmaLock.vmaEndRead(lockOf(vma));
      return null;
    }
  },
});
