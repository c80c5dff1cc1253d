/**
 * Finding a VMA, and locking it: without mmap_lock where the release can.
 *
 * - 6.15 and later: a reference count per VMA, see @mmrace/locks, vma-lock-refcount;
 * - 6.4 to 6.14: a semaphore per VMA;
 * - up to 6.3: there are no such locks, and who would take one takes mmap_lock.
 *
 * @see mm/memory.c, lock_vma_under_rcu(); include/linux/mm.h, Linux v6.12 and v6.18
 */

import { downRead, rcuReadLock, rcuReadUnlock, refcountVmaLock, rwsemVmaLock } from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/** One step: the tree of VMAs is read whole. */
export function* findVma(_w: World, mm: MmStruct, address: number): Steps<Vma | null> {
  const vmas = yield* readOnce(mm.vmas);
  return vmas.find((vma) => vma.covers(address)) ?? null;
}

/** 6.15 and later. */
export function* lockVmaUnderRcu(w: World, mm: MmStruct, address: number): Steps<Vma | null> {
  return yield* refcountVmaLock.lockVmaUnderRcu<Vma>({
    rcu: w.rcu,
    mm: mm.lock,
    find: () => w.kernel.findVma(w, mm, address),
    lockOf: (vma) => vma.locks.refcount,
    // Bounds do not change here, as VMAs are neither split nor merged.
    covers: (vma) => stillCovers(vma, address),
  });
}

function* stillCovers(vma: Vma, address: number): Steps<boolean> {
  return vma.covers(address);
}

/** 6.4 to 6.14: a VMA that was detached in between is looked up once more. */
export function* lockVmaUnderRcu_6_14(w: World, mm: MmStruct, address: number): Steps<Vma | null> {
  yield* rcuReadLock(w.rcu); // 1.
  for (;;) {
    const vma = yield* w.kernel.findVma(w, mm, address); // 2.
    if (vma === null || !(yield* w.kernel.vmaStartRead(w, vma))) break; // 3.
    if (!(yield* readOnce(vma.locks.rwsem.detached))) {
      yield* rcuReadUnlock(w.rcu); // 4.
      return vma;
    }
    yield* rwsemVmaLock.vmaEndRead(vma.locks.rwsem);
  }
  yield* rcuReadUnlock(w.rcu);
  return null;
}

/** 6.4 to 6.9: the first anonymous page of a VMA may need a neighbour's anon_vma, so such a VMA is not locked at all. */
export function* lockVmaUnderRcu_6_6(w: World, mm: MmStruct, address: number): Steps<Vma | null> {
  const vma = yield* lockVmaUnderRcu_6_14(w, mm, address);
  if (vma === null || vma.file !== null || (yield* readOnce(vma.anonVma)) !== null) return vma;
  yield* w.kernel.vmaEndRead(w, vma);
  return null;
}

/** Up to 6.3: never, so mmap_lock is taken. */
export function* lockVmaUnderRcu_6_1(_w: World, _mm: MmStruct, _address: number): Steps<Vma | null> {
  return null;
}

/** 6.15 and later. */
export function* vmaStartRead(_w: World, vma: Vma): Steps<boolean> {
  return (yield* refcountVmaLock.vmaStartRead(vma.mm.lock, vma.locks.refcount)) === "locked";
}

/** 6.4 to 6.14. */
export function* vmaStartRead_6_14(_w: World, vma: Vma): Steps<boolean> {
  return yield* rwsemVmaLock.vmaStartRead(vma.locks.rwsem);
}

/**
 * With mmap_lock held, so that nobody has the VMA locked for writing. 6.15 and later. Kernel: vma_start_read_locked(), and
 * with a subclass vma_start_read_locked_nested(), which makes no difference: taking a reference never waits.
 */
export function* vmaStartReadLocked(w: World, vma: Vma, _subclass?: number): Steps<void> {
  yield* w.kernel.vmaStartRead(w, vma);
}

/** 6.4 to 6.14: down_read() of the semaphore, as uffd_lock_vma() has it in 6.12, or down_read_nested(). */
export function* vmaStartReadLocked_6_14(_w: World, vma: Vma, subclass?: number): Steps<void> {
  yield* downRead(vma.locks.rwsem.vmLock, subclass);
}

/** 6.15 and later. */
export function* vmaEndRead(_w: World, vma: Vma): Steps<void> {
  yield* refcountVmaLock.vmaEndRead(vma.locks.refcount);
}

/** 6.4 to 6.14: in an RCU section, which keeps the lock's memory until the release is done. */
export function* vmaEndRead_6_14(w: World, vma: Vma): Steps<void> {
  yield* rcuReadLock(w.rcu);
  yield* rwsemVmaLock.vmaEndRead(vma.locks.rwsem);
  yield* rcuReadUnlock(w.rcu);
}

/** 6.15 and later. */
export function* vmaStartWrite(_w: World, vma: Vma): Steps<void> {
  yield* refcountVmaLock.vmaStartWrite(vma.mm.lock, vma.locks.refcount);
}

/** 6.4 to 6.14. */
export function* vmaStartWrite_6_14(_w: World, vma: Vma): Steps<void> {
  yield* rwsemVmaLock.vmaStartWrite(vma.locks.rwsem);
}

/** Up to 6.3: nothing to lock. */
export function* vmaStartWrite_6_1(_w: World, _vma: Vma): Steps<void> {}

/** 6.15 and later: waits for readers that look whether the VMA is theirs. */
export function* vmaMarkDetached(_w: World, vma: Vma): Steps<void> {
  yield* refcountVmaLock.vmaMarkDetached(vma.mm.lock, vma.locks.refcount);
}

/** 6.4 to 6.14. */
export function* vmaMarkDetached_6_14(_w: World, vma: Vma): Steps<void> {
  yield* rwsemVmaLock.vmaMarkDetached(vma.locks.rwsem);
}

/** Up to 6.3: nobody looks for it but under mmap_lock. */
export function* vmaMarkDetached_6_1(_w: World, _vma: Vma): Steps<void> {}
