/**
 * Replacing the PTE table of one mm, whose entries map pieces of a huge folio, by nothing or by a huge PMD.
 *
 * Three shapes, in all of which the caller holds mmap_lock for reading:
 * - v6.13 and later (shape D, commit 6dfd0d2cb369): as C, and the slot is compared whenever the PTE lock was taken;
 * - v6.6 to v6.12 (shape C, commit a98460494b16): in a private VMA armed for userfaultfd the PMD lock is taken before the
 *   entries are cleared, and the PTE lock is kept until the table is unlinked;
 * - the development tree between 1043173eb5eb and that fix (shape B): the PTE lock is dropped in between, always.
 *
 * @see mm/khugepaged.c, collapse_pte_mapped_thp()
 */

import {
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
  SINGLE_DEPTH_NESTING,
  spinLock,
  spinUnlock,
} from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import { pmdSame } from "@mmrace/x86-paging";
import type { Folio } from "../../state/folio.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import type { PageTable } from "../../state/page-table.ts";
import { flushTlbMm } from "../../state/tlb.ts";
import { VM_SHARED, VM_UFFD_MODES, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";
import { rangeOf, type ScanResult } from "./find-pmd.ts";
import { begin, clearTable, dropEntries, install, unlockFolio } from "./pte-mapped-thp.ts";

/** The way out of every abort after the notifier was started. */
export function* giveUp(vma: Vma, folio: Folio): Steps<ScanResult> {
  yield* mmuNotifierInvalidateRangeEnd(vma.mm.notifiers, rangeOf(vma.mm.slotOf(vma.start)));
  yield* unlockFolio(folio);
  return "FAIL";
}

/** Pass 2 met a foreign entry: what was cleared must leave the TLBs, with the locks still held. */
export function* abortCleared(w: World, vma: Vma, folio: Folio, mapped: Mapped, count: number): Steps<void> {
  if (count > 0) yield* flushTlbMm(vma.mm);
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  yield* dropEntries(vma, folio, count);
}

/** What follows when the table is out of the slot: steps 9 to 11. */
export function* finish(
  w: World,
  vma: Vma,
  folio: Folio,
  table: PageTable,
  installPmd: boolean,
): Steps<ScanResult> {
  w.reached.add("collapse_pte_mapped_thp removed a table");
  yield* mmuNotifierInvalidateRangeEnd(vma.mm.notifiers, rangeOf(vma.mm.slotOf(vma.start))); // 9.
  yield* addMmCounter(vma.mm, "nr_ptes", -1);
  yield* w.kernel.pteFreeDefer(w, table);
  const result = yield* install(w, vma, folio, installPmd); // 10.
  yield* unlockFolio(folio); // 11.
  return result;
}

/** Step 3. A fill of a private VMA does not need the folio's lock: the PTE lock must not be dropped before the unlink. */
function* mustTakePmlFirst(vma: Vma): Steps<boolean> {
  const flags = yield* readOnce(vma.flags);
  return (flags & VM_UFFD_MODES) !== 0 && (flags & VM_SHARED) === 0;
}

/** Shape D, steps 1 to 11. */
export function* collapsePteMappedThp(w: World, vma: Vma, installPmd: boolean): Steps<ScanResult> {
  const slot = vma.mm.slotOf(vma.start);
  const begun = yield* begin(w, vma, installPmd); // 1.
  if ("result" in begun) return begun.result;
  const { folio } = begun;

  yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, rangeOf(slot)); // 2.
  const isPmlFirst = yield* mustTakePmlFirst(vma); // 3.
  if (isPmlFirst) yield* spinLock(slot.pmdTable.lock);
  const mapped = yield* w.kernel.pteOffsetMapRwNolock(w, slot); // 4.
  if (mapped !== null) yield* spinLock(mapped.ptl, isPmlFirst ? SINGLE_DEPTH_NESTING : 0);
  if (mapped === null || !pmdSame(mapped.pmdval, yield* readOnce(slot))) {
    if (mapped !== null) yield* w.kernel.pteUnmapUnlock(w, mapped);
    if (isPmlFirst) yield* spinUnlock(slot.pmdTable.lock);
    return yield* giveUp(vma, folio);
  }
  const { table, ptl } = mapped;
  const { count, isEmpty } = yield* clearTable(table, folio); // 5.
  if (!isEmpty) {
    yield* abortCleared(w, vma, folio, mapped, count);
    if (isPmlFirst) yield* spinUnlock(slot.pmdTable.lock);
    return yield* giveUp(vma, folio);
  }
  if (!isPmlFirst) yield* spinUnlock(ptl); // 6. The RCU section stays open, and with it the table and its lock.
  yield* dropEntries(vma, folio, count); // 7.

  if (!isPmlFirst) {
    yield* spinLock(slot.pmdTable.lock); // 8.
    yield* spinLock(ptl, SINGLE_DEPTH_NESTING);
    if (!pmdSame(mapped.pmdval, yield* readOnce(slot))) {
      w.reached.add("collapse_pte_mapped_thp noticed that its table had gone");
      yield* flushTlbMm(vma.mm);
      yield* w.kernel.pteUnmapUnlock(w, mapped);
      yield* spinUnlock(slot.pmdTable.lock);
      return yield* giveUp(vma, folio);
    }
  }
  yield* w.kernel.pmdpCollapseFlush(w, vma.mm, slot);
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  yield* spinUnlock(slot.pmdTable.lock);
  return yield* finish(w, vma, folio, table, installPmd);
}

/** Shape C, steps 1 to 11. */
export function* collapsePteMappedThp_6_12(w: World, vma: Vma, installPmd: boolean): Steps<ScanResult> {
  const slot = vma.mm.slotOf(vma.start);
  const begun = yield* begin(w, vma, installPmd); // 1.
  if ("result" in begun) return begun.result;
  const { folio } = begun;

  yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, rangeOf(slot)); // 2.
  const isPmlFirst = yield* mustTakePmlFirst(vma); // 3.
  if (isPmlFirst) yield* spinLock(slot.pmdTable.lock);
  const mapped = yield* w.kernel.pteOffsetMapNolock(w, slot); // 4. And no pmd_same after the lock, in this shape.
  if (mapped === null) {
    if (isPmlFirst) yield* spinUnlock(slot.pmdTable.lock);
    return yield* giveUp(vma, folio);
  }
  const { table, ptl } = mapped;
  yield* spinLock(ptl, isPmlFirst ? SINGLE_DEPTH_NESTING : 0);
  const { count, isEmpty } = yield* clearTable(table, folio); // 5.
  if (!isEmpty) {
    yield* abortCleared(w, vma, folio, mapped, count);
    if (isPmlFirst) yield* spinUnlock(slot.pmdTable.lock);
    return yield* giveUp(vma, folio);
  }
  yield* w.kernel.pteUnmap(w); // 6.
  if (!isPmlFirst) yield* spinUnlock(ptl);
  yield* dropEntries(vma, folio, count); // 7.

  if (!isPmlFirst) {
    yield* spinLock(slot.pmdTable.lock); // 8.
    yield* spinLock(ptl, SINGLE_DEPTH_NESTING);
  }
  yield* w.kernel.pmdpCollapseFlush(w, vma.mm, slot);
  yield* spinUnlock(ptl);
  yield* spinUnlock(slot.pmdTable.lock);
  return yield* finish(w, vma, folio, table, installPmd);
}

/** Shape B, steps 1 to 5: known bad. */
export function* collapsePteMappedThp_1043173eb5eb(
  w: World,
  vma: Vma,
  installPmd: boolean,
): Steps<ScanResult> {
  const slot = vma.mm.slotOf(vma.start);
  const begun = yield* begin(w, vma, installPmd); // 1.
  if ("result" in begun) return begun.result;
  const { folio } = begun;

  yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, rangeOf(slot)); // 2.
  const mapped = yield* w.kernel.__pteOffsetMapLock(w, slot); // 3.
  if (mapped === null) return yield* giveUp(vma, folio);
  const { table } = mapped;
  const { count, isEmpty } = yield* clearTable(table, folio);
  if (!isEmpty) {
    yield* abortCleared(w, vma, folio, mapped, count);
    return yield* giveUp(vma, folio);
  }
  yield* w.kernel.pteUnmapUnlock(w, mapped); // The window opens: nothing keeps the table empty from here on.
  yield* dropEntries(vma, folio, count); // 4.

  yield* spinLock(slot.pmdTable.lock); // 5. Without looking at the entries again.
  yield* spinLock(table.ptl, SINGLE_DEPTH_NESTING);
  yield* w.kernel.pmdpCollapseFlush(w, vma.mm, slot);
  yield* spinUnlock(table.ptl);
  yield* spinUnlock(slot.pmdTable.lock);
  return yield* finish(w, vma, folio, table, installPmd);
}
