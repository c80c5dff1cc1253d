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
import type { World } from "../../state/world.ts";
import { PageVmaMappedWalk } from "./page-vma-mapped-walk.ts";

/** Counts the entries that were young. The caller holds a reference. */
export function* folioReferenced(w: World, folio: Folio): Steps<number> {
  let referenced = 0;
  yield* w.kernel.rmapWalk(w, folio, function* (vma, address) {
    const walk = new PageVmaMappedWalk(folio, vma, address, false);
    while (yield* w.kernel.pageVmaMappedWalk(w, walk)) {
      if (walk.mapped === null) continue; // A huge page keeps its bit: reduced.
      if (pteYoung(yield* changePte(walk.mapped.table, walk.index, pteMkold))) referenced++;
    }
    return true;
  });
  return referenced;
}
