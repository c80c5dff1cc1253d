/**
 * Asking all entries that map a folio whether it was used, and forgetting the answer.
 *
 * Reduced: no weights, no MGLRU look-around, no secondary MMUs; clearing needs no flush on x86.
 *
 * @see mm/rmap.c, folio_referenced(), folio_referenced_one(), Linux v6.1 to v6.18
 */

import type { Steps } from "@mmrace/scheduler";
import { pteMkold, pteYoung } from "@mmrace/x86-paging";
import type { Folio } from "../../state/folio.ts";
import { changePte } from "../../state/page-table.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { PageVmaMappedWalk } from "./page-vma-mapped-walk.ts";

/** Counts the entries that were young. The caller holds a reference. */
export function* folioReferenced(w: World, folio: Folio): Steps<number> {
  const young = { count: 0 };
  const walkOf = (vma: Vma, address: number): PageVmaMappedWalk =>
    new PageVmaMappedWalk(folio, vma, address, false);
  yield* w.kernel.rmapWalk(w, folio, (vma, address) => folioReferencedOne(w, walkOf(vma, address), young));
  return young.count;
}

function* folioReferencedOne(w: World, walk: PageVmaMappedWalk, young: { count: number }): Steps<boolean> {
  while (yield* w.kernel.pageVmaMappedWalk(w, walk)) {
    if (walk.mapped === null) continue; // A huge page keeps its bit: reduced.
    if (pteYoung(yield* changePte(walk.mapped.table, walk.index, pteMkold))) young.count++;
  }
  return true;
}
