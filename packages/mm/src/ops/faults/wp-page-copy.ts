/**
 * The copy of copy-on-write.
 *
 * @see mm/memory.c, wp_page_copy(); mm/pgtable-generic.c, ptep_clear_flush(), Linux v6.12 (the same in v6.1)
 */

import { mmuNotifierInvalidateRangeEnd, mmuNotifierInvalidateRangeStart } from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import {
  PAGE_SIZE,
  pfnOf,
  pteAccessible,
  pteMkuffdWp,
  pteSame,
  pteUffdWp,
  type Entry,
} from "@mmrace/x86-paging";
import { copyHighpage, folioPut, folioRmap, type Folio } from "../../state/folio.ts";
import { pageStart, pteIndex } from "../../state/geometry.ts";
import { along } from "../../state/ghost.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import { ptepGet, ptepGetAndClear, setPte } from "../../state/page-table.ts";
import { flushTlbRange } from "../../state/tlb.ts";
import type { World } from "../../state/world.ts";
import { unmapUnlock, type Fault, type FaultResult } from "./fault.ts";
import { makePte, newAnonFolio } from "./page-entry.ts";

/** Copies the page without any lock, and maps the copy if the entry is still what the fault saw. `old`: referenced. */
export function* wpPageCopy(w: World, f: Fault, old: Folio | null): Steps<FaultResult> {
  const { vma, address } = f;
  if ((yield* w.kernel.vmfAnonPrepare(w, f)) === "retry") {
    if (old !== null) yield* folioPut(old);
    return "retry";
  }
  const copy = newAnonFolio(w, vma, address);
  if (old !== null) yield* copyHighpage(copy.data[0]!, old.data[pfnOf(f.origPte!) - old.pfn]!);
  const start = pageStart(address);
  const range = { start, end: start + PAGE_SIZE };
  yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, range);
  f.mapped = yield* w.kernel.__pteOffsetMapLock(w, f.slot);
  let isMapped = false;
  if (f.mapped !== null) {
    isMapped = pteSame(yield* ptepGet(f.mapped.table, pteIndex(address)), f.origPte!);
    if (isMapped) yield* replace(w, f, old, copy);
    yield* unmapUnlock(w, f);
  }
  yield* mmuNotifierInvalidateRangeEnd(vma.mm.notifiers, range);
  if (!isMapped) {
    w.reached.add("wp_page_copy came too late");
    yield* folioPut(copy);
  }
  if (old !== null) yield* folioPut(old, isMapped ? 2 : 1); // The mapping's reference too, when it is gone.
  return "ok";
}

/**
 * Puts the copy into the place of the old page, under the lock of the table. The order matters: nobody may use the old page
 * once the new one can be written, and the rmap of the old one goes only when no entry maps it.
 */
function* replace(w: World, f: Fault, old: Folio | null, copy: Folio): Steps<void> {
  const { vma, address, flags } = f;
  if (old === null || !old.isAnon) {
    if (old !== null) yield* addMmCounter(vma.mm, "rss_file", -1);
    yield* addMmCounter(vma.mm, "rss_anon", 1);
  }
  const fresh = yield* makePte(vma, copy.pfn, flags.isUnshare !== true);
  const keepsWp = flags.isUnshare === true && pteUffdWp(f.origPte!);
  yield* w.kernel.ptepClearFlush(w, f);
  yield* folioRmap(copy, 1);
  yield* writeOnce(copy.lru, true);
  const wasFiles = old !== null && !old.isAnon;
  yield* along(
    setPte(f.mapped!.table, pteIndex(address), keepsWp ? pteMkuffdWp(fresh) : fresh),
    wasFiles ? w.reference.filled(vma, address, copy.data[0]) : undefined,
  );
  if (old !== null) yield* folioRmap(old, -1);
  w.reached.add("wp_page_copy mapped a copy");
}

/** Takes the entry out, and out of all TLBs. The caller holds the lock of the table. */
export function* ptepClearFlush(_w: World, f: Fault): Steps<Entry> {
  const { mm } = f.vma;
  const start = pageStart(f.address);
  const old = yield* ptepGetAndClear(f.mapped!.table, pteIndex(f.address));
  // An entry without access may be cached as long as somebody has a flush outstanding.
  const isCached = pteAccessible(old, false) || pteAccessible(old, (yield* readOnce(mm.tlbFlushPending)) > 0);
  if (isCached) yield* flushTlbRange(mm, start, start + PAGE_SIZE, false);
  return old;
}
