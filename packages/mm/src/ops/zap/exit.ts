/**
 * The end of an address space.
 *
 * - v6.0 and later (bf3980c85212): under mmap_lock, for reading while pages go, for writing while tables do;
 * - long before (v4.12): without, since no user is left; so whoever comes from the file must look at mm_users.
 *
 * Reduced: khugepaged_exit() and the OOM reaper are left out; each subscriber's release is an invalidation of everything.
 *
 * @see mm/mmap.c, exit_mmap(); kernel/fork.c, mmput(); Linux v6.1, v6.12 and v6.18
 */

import { mmuNotifierInvalidateRangeEnd, mmuNotifierInvalidateRangeStart } from "@mmrace/locks";
import { readOnce, update, writeOnce, type Steps } from "@mmrace/scheduler";
import { along } from "../../state/ghost.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { MmuGather } from "../../state/mmu-gather.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { owesNothing } from "./munmap.ts";

/** Drops a user; the last one takes the address space down. */
export function* mmput(w: World, mm: MmStruct): Steps<void> {
  if ((yield* update(mm.users, (users) => users - 1)) > 1) return;
  yield* w.kernel.exitMmap(w, mm);
  w.exited.add(mm); // Ghost state.
}

/** v6.0 and later. */
export function* exitMmap(w: World, mm: MmStruct): Steps<void> {
  yield* mmuNotifierRelease(mm);
  yield* w.kernel.mmapReadLock(w, mm);
  const vmas = yield* along(readOnce(mm.vmas), owesNothing(w, mm, 0, Infinity));
  const tlb = yield* unmapAll(w, mm, vmas);
  yield* w.kernel.mmapReadUnlock(w, mm);
  yield* w.kernel.mmapWriteLock(w, mm); // After MMF_OOM_SKIP.
  yield* freeAll(w, tlb, vmas);
  yield* w.kernel.mmapWriteUnlock(w, mm);
}

/** v4.12: nobody can be there any more, except through the rmap. */
export function* exitMmap_4_12(w: World, mm: MmStruct): Steps<void> {
  yield* mmuNotifierRelease(mm);
  const vmas = yield* along(readOnce(mm.vmas), owesNothing(w, mm, 0, Infinity));
  const tlb = yield* unmapAll(w, mm, vmas);
  yield* freeAll(w, tlb, vmas);
}

function* mmuNotifierRelease({ notifiers }: MmStruct): Steps<void> {
  const everything = { start: 0, end: Infinity };
  yield* mmuNotifierInvalidateRangeStart(notifiers, everything);
  yield* mmuNotifierInvalidateRangeEnd(notifiers, everything);
}

function* unmapAll(w: World, mm: MmStruct, vmas: readonly Vma[]): Steps<MmuGather> {
  const tlb = yield* w.kernel.tlbGatherMmu(w, mm, true);
  yield* w.kernel.unmapVmas(w, tlb, vmas, 0, Infinity);
  return tlb;
}

function* freeAll(w: World, tlb: MmuGather, vmas: readonly Vma[]): Steps<void> {
  yield* w.kernel.freePgtables(w, tlb, vmas, { floor: 0, ceiling: Infinity, isWriteLocked: true });
  yield* w.kernel.tlbFinishMmu(w, tlb);
  yield* writeOnce(tlb.mm.vmas, []); // __mt_destroy()
  for (const vma of vmas) yield* w.kernel.vmAreaFree(w, vma);
}
