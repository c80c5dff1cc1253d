/**
 * A read fault in a file mapping, without fault-around.
 *
 * @see mm/memory.c, handle_pte_fault(), do_read_fault(), finish_fault(), do_set_pmd(), Linux v6.6 (same in v6.11, v6.12)
 */

import { folioLock, folioUnlock, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import { mkHugePmd, mkPte, pmdLeaf, pmdNone, pteNone } from "@mmrace/x86-paging";
import { folioGet, folioPut, folioRmap, folioTryGet, HPAGE_PMD_NR, type Folio } from "../../state/folio.ts";
import { pteIndex } from "../../state/geometry.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import { freeTable, ptepGet, setPte, type PageTable } from "../../state/page-table.ts";
import { READ_FAULT } from "../../state/protections.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/**
 * Handles one fault. Reduced: mmap_lock for read also stands for the per-VMA lock; where the kernel returns so that the
 * access faults again, the model thread ends.
 */
export function* handleMmFault(w: World, vma: Vma, address: number): Steps<void> {
  const slot = vma.mm.slotOf(address);
  yield* w.kernel.mmapReadLock(w, vma.mm);
  const pmd = yield* readOnce(slot); // 3.
  if (pmdNone(pmd)) yield* w.kernel.doReadFault(w, vma, address); // 5.
  else if (!pmdLeaf(pmd)) yield* handlePte(w, vma, address); // 4.
  yield* w.kernel.mmapReadUnlock(w, vma.mm);
}

/** Steps 4 and 5 where the slot names a table: a lockless look at the entry. */
function* handlePte(w: World, vma: Vma, address: number): Steps<void> {
  const mapped = yield* w.kernel.pteOffsetMapNolock(w, vma.mm.slotOf(address));
  if (mapped === null) return; // The table has gone: the access faults again.
  const isMissing = pteNone(yield* ptepGet(mapped.table, pteIndex(address)));
  yield* w.kernel.pteUnmap(w);
  if (isMissing) yield* w.kernel.doReadFault(w, vma, address);
}

/**
 * Allocates a table before it takes the folio's lock, since allocating may sleep; then maps the page.
 * Reduced: nothing is read from the disk; a fault that finds the page cache empty goes away unserved.
 */
export function* doReadFault(w: World, vma: Vma, address: number): Steps<void> {
  const isSlotNone = pmdNone(yield* readOnce(vma.mm.slotOf(address)));
  const prealloc = isSlotNone ? w.createTable() : null;
  const folio = (yield* readOnce(vma.file!.iPages))[vma.indexOf(address)] ?? null;
  let isUsed = false;
  if (folio !== null && (yield* folioTryGet(folio))) {
    w.reached.add("a read fault found the folio");
    yield* folioLock(folio.lock); // __do_fault() returns the folio locked, if it is still the file's.
    const isOurs = (yield* readOnce(vma.file!.iPages))[vma.indexOf(address)] === folio;
    if (isOurs && vma.indexOf(address) < (yield* readOnce(vma.file!.size)))
      isUsed = yield* w.kernel.finishFault(w, vma, address, folio, prealloc);
    yield* folioUnlock(folio.lock);
    yield* folioPut(folio);
  }
  if (prealloc !== null && !isUsed) yield* freeTable(prealloc);
}

/** Maps the page of the locked folio. The answer says whether the preallocated table was used. */
export function* finishFault(
  w: World,
  vma: Vma,
  address: number,
  folio: Folio,
  prealloc: PageTable | null,
): Steps<boolean> {
  const { mm } = vma;
  const slot = mm.slotOf(address);
  let isUsed = false;
  if (pmdNone(yield* readOnce(slot))) {
    const isHuge = folio.pages === HPAGE_PMD_NR;
    if (isHuge && (yield* w.kernel.doSetPmd(w, vma, address, folio))) {
      yield* folioGet(folio); // 2. Such a folio is mapped whole. The caller's own reference has kept it so far.
      return false;
    }
    if (prealloc !== null) isUsed = yield* w.kernel.pmdInstall(w, mm, slot, prealloc);
    else yield* w.kernel.__pteAlloc(w, mm, slot);
  }
  const mapped = yield* w.kernel.__pteOffsetMapLock(w, slot); // 3.
  if (mapped === null) return isUsed; // VM_FAULT_NOPAGE: the access faults again.
  const index = pteIndex(address);
  if (pteNone(yield* ptepGet(mapped.table, index))) {
    yield* folioGet(folio); // 5.
    yield* folioRmap(folio, 1);
    yield* setPte(mapped.table, index, mkPte(folio.pfn + index, READ_FAULT));
    yield* addMmCounter(mm, "rss_file", 1);
  }
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  return isUsed;
}

/** Maps the whole folio by the PMD, if the slot is still none. The mapping's reference is the caller's to take. */
export function* doSetPmd(_w: World, vma: Vma, address: number, folio: Folio): Steps<boolean> {
  const { mm } = vma;
  const slot = mm.slotOf(address);
  yield* spinLock(slot.pmdTable.lock);
  const isFree = pmdNone(yield* readOnce(slot));
  if (isFree) {
    yield* addMmCounter(mm, "rss_file", HPAGE_PMD_NR);
    yield* folioRmap(folio, 1);
    yield* writeOnce(slot, mkHugePmd(folio.pfn, READ_FAULT));
  }
  yield* spinUnlock(slot.pmdTable.lock);
  return isFree;
}
