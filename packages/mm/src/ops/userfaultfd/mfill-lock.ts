/**
 * The lock that a fill or a move of userfaultfd works under: that of the VMA from v6.9 on (867a43a34ff8), mmap_lock before.
 *
 * @see mm/userfaultfd.c, uffd_lock_vma(), uffd_mfill_lock(), uffd_move_lock(), Linux v6.12 (the same in v6.18), v6.6
 */

import { SINGLE_DEPTH_NESTING } from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import type { MmStruct } from "../../state/mm-struct.ts";
import { VM_SHARED, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/** Whether the VMA must be given an anon_vma before it is filled, which needs mmap_lock. */
function* lacksAnonVma(vma: Vma): Steps<boolean> {
  if (((yield* readOnce(vma.flags)) & VM_SHARED) !== 0) return false;
  return (yield* readOnce(vma.anonVma)) === null;
}

/** Finds a VMA under mmap_lock, with an anon_vma if it is private: find_vma_and_prepare_anon(). */
function* findVmaAndPrepareAnon(w: World, mm: MmStruct, address: number): Steps<Vma | null> {
  const vma = yield* w.kernel.findVma(w, mm, address);
  if (vma !== null && ((yield* readOnce(vma.flags)) & VM_SHARED) === 0)
    yield* w.kernel.anonVmaPrepare(w, vma);
  return vma;
}

/** v6.9 and later: locks the VMA that covers the address for reading. `null`: there is none. */
export function* uffdMfillLock(w: World, mm: MmStruct, address: number): Steps<Vma | null> {
  const found = yield* w.kernel.lockVmaUnderRcu(w, mm, address);
  if (found !== null) {
    if (!(yield* lacksAnonVma(found))) return found;
    yield* w.kernel.vmaEndRead(w, found);
  }
  yield* w.kernel.mmapReadLock(w, mm);
  const vma = yield* findVmaAndPrepareAnon(w, mm, address);
  // Cannot fail: who locks a VMA for writing holds mmap_lock for writing.
  if (vma !== null) yield* w.kernel.vmaStartReadLocked(w, vma);
  yield* w.kernel.mmapReadUnlock(w, mm);
  return vma;
}

/** v6.9 and later. */
export function* uffdMfillUnlock(w: World, vma: Vma): Steps<void> {
  yield* w.kernel.vmaEndRead(w, vma);
}

/** Up to v6.8: mmap_lock stays held, unless there is no VMA. */
export function* uffdMfillLock_6_6(w: World, mm: MmStruct, address: number): Steps<Vma | null> {
  yield* w.kernel.mmapReadLock(w, mm);
  const vma = yield* findVmaAndPrepareAnon(w, mm, address);
  if (vma === null) yield* w.kernel.mmapReadUnlock(w, mm);
  return vma;
}

/** Up to v6.8. */
export function* uffdMfillUnlock_6_6(w: World, vma: Vma): Steps<void> {
  yield* w.kernel.mmapReadUnlock(w, vma.mm);
}

/** The two VMAs of a move. */
export interface MovePair {
  readonly dst: Vma;
  readonly src: Vma;
}

/** Locks both VMAs for reading, the destination first; the source only if nobody makes it wait. */
export function* uffdMoveLock(
  w: World,
  mm: MmStruct,
  dstStart: number,
  srcStart: number,
): Steps<MovePair | null> {
  const dst = yield* w.kernel.uffdMfillLock(w, mm, dstStart);
  if (dst === null) return null;
  if (dst.covers(srcStart)) return { dst, src: dst };
  const src = yield* w.kernel.lockVmaUnderRcu(w, mm, srcStart);
  if (src !== null) return { dst, src };

  // To wait for the second with the first held could be a deadlock: start again under mmap_lock.
  yield* w.kernel.vmaEndRead(w, dst);
  yield* w.kernel.mmapReadLock(w, mm);
  const pair = yield* lockBoth(w, mm, dstStart, srcStart);
  yield* w.kernel.mmapReadUnlock(w, mm);
  return pair;
}

function* lockBoth(w: World, mm: MmStruct, dstStart: number, srcStart: number): Steps<MovePair | null> {
  const dst = yield* findVmaAndPrepareAnon(w, mm, dstStart);
  if (dst === null) return null;
  const src = dst.covers(srcStart) ? dst : yield* w.kernel.findVma(w, mm, srcStart);
  if (src === null) return null;
  yield* w.kernel.vmaStartReadLocked(w, dst);
  // Of one class with the first. Nobody waits for either: who locks a VMA for writing holds mmap_lock for writing.
  if (src !== dst) yield* w.kernel.vmaStartReadLocked(w, src, SINGLE_DEPTH_NESTING);
  return { dst, src };
}

export function* uffdMoveUnlock(w: World, { dst, src }: MovePair): Steps<void> {
  yield* w.kernel.vmaEndRead(w, src);
  if (dst !== src) yield* w.kernel.vmaEndRead(w, dst);
}
