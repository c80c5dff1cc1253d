/**
 * Proposals for collapse_pte_mapped_thp(), which were never merged: could it lock the way retract_page_tables() does?
 *
 * - Aligned: the PMD lock and the PTE lock are taken together and kept while the table is emptied and unlinked, for every
 *   VMA. No window in between, so nothing to compare afterwards; the PMD lock, which covers 1 GiB, is held for longer.
 * - Trylock: the PTE lock is kept, and the PMD lock only tried for. Where that fails both are taken in order, and since
 *   the PTE lock was dropped for that, slot and entries are looked at again. After the alternative patch of the thread.
 *
 * Both on the base of v6.18, whose own shape is in collapse-pte-mapped-thp.ts.
 *
 * @see mm/khugepaged.c, collapse_pte_mapped_thp(); linux-mm, 21 and 22 August 2023, "mm/khugepaged: fix
 *   collapse_pte_mapped_thp() versus uffd"
 */

import {
  mmuNotifierInvalidateRangeStart,
  SINGLE_DEPTH_NESTING,
  spinLock,
  spinTrylock,
  spinUnlock,
} from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import { pmdSame, pteNone } from "@mmrace/x86-paging";
import type { Folio } from "../../state/folio.ts";
import { scanPtes } from "../../state/page-table.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import { flushTlbMm } from "../../state/tlb.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";
import { abortCleared, finish, giveUp } from "./collapse-pte-mapped-thp.ts";
import { rangeOf, type ScanResult } from "./find-pmd.ts";
import { begin, clearTable, dropEntries } from "./pte-mapped-thp.ts";

/** Aligned: the locks of retract_page_tables() in its order, and its look at the slot. */
export function* collapsePteMappedThp_aligned(w: World, vma: Vma, installPmd: boolean): Steps<ScanResult> {
  const slot = vma.mm.slotOf(vma.start);
  const begun = yield* begin(w, vma, installPmd);
  if ("result" in begun) return begun.result;
  const { folio } = begun;

  yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, rangeOf(slot));
  yield* spinLock(slot.pmdTable.lock);
  if ((yield* w.kernel.checkPmdState(w, slot)) !== "SUCCEED") {
    yield* spinUnlock(slot.pmdTable.lock);
    return yield* giveUp(vma, folio);
  }
  const table = w.tableNamedBy(yield* readOnce(slot), slot);
  yield* spinLock(table.ptl, SINGLE_DEPTH_NESTING);
  const { count, isEmpty } = yield* clearTable(table, folio);
  if (isEmpty) yield* w.kernel.pmdpCollapseFlush(w, vma.mm, slot);
  else if (count > 0) yield* flushTlbMm(vma.mm);
  yield* spinUnlock(table.ptl);
  yield* spinUnlock(slot.pmdTable.lock);
  yield* dropEntries(vma, folio, count);
  return isEmpty ? yield* finish(w, vma, folio, table, installPmd) : yield* giveUp(vma, folio);
}

/** Trylock: no lock order is broken by trying. */
export function* collapsePteMappedThp_trylock(w: World, vma: Vma, installPmd: boolean): Steps<ScanResult> {
  const slot = vma.mm.slotOf(vma.start);
  const begun = yield* begin(w, vma, installPmd);
  if ("result" in begun) return begun.result;
  const { folio } = begun;

  yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, rangeOf(slot));
  const mapped = yield* w.kernel.pteOffsetMapRwNolock(w, slot);
  if (mapped === null) return yield* giveUp(vma, folio);
  yield* spinLock(mapped.ptl);
  if (!pmdSame(mapped.pmdval, yield* readOnce(slot))) {
    yield* w.kernel.pteUnmapUnlock(w, mapped);
    return yield* giveUp(vma, folio);
  }
  const { count, isEmpty } = yield* clearTable(mapped.table, folio);
  if (!isEmpty) {
    yield* abortCleared(w, vma, folio, mapped, count);
    return yield* giveUp(vma, folio);
  }
  if (!(yield* takePmdLock(w, slot, mapped))) return yield* refilled(w, vma, folio, mapped, count);
  yield* w.kernel.pmdpCollapseFlush(w, vma.mm, slot);
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  yield* spinUnlock(slot.pmdTable.lock);
  yield* dropEntries(vma, folio, count);
  return yield* finish(w, vma, folio, mapped.table, installPmd);
}

/** Takes the PMD lock while the PTE lock is held, and says whether the empty table still stands in its slot. */
function* takePmdLock(w: World, slot: PmdSlot, mapped: Mapped): Steps<boolean> {
  if (yield* spinTrylock(slot.pmdTable.lock)) return true;
  w.reached.add("collapse_pte_mapped_thp did not get the PMD lock at once");
  yield* spinUnlock(mapped.ptl);
  yield* spinLock(slot.pmdTable.lock);
  yield* spinLock(mapped.ptl, SINGLE_DEPTH_NESTING);
  return (
    pmdSame(mapped.pmdval, yield* readOnce(slot)) &&
    (yield* scanPtes(mapped.table, (ptes) => ptes.every(pteNone)))
  );
}

/** Somebody came in between: what was cleared must leave the TLBs, and the table stays. */
function* refilled(w: World, vma: Vma, folio: Folio, mapped: Mapped, count: number): Steps<ScanResult> {
  w.reached.add("collapse_pte_mapped_thp found its table refilled");
  yield* flushTlbMm(vma.mm);
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  yield* spinUnlock(vma.mm.slotOf(vma.start).pmdTable.lock);
  yield* dropEntries(vma, folio, count);
  return yield* giveUp(vma, folio);
}
