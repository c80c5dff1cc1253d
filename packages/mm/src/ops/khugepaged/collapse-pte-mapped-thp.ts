/**
 * Replacing the PTE table of one mm, whose entries map pieces of a huge folio, by nothing or by a huge PMD.
 *
 * Two shapes. In both, the caller holds mmap_lock for read.
 * - v6.6 (shape C, commit a98460494b16; the same in v6.11 and v6.12): in a private VMA armed for userfaultfd the PMD
 *   lock is taken before the entries are cleared, and the PTE lock is kept until the table is unlinked.
 * - the development tree between 1043173eb5eb and that fix (shape B): the PTE lock is dropped in between, always.
 *
 * @see mm/khugepaged.c, collapse_pte_mapped_thp()
 */

import {
  folioLock,
  folioUnlock,
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
  SINGLE_DEPTH_NESTING,
  spinLock,
  spinUnlock,
} from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import { NONE_ENTRY, pfnOf, PMD_SIZE, pteNone, ptePresent, type Entry } from "@mmrace/x86-paging";
import { folioGet, folioPut, folioRmap, type Folio } from "../../state/folio.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import { clearPtes, scanPtes, type PageTable } from "../../state/page-table.ts";
import { VM_SHARED, VM_UFFD_MISSING, VM_UFFD_WP, type Vma } from "../../state/vma.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { World } from "../../state/world.ts";

function rangeOf({ address }: PmdSlot): { readonly start: number; readonly end: number } {
  return { start: address, end: address + PMD_SIZE };
}

/** Whether every entry is none or maps its page of the folio: pass 1 and pass 2. */
function mapsOnly(folio: Folio): (ptes: readonly Entry[]) => boolean {
  return (ptes) => ptes.every((pte, i) => pteNone(pte) || (ptePresent(pte) && pfnOf(pte) === folio.pfn + i));
}

/** Clears the entries up to the first that is neither none nor the folio's, and counts them. */
function clearOf(folio: Folio): (ptes: Entry[]) => number {
  return (ptes) => {
    let count = 0;
    for (const [i, pte] of ptes.entries()) {
      if (pteNone(pte)) continue;
      if (!ptePresent(pte) || pfnOf(pte) !== folio.pfn + i) break;
      ptes[i] = NONE_ENTRY;
      count++;
    }
    return count;
  };
}

/** Pass 2 and its accounting, under the PTE lock: whether the table is empty now. */
function* clearTable(
  table: PageTable,
  folio: Folio,
): Steps<{ readonly count: number; readonly isEmpty: boolean }> {
  const count = yield* clearPtes(table, clearOf(folio));
  const isEmpty = yield* scanPtes(table, (ptes) => ptes.every(pteNone));
  if (count > 0) {
    yield* folioRmap(folio, -count);
    yield* folioPut(folio, count);
  }
  return { count, isEmpty };
}

/** The common head: which table to empty, with the folio locked; or what else to do. */
function* head(
  w: World,
  vma: Vma,
): Steps<{ readonly plan: "collapse" | "install"; readonly folio: Folio } | null> {
  const slot = vma.mm.slotOf(vma.start);
  const before = yield* w.kernel.findPmdOrThpOrNone(w, slot); // h2.
  if (before !== "SUCCEED" && before !== "PMD_NONE") return null;
  if ((yield* readOnce(vma.flags)) & VM_UFFD_WP) return null; // h4.
  const folio = (yield* readOnce(vma.file!.iPages))[0] ?? null; // h5.
  if (folio === null) return null;
  yield* folioLock(folio.lock);
  const state = yield* w.kernel.findPmdOrThpOrNone(w, slot); // h6.
  if (state === "SUCCEED") return { plan: "collapse", folio };
  if (state === "PMD_NONE") return { plan: "install", folio };
  yield* folioUnlock(folio.lock);
  return null;
}

/** Step 1: pass 1 verifies every entry under the PTE lock, and changes nothing. */
function* verify(w: World, vma: Vma, folio: Folio): Steps<boolean> {
  const mapped = yield* w.kernel.__pteOffsetMapLock(w, vma.mm.slotOf(vma.start));
  if (mapped === null) return false;
  const isOurs = yield* scanPtes(mapped.table, mapsOnly(folio));
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  return isOurs;
}

/** The way out of every abort after the notifier was started. */
function* giveUp(vma: Vma, folio: Folio, isPmlHeld: boolean): Steps<void> {
  const slot = vma.mm.slotOf(vma.start);
  if (isPmlHeld) yield* spinUnlock(slot.pmdTable.lock);
  yield* mmuNotifierInvalidateRangeEnd(vma.mm.notifiers, rangeOf(slot));
  yield* folioUnlock(folio.lock);
}

/** What follows when the table is out of the slot: steps 9 to 11. */
function* finish(w: World, vma: Vma, folio: Folio, table: PageTable, installPmd: boolean): Steps<void> {
  const slot = vma.mm.slotOf(vma.start);
  w.reached.add("collapse_pte_mapped_thp removed a table");
  yield* mmuNotifierInvalidateRangeEnd(vma.mm.notifiers, rangeOf(slot)); // 9.
  yield* addMmCounter(vma.mm, "nr_ptes", -1);
  yield* w.kernel.pteFreeDefer(w, table);
  if (installPmd) yield* w.kernel.setHugePmd(w, vma, vma.start, folio); // 10.
  yield* folioUnlock(folio.lock); // 11.
}

/** The head and step 1. False when there is nothing to empty: then all is done and unlocked. */
function* begin(w: World, vma: Vma, installPmd: boolean): Steps<Folio | null> {
  const start = yield* head(w, vma);
  if (start === null) return null;
  const { plan, folio } = start;
  if (plan === "collapse" && (yield* verify(w, vma, folio))) return folio;
  if (plan === "install" && installPmd) yield* w.kernel.setHugePmd(w, vma, vma.start, folio); // The slot is empty already.
  yield* folioUnlock(folio.lock);
  return null;
}

/** Shape C, steps 1 to 11. */
export function* collapsePteMappedThp(w: World, vma: Vma, installPmd: boolean): Steps<void> {
  const { mm } = vma;
  const slot = mm.slotOf(vma.start);
  const folio = yield* begin(w, vma, installPmd); // 1.
  if (folio === null) return;

  yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, rangeOf(slot)); // 2.
  const flags = yield* readOnce(vma.flags);
  // 3. A fill does not need the folio's lock in such a VMA, so the PTE lock must not be dropped before the unlink.
  const isPmlFirst = (flags & VM_UFFD_MISSING) !== 0 && (flags & VM_SHARED) === 0;
  if (isPmlFirst) yield* spinLock(slot.pmdTable.lock);

  const mapped = yield* w.kernel.pteOffsetMapNolock(w, slot); // 4. And no pmd_same after the lock, in this shape.
  if (mapped === null) return yield* giveUp(vma, folio, isPmlFirst);
  const { table } = mapped;
  yield* spinLock(table.ptl, isPmlFirst ? SINGLE_DEPTH_NESTING : 0);
  const { count, isEmpty } = yield* clearTable(table, folio); // 5.
  if (!isEmpty) {
    yield* w.kernel.pteUnmapUnlock(w, mapped);
    yield* addMmCounter(mm, "rss_file", -count);
    return yield* giveUp(vma, folio, isPmlFirst);
  }
  yield* w.kernel.pteUnmap(w); // 6.
  if (!isPmlFirst) yield* spinUnlock(table.ptl);
  yield* addMmCounter(mm, "rss_file", -count); // 7.

  if (!isPmlFirst) {
    yield* spinLock(slot.pmdTable.lock); // 8.
    yield* spinLock(table.ptl, SINGLE_DEPTH_NESTING);
  }
  yield* w.kernel.pmdpCollapseFlush(w, mm, slot);
  yield* spinUnlock(table.ptl);
  yield* spinUnlock(slot.pmdTable.lock);
  yield* finish(w, vma, folio, table, installPmd);
}

/** Shape B, steps 1 to 5: known bad. */
export function* collapsePteMappedThp_1043173eb5eb(w: World, vma: Vma, installPmd: boolean): Steps<void> {
  const { mm } = vma;
  const slot = mm.slotOf(vma.start);
  const folio = yield* begin(w, vma, installPmd); // 1.
  if (folio === null) return;

  yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, rangeOf(slot)); // 2.
  const mapped = yield* w.kernel.__pteOffsetMapLock(w, slot); // 3.
  if (mapped === null) return yield* giveUp(vma, folio, false);
  const { table } = mapped;
  const { count, isEmpty } = yield* clearTable(table, folio);
  yield* w.kernel.pteUnmapUnlock(w, mapped); // The window opens: nothing keeps the table empty from here on.
  yield* addMmCounter(mm, "rss_file", -count); // 4.
  if (!isEmpty) return yield* giveUp(vma, folio, false);

  yield* spinLock(slot.pmdTable.lock); // 5. Without looking at the entries again.
  yield* spinLock(table.ptl, SINGLE_DEPTH_NESTING);
  yield* w.kernel.pmdpCollapseFlush(w, mm, slot);
  yield* spinUnlock(table.ptl);
  yield* spinUnlock(slot.pmdTable.lock);
  yield* finish(w, vma, folio, table, installPmd);
}

/** What a collapse that installs the huge PMD does at its end. The folio is locked, mmap_lock held. */
export function* setHugePmd(w: World, vma: Vma, address: number, folio: Folio): Steps<void> {
  if (yield* w.kernel.doSetPmd(w, vma, address, folio)) yield* folioGet(folio);
}
