/**
 * The same before 6.6, with mmap_lock held for writing, and tables that are freed at once.
 *
 * - v6.1 to v6.5 (shape A; commits 8d3c106e19e8, 2ba99c5e0881, f268f6cf875f): the locks of the rmap keep its walkers out,
 *   an interrupt is waited for, secondary MMUs are told;
 * - v6.0: nothing of this, but the PMD lock. Known bad.
 *
 * @see mm/khugepaged.c, collapse_pte_mapped_thp(), collapse_and_free_pmd(), Linux v6.0 and v6.1
 */

import {
  downWrite,
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
  spinLock,
  spinUnlock,
  upWrite,
} from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import { pteNone, type Entry } from "@mmrace/x86-paging";
import { folioRmap, type Folio } from "../../state/folio.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import { scanPtes } from "../../state/page-table.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { rangeOf, type ScanResult } from "./find-pmd.ts";
import { begin, dropEntries, install, mapsOnly, unlockFolio } from "./pte-mapped-thp.ts";

/** How many entries map the folio, or -1 when others are there too. */
function countOf(folio: Folio): (ptes: readonly Entry[]) => number {
  return (ptes) => (mapsOnly(folio)(ptes) ? ptes.filter((pte) => !pteNone(pte)).length : -1);
}

/**
 * Pass 2, under the PTE lock: takes the rmap of the entries and leaves them where they are, as the table goes with them.
 * Reduced: rmap is taken off in one step. False when somebody else's entry is there.
 */
function* dropRmap(w: World, vma: Vma, folio: Folio): Steps<boolean> {
  const mapped = yield* w.kernel.__pteOffsetMapLock(w, vma.mm.slotOf(vma.start));
  if (mapped === null) return false;
  const count = yield* scanPtes(mapped.table, countOf(folio));
  if (count > 0) yield* folioRmap(folio, -count);
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  yield* dropEntries(vma, folio, Math.max(count, 0));
  return count >= 0;
}

/** v6.1: i_mmap_rwsem and the anon_vma's for writing, besides mmap_lock. */
export function* collapsePteMappedThp_6_1(w: World, vma: Vma, installPmd: boolean): Steps<ScanResult> {
  const begun = yield* begin(w, vma, installPmd);
  if ("result" in begun) return begun.result;
  const { folio } = begun;
  yield* downWrite(vma.file!.iMmap);
  const isOurs = yield* dropRmap(w, vma, folio);
  if (isOurs) yield* removeTable(w, vma);
  yield* upWrite(vma.file!.iMmap);
  const result = isOurs ? yield* install(w, vma, folio, installPmd) : "FAIL";
  yield* unlockFolio(folio);
  return result;
}

/** Nobody can walk here: no page-table lock is needed. */
function* removeTable(w: World, vma: Vma): Steps<void> {
  const { mm } = vma;
  const slot = mm.slotOf(vma.start);
  const anonVma = yield* readOnce(vma.anonVma);
  if (anonVma !== null) yield* downWrite(anonVma.rwsem);
  yield* mmuNotifierInvalidateRangeStart(mm.notifiers, rangeOf(slot));
  const old = yield* w.kernel.pmdpCollapseFlush(w, mm, slot);
  yield* w.kernel.tlbRemoveTableSyncOne(w);
  yield* mmuNotifierInvalidateRangeEnd(mm.notifiers, rangeOf(slot));
  yield* addMmCounter(mm, "nr_ptes", -1);
  yield* w.kernel.pteFree(w, w.tableNamedBy(old, slot));
  if (anonVma !== null) yield* upWrite(anonVma.rwsem);
  w.reached.add("collapse_pte_mapped_thp removed a table");
}

/** v6.0: mmap_lock, the folio's lock and the PMD lock. */
export function* collapsePteMappedThp_6_0(w: World, vma: Vma, installPmd: boolean): Steps<ScanResult> {
  const { mm } = vma;
  const slot = mm.slotOf(vma.start);
  const begun = yield* begin(w, vma, installPmd);
  if ("result" in begun) return begun.result;
  const { folio } = begun;
  const isOurs = yield* dropRmap(w, vma, folio);
  if (isOurs) {
    yield* spinLock(slot.pmdTable.lock);
    const old = yield* w.kernel.pmdpCollapseFlush(w, mm, slot);
    yield* spinUnlock(slot.pmdTable.lock);
    yield* addMmCounter(mm, "nr_ptes", -1);
    yield* w.kernel.pteFree(w, w.tableNamedBy(old, slot));
    w.reached.add("collapse_pte_mapped_thp removed a table");
  }
  const result = isOurs ? yield* install(w, vma, folio, installPmd) : "FAIL";
  yield* unlockFolio(folio);
  return result;
}
