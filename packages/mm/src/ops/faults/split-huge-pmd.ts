/**
 * A huge page gives way to small ones, where a store to it needs a page of its own.
 *
 * Reduced: entries of the table that the world does not have vanish from the counters; Accessed goes to all entries.
 *
 * @see mm/huge_memory.c, __split_huge_pmd(), __split_huge_pmd_locked(), Linux v6.12
 */

import {
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
  spinLock,
  spinUnlock,
} from "@mmrace/locks";
import { readOnce, writeOnce, xchg, type Steps } from "@mmrace/scheduler";
import {
  isPmdMigrationEntry,
  migrationPteWritable,
  mkPte,
  mkTable,
  NONE_ENTRY,
  pfnOf,
  PMD_SIZE,
  pmdDirty,
  pmdLeaf,
  pmdMkinvalid,
  pmdPresent,
  pmdToSwpEntry,
  pmdWrite,
  pteMkdirty,
  pteMkwrite,
  swpOffsetPfn,
  type Entry,
} from "@mmrace/x86-paging";
import { folioGet, folioPut, folioRmap, HPAGE_PMD_NR } from "../../state/folio.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import { setPte, type PageTable } from "../../state/page-table.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import { READ_FAULT } from "../../state/protections.ts";
import { flushTlbRange } from "../../state/tlb.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/** Splits whatever huge page the slot maps by the time its lock is held. */
export function* splitHugePmd(w: World, vma: Vma, slot: PmdSlot): Steps<void> {
  const range = { start: slot.address, end: slot.address + PMD_SIZE };
  yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, range);
  yield* spinLock(slot.pmdTable.lock);
  const pmd = yield* readOnce(slot);
  if (isPmdMigrationEntry(pmd)) yield* splitMigrating(w, slot, pmd);
  else if (pmdPresent(pmd) && pmdLeaf(pmd)) {
    if (vma.file === null) yield* splitAnon(w, vma, slot, pmd);
    else yield* unmapWhole(w, vma, slot);
    w.reached.add("a huge page was split");
  }
  yield* spinUnlock(slot.pmdTable.lock);
  yield* mmuNotifierInvalidateRangeEnd(vma.mm.notifiers, range);
}

/** A file's huge page is just taken away: the slot stays none, and small faults map it again. */
function* unmapWhole(w: World, vma: Vma, slot: PmdSlot): Steps<void> {
  const old = yield* xchg(slot, NONE_ENTRY);
  yield* flushTlbRange(vma.mm, slot.address, slot.address + PMD_SIZE);
  const folio = w.folioOf(pfnOf(old))!;
  if (pmdDirty(old)) yield* writeOnce(folio.dirty, true);
  yield* folioRmap(folio, -1);
  yield* addMmCounter(vma.mm, "rss_file", -HPAGE_PMD_NR);
  yield* folioPut(folio);
}

/** Takes the oldest of the tables that were deposited: pgtable_trans_huge_withdraw(). */
export function* withdrawTable({ pmdTable }: PmdSlot): Steps<PageTable> {
  const [table, ...others] = yield* readOnce(pmdTable.deposits);
  yield* writeOnce(pmdTable.deposits, others);
  return table!;
}

/** The slot never reads as none: without the lock it is a huge page until it is a table. */
function* splitAnon(w: World, vma: Vma, slot: PmdSlot, pmd: Entry): Steps<void> {
  const old = yield* xchg(slot, pmdMkinvalid(pmd));
  yield* flushTlbRange(vma.mm, slot.address, slot.address + PMD_SIZE);
  const folio = w.folioOf(pfnOf(pmd))!;
  const table = yield* withdrawTable(slot);
  const { ptesPerTable } = w.geometry;
  for (let index = 0; index < ptesPerTable; index++) {
    let pte = mkPte(folio.pfn + index, READ_FAULT);
    if (pmdDirty(old)) pte = pteMkdirty(pte);
    yield* setPte(table, index, pmdWrite(old) ? pteMkwrite(pte) : pte);
  }
  yield* folioGet(folio, ptesPerTable - 1);
  yield* folioRmap(folio, ptesPerTable - 1);
  yield* addMmCounter(vma.mm, "rss_anon", ptesPerTable - HPAGE_PMD_NR);
  yield* writeOnce(slot, mkTable(table.pfn));
}

/** The same, with migration entries, which are neither counted as mappings nor in rss here. */
function* splitMigrating(w: World, slot: PmdSlot, pmd: Entry): Steps<void> {
  const first = swpOffsetPfn(pmdToSwpEntry(pmd));
  const table = yield* withdrawTable(slot);
  for (let index = 0; index < w.geometry.ptesPerTable; index++) {
    yield* setPte(table, index, migrationPteWritable({ lo: first + index, hi: 0 }));
  }
  yield* writeOnce(slot, mkTable(table.pfn));
}
