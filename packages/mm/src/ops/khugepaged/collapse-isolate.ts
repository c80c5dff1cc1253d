/**
 * The small pages of an anonymous collapse: taken off the LRU and locked, copied, and given up or put back.
 *
 * @see mm/khugepaged.c, __collapse_huge_page_isolate(), __collapse_huge_page_copy(), release_pte_folio(), Linux v6.12
 */

import { folioTrylock, folioUnlock, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, xchg, writeOnce, type Steps } from "@mmrace/scheduler";
import { NONE_ENTRY, pfnOf, pteNone, ptePresent, pteUffdWp, type Entry } from "@mmrace/x86-paging";
import { copyHighpage, folioGet, folioPut, folioRmap, HPAGE_PMD_NR, type Folio } from "../../state/folio.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import { ptepGet, setPte } from "../../state/page-table.ts";
import { VM_UFFD_MODES, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";
import type { ScanResult } from "./find-pmd.ts";

/** A page that is locked and off the LRU, and where its entry stands. */
export interface Isolated {
  readonly index: number;
  readonly folio: Folio;
}

/** Whether an entry maps nothing that would have to be copied. */
export function isNoneOrZero(w: World, pte: Entry): boolean {
  return pteNone(pte) || (ptePresent(pte) && w.zeroFolio.hasPfn(pfnOf(pte)));
}

/** The tests that the scan and the isolation share. `null`: the page will do. Reduced: no swap cache. */
export function* whyNotPage(w: World, pte: Entry): Steps<ScanResult | null> {
  if (!ptePresent(pte)) return "PTE_NON_PRESENT";
  if (pteUffdWp(pte)) return "PTE_UFFD_WP";
  const folio = w.folioOf(pfnOf(pte));
  return folio === undefined || !folio.isAnon || folio.pages !== 1 ? "PAGE_ANON" : null;
}

/** No references but those of its mappings: no pin of GUP, for one. */
export function* isRefcountSuitable(folio: Folio): Steps<boolean> {
  const mapcount = yield* readOnce(folio.mapcount);
  return (yield* readOnce(folio.refcount)) === mapcount;
}

/** Step 12, under the PTE lock. The pages that were isolated are added to `isolated`, whatever comes of it. */
export function* isolatePages(
  w: World,
  vma: Vma,
  { table }: Mapped,
  isolated: Isolated[],
): Steps<ScanResult> {
  for (let index = 0; index < w.geometry.ptesPerTable; index++) {
    const pte = yield* ptepGet(table, index);
    if (isNoneOrZero(w, pte)) {
      if ((yield* readOnce(vma.flags)) & VM_UFFD_MODES) return "EXCEED_NONE_PTE";
      continue;
    }
    const why = yield* whyNotPage(w, pte);
    if (why !== null) return why;
    const folio = w.folioOf(pfnOf(pte))!;
    if (!(yield* folioTrylock(folio.lock))) return "PAGE_LOCK";
    if (!(yield* isRefcountSuitable(folio))) {
      yield* folioUnlock(folio.lock);
      return "PAGE_COUNT";
    }
    if (!(yield* xchg(folio.lru, false))) {
      yield* folioUnlock(folio.lock);
      return "PAGE_LRU";
    }
    yield* folioGet(folio); // folio_isolate_lru() holds what it has taken off the list.
    isolated.push({ index, folio });
  }
  return "SUCCEED";
}

/** An abort: the pages go back to the LRU. */
export function* releasePages(isolated: readonly Isolated[]): Steps<void> {
  for (const { folio } of isolated) yield* putback(folio);
}

/** Unlocks a page and puts it back to the LRU, which drops the reference of the isolation. */
function* putback(folio: Folio): Steps<void> {
  yield* folioUnlock(folio.lock);
  yield* writeOnce(folio.lru, true);
  yield* folioPut(folio);
}

/** Step 15. Reduced: memory has no errors. */
export function* copyPages(isolated: readonly Isolated[], huge: Folio): Steps<void> {
  for (const { index, folio } of isolated) yield* copyHighpage(huge.data[index]!, folio.data[0]!);
}

/** Step 16: the entries of the unlinked table go, and with them their pages. */
export function* dropCopied(
  w: World,
  vma: Vma,
  { table, ptl }: Mapped,
  isolated: readonly Isolated[],
): Steps<void> {
  const copied = new Map(isolated.map(({ index, folio }) => [index, folio]));
  for (let index = 0; index < w.geometry.ptesPerTable; index++) {
    const folio = copied.get(index);
    if (folio === undefined && pteNone(yield* ptepGet(table, index))) continue;
    yield* spinLock(ptl);
    yield* setPte(table, index, NONE_ENTRY);
    if (folio !== undefined) yield* folioRmap(folio, -1);
    yield* spinUnlock(ptl);
    if (folio === undefined) continue;
    yield* folioPut(folio);
    yield* putback(folio);
  }
  // What was none or zero is a page of the huge folio now. One step for all such entries.
  yield* addMmCounter(vma.mm, "rss_anon", HPAGE_PMD_NR - copied.size);
}
