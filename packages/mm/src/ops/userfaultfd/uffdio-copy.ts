/**
 * UFFDIO_COPY into a private file mapping: a new anonymous page, no look at the page cache, no folio lock.
 *
 * @see mm/userfaultfd.c, Linux v6.6 (to v6.10) and v6.11 (commit 4828d207dc51; the same in v6.12)
 */

import { readOnce, violate, type Steps } from "@mmrace/scheduler";
import { mkPte, pmdBad, pmdLeaf, pmdNone, pmdPresent, pteNoneMostly } from "@mmrace/x86-paging";
import { folioRmap } from "../../state/folio.ts";
import { pteIndex } from "../../state/geometry.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import { ptepGet, setPte } from "../../state/page-table.ts";
import { ANON_WRITABLE } from "../../state/protections.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/** What a system call gives back: 0 or an error name. */
export type Result = 0 | "EAGAIN" | "EEXIST" | "EFAULT" | "ENOMEM" | "EINVAL";

/** Oracle: a BUG_ON() of the kernel fires. */
export const KERNEL_ASSERTION = "kernel assertion";

/**
 * One page, v6.11: a slot that is no table any more is an answer, not a bug.
 * Reduced: mmap_lock for read stands for the per-VMA lock that fills take from v6.9 on; collapse holds mmap_lock for
 * read too, so neither keeps it out. Reduced: map_changing_lock and the copy of user data are left out.
 */
export function* mfillAtomic(w: World, vma: Vma, address: number): Steps<Result> {
  const slot = vma.mm.slotOf(address);
  yield* w.kernel.mmapReadLock(w, vma.mm);
  yield* w.kernel.anonVmaPrepare(w, vma);
  let result: Result;
  if (pmdNone(yield* readOnce(slot))) yield* w.kernel.__pteAlloc(w, vma.mm, slot); // 2.
  const pmd = yield* readOnce(slot); // 3.
  if (!pmdPresent(pmd) || pmdLeaf(pmd)) result = "EEXIST";
  else if (pmdBad(pmd)) result = "EFAULT";
  else result = yield* w.kernel.mfillAtomicPteCopy(w, vma, address); // 4.
  yield* w.kernel.mmapReadUnlock(w, vma.mm);
  return result;
}

/** One page, v6.6 to v6.10: asserts that the slot it has just filled still names a table. */
export function* mfillAtomic_6_6(w: World, vma: Vma, address: number): Steps<Result> {
  const slot = vma.mm.slotOf(address);
  yield* w.kernel.mmapReadLock(w, vma.mm);
  yield* w.kernel.anonVmaPrepare(w, vma);
  let result: Result;
  const first = yield* readOnce(slot);
  if (pmdLeaf(first)) {
    result = "EEXIST";
  } else {
    if (pmdNone(first)) yield* w.kernel.__pteAlloc(w, vma.mm, slot);
    if (pmdLeaf(yield* readOnce(slot))) {
      result = "EFAULT";
    } else {
      if (pmdNone(yield* readOnce(slot)))
        violate(KERNEL_ASSERTION, "BUG_ON(pmd_none(*dst_pmd)) in mfill_atomic");
      if (pmdLeaf(yield* readOnce(slot)))
        violate(KERNEL_ASSERTION, "BUG_ON(pmd_trans_huge(*dst_pmd)) in mfill_atomic");
      result = yield* w.kernel.mfillAtomicPteCopy(w, vma, address);
    }
  }
  yield* w.kernel.mmapReadUnlock(w, vma.mm);
  return result;
}

/** Allocates and fills the page, then installs it. Reduced: allocation does not fail. */
export function* mfillAtomicPteCopy(w: World, vma: Vma, address: number): Steps<Result> {
  return yield* w.kernel.mfillAtomicInstallPte(w, vma, address);
}

/** Installs a new anonymous page where nothing is mapped yet: step 5 of the protocol notes. */
export function* mfillAtomicInstallPte(w: World, vma: Vma, address: number): Steps<Result> {
  const { mm } = vma;
  const folio = w.createFolio(1, true);
  const mapped = yield* w.kernel.__pteOffsetMapLock(w, mm.slotOf(address));
  if (mapped === null) {
    w.reached.add("UFFDIO_COPY found its table gone");
    return "EAGAIN";
  }
  const index = pteIndex(address);
  const isFree = pteNoneMostly(yield* ptepGet(mapped.table, index));
  if (isFree) {
    yield* folioRmap(folio, 1);
    yield* addMmCounter(mm, "rss_anon", 1);
    yield* setPte(mapped.table, index, mkPte(folio.pfn, ANON_WRITABLE));
    w.reached.add("UFFDIO_COPY installed a page");
  }
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  return isFree ? 0 : "EEXIST";
}
