/**
 * What all shapes of collapse_pte_mapped_thp() have in common: which folio, which entries, and the way out.
 *
 * @see mm/khugepaged.c, collapse_pte_mapped_thp(), Linux v6.1 and v6.12
 */

import { folioLock, folioUnlock } from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import { NONE_ENTRY, pfnOf, pteNone, ptePresent, type Entry } from "@mmrace/x86-paging";
import { folioGet, folioPut, folioRmap, folioTryGet, HPAGE_PMD_NR, type Folio } from "../../state/folio.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import { clearPtes, scanPtes, type PageTable } from "../../state/page-table.ts";
import { VM_UFFD_WP, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { ScanResult } from "./find-pmd.ts";

/** What there is to do: empty the table of the locked folio; or why not. */
export type Begun = { readonly folio: Folio } | { readonly result: ScanResult };

/** Whether every entry is none or maps its page of the folio: pass 1, and pass 2. */
export function mapsOnly(folio: Folio): (ptes: readonly Entry[]) => boolean {
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

/** Pass 2 under the PTE lock: clears the folio's entries and takes their rmap. Whether the table is empty now. */
export function* clearTable(
  table: PageTable,
  folio: Folio,
): Steps<{ readonly count: number; readonly isEmpty: boolean }> {
  const count = yield* clearPtes(table, clearOf(folio));
  const isEmpty = yield* scanPtes(table, (ptes) => ptes.every(pteNone));
  if (count > 0) yield* folioRmap(folio, -count);
  return { count, isEmpty };
}

/** Gives back what the entries held: references of the folio, and pages of the mm. */
export function* dropEntries(vma: Vma, folio: Folio, count: number): Steps<void> {
  if (count === 0) return;
  yield* folioPut(folio, count);
  yield* addMmCounter(vma.mm, "rss_file", -count);
}

/** Finds the folio in the page cache and locks it: filemap_lock_folio(). */
function* lockFolio(vma: Vma): Steps<Folio | null> {
  for (;;) {
    const folio = (yield* readOnce(vma.file!.iPages))[0] ?? null;
    if (folio === null) return null;
    if (!(yield* folioTryGet(folio))) continue; // It has left the cache: look again.
    yield* folioLock(folio.lock);
    if ((yield* readOnce(folio.mapping)) === vma.file) return folio;
    yield* unlockFolio(folio); // Truncated, or replaced.
  }
}

/** The end of every way. */
export function* unlockFolio(folio: Folio): Steps<void> {
  yield* folioUnlock(folio.lock);
  yield* folioPut(folio);
}

/** The common head, and step 1. With a result, all is done and unlocked. */
export function* begin(w: World, vma: Vma, installPmd: boolean): Steps<Begun> {
  const slot = vma.mm.slotOf(vma.start);
  const before = yield* w.kernel.findPmdOrThpOrNone(w, slot); // h2.
  if (before !== "SUCCEED" && before !== "PMD_NONE") return { result: before };
  if ((yield* readOnce(vma.flags)) & VM_UFFD_WP) return { result: "PTE_UFFD_WP" }; // h4.
  const folio = yield* lockFolio(vma); // h5. May sleep.
  if (folio === null) return { result: "PAGE_NULL" };
  const result = yield* beginLocked(w, vma, folio, installPmd);
  if (result === null) return { folio };
  yield* unlockFolio(folio);
  return { result };
}

/** h5 to h6 with the folio locked. `null`: go on. */
function* beginLocked(w: World, vma: Vma, folio: Folio, installPmd: boolean): Steps<ScanResult | null> {
  if (folio.pages !== HPAGE_PMD_NR) return "PAGE_COMPOUND";
  const state = yield* w.kernel.findPmdOrThpOrNone(w, vma.mm.slotOf(vma.start)); // h6.
  if (state === "PMD_NONE") {
    w.reached.add("collapse_pte_mapped_thp found the table gone");
    return yield* install(w, vma, folio, installPmd);
  }
  if (state !== "SUCCEED") return state;
  return (yield* verify(w, vma, folio)) ? null : "FAIL";
}

/** Step 1: pass 1 verifies every entry under the PTE lock, and changes nothing. */
function* verify(w: World, vma: Vma, folio: Folio): Steps<boolean> {
  const mapped = yield* w.kernel.__pteOffsetMapLock(w, vma.mm.slotOf(vma.start));
  if (mapped === null) return false;
  const isOurs = yield* scanPtes(mapped.table, mapsOnly(folio));
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  return isOurs;
}

/** Step 10, with the folio locked and the slot empty. */
export function* install(w: World, vma: Vma, folio: Folio, installPmd: boolean): Steps<ScanResult> {
  return installPmd && !(yield* w.kernel.setHugePmd(w, vma, vma.start, folio)) ? "FAIL" : "SUCCEED";
}

/** Maps the folio whole, if the slot is none. The folio is locked, mmap_lock held. The mapping gets a reference. */
export function* setHugePmd(w: World, vma: Vma, address: number, folio: Folio): Steps<boolean> {
  if (!(yield* w.kernel.doSetPmd(w, vma, address, folio))) return false;
  yield* folioGet(folio);
  return true;
}
