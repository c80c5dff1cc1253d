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

import { folioLock, folioUnlock, SINGLE_DEPTH_NESTING, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import { pfnOf, NONE_ENTRY, pteNone, ptePresent, type Entry } from "@mmrace/x86-paging";
import { folioRmap, type Folio } from "../state/folio.ts";
import { addMmCounter } from "../state/mm-struct.ts";
import { invalidateRangeEnd, invalidateRangeStart } from "../state/notifier.ts";
import { clearPtes, scanPtes, type PageTable } from "../state/page-table.ts";
import { VM_SHARED, VM_UFFD_MISSING, VM_UFFD_WP, type Vma } from "../state/vma.ts";
import type { World } from "../state/world.ts";

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
  if (count > 0) yield* folioRmap(folio, -count);
  return { count, isEmpty };
}

/** The common head: which table to empty, with the folio locked; or what else to do. */
function* head(w: World, vma: Vma): Steps<"collapse" | "install" | "stop"> {
  const slot = vma.mm.slotOf(vma.start);
  const before = yield* w.kernel.findPmdOrThpOrNone(w, slot); // h2.
  if (before !== "SUCCEED" && before !== "PMD_NONE") return "stop";
  if ((yield* readOnce(vma.flags)) & VM_UFFD_WP) return "stop"; // h4.
  const folio = yield* readOnce(vma.file.iPages); // h5.
  if (folio === null) return "stop";
  yield* folioLock(folio.lock);
  const state = yield* w.kernel.findPmdOrThpOrNone(w, slot); // h6.
  if (state === "SUCCEED") return "collapse";
  if (state === "PMD_NONE") return "install";
  yield* folioUnlock(folio.lock);
  return "stop";
}

/** Step 1: pass 1 verifies every entry under the PTE lock, and changes nothing. */
function* verify(w: World, vma: Vma): Steps<boolean> {
  const table = yield* w.kernel.__pteOffsetMapLock(w, vma.mm.slotOf(vma.start));
  if (table === null) return false;
  const isOurs = yield* scanPtes(table, mapsOnly(vma.file.folio));
  yield* w.kernel.pteUnmapUnlock(w, table);
  return isOurs;
}

/** The way out of every abort after the notifier was started. */
function* giveUp(w: World, vma: Vma, isPmlHeld: boolean): Steps<void> {
  if (isPmlHeld) yield* spinUnlock(vma.mm.pml);
  yield* invalidateRangeEnd(w.notifier);
  yield* folioUnlock(vma.file.folio.lock);
}

/** What follows when the table is out of the slot: steps 9 to 11. */
function* finish(w: World, vma: Vma, table: PageTable, installPmd: boolean): Steps<void> {
  w.reached.add("collapse_pte_mapped_thp removed a table");
  yield* invalidateRangeEnd(w.notifier); // 9.
  yield* addMmCounter(vma.mm, "nr_ptes", -1);
  yield* w.kernel.pteFreeDefer(w, table);
  if (installPmd) yield* w.kernel.setHugePmd(w, vma); // 10.
  yield* folioUnlock(vma.file.folio.lock); // 11.
}

/** The head and step 1. False when there is nothing to empty: then all is done and unlocked. */
function* begin(w: World, vma: Vma, installPmd: boolean): Steps<boolean> {
  const plan = yield* head(w, vma);
  if (plan === "stop") return false;
  if (plan === "collapse" && (yield* verify(w, vma))) return true;
  if (plan === "install" && installPmd) yield* w.kernel.setHugePmd(w, vma); // The slot is empty already.
  yield* folioUnlock(vma.file.folio.lock);
  return false;
}

/** Shape C, steps 1 to 11. */
export function* collapsePteMappedThp(w: World, vma: Vma, installPmd: boolean): Steps<void> {
  const { mm, file } = vma;
  const slot = mm.slotOf(vma.start);
  if (!(yield* begin(w, vma, installPmd))) return; // 1.

  yield* invalidateRangeStart(w.notifier); // 2.
  const flags = yield* readOnce(vma.flags);
  // 3. A fill does not need the folio's lock in such a VMA, so the PTE lock must not be dropped before the unlink.
  const isPmlFirst = (flags & VM_UFFD_MISSING) !== 0 && (flags & VM_SHARED) === 0;
  if (isPmlFirst) yield* spinLock(mm.pml);

  const table = yield* w.kernel.pteOffsetMapNolock(w, slot); // 4. And no pmd_same after the lock, in this shape.
  if (table === null) return yield* giveUp(w, vma, isPmlFirst);
  yield* spinLock(table.ptl, isPmlFirst ? SINGLE_DEPTH_NESTING : 0);
  const { count, isEmpty } = yield* clearTable(table, file.folio); // 5.
  if (!isEmpty) {
    yield* w.kernel.pteUnmapUnlock(w, table);
    yield* addMmCounter(mm, "rss_file", -count);
    return yield* giveUp(w, vma, isPmlFirst);
  }
  yield* w.kernel.pteUnmap(w); // 6.
  if (!isPmlFirst) yield* spinUnlock(table.ptl);
  yield* addMmCounter(mm, "rss_file", -count); // 7.

  if (!isPmlFirst) {
    yield* spinLock(mm.pml); // 8.
    yield* spinLock(table.ptl, SINGLE_DEPTH_NESTING);
  }
  yield* w.kernel.pmdpCollapseFlush(w, mm, slot);
  yield* spinUnlock(table.ptl);
  yield* spinUnlock(mm.pml);
  yield* finish(w, vma, table, installPmd);
}

/** Shape B, steps 1 to 5: known bad. */
export function* collapsePteMappedThp_1043173eb5eb(w: World, vma: Vma, installPmd: boolean): Steps<void> {
  const { mm, file } = vma;
  const slot = mm.slotOf(vma.start);
  if (!(yield* begin(w, vma, installPmd))) return; // 1.

  yield* invalidateRangeStart(w.notifier); // 2.
  const table = yield* w.kernel.__pteOffsetMapLock(w, slot); // 3.
  if (table === null) return yield* giveUp(w, vma, false);
  const { count, isEmpty } = yield* clearTable(table, file.folio);
  yield* w.kernel.pteUnmapUnlock(w, table); // The window opens: nothing keeps the table empty from here on.
  yield* addMmCounter(mm, "rss_file", -count); // 4.
  if (!isEmpty) return yield* giveUp(w, vma, false);

  yield* spinLock(mm.pml); // 5. Without looking at the entries again.
  yield* spinLock(table.ptl, SINGLE_DEPTH_NESTING);
  yield* w.kernel.pmdpCollapseFlush(w, mm, slot);
  yield* spinUnlock(table.ptl);
  yield* spinUnlock(mm.pml);
  yield* finish(w, vma, table, installPmd);
}
