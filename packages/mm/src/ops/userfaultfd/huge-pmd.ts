/**
 * What userfaultfd does where it meets a huge page: changes it whole, or has it split.
 *
 * @see mm/huge_memory.c, change_huge_pmd(), __split_huge_pmd_locked(), Linux v6.12
 */

import {
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
  spinLock,
  spinUnlock,
} from "@mmrace/locks";
import { readOnce, violate, writeOnce, xchg, type Steps } from "@mmrace/scheduler";
import {
  isPmdMigrationEntry,
  migrationPteWritable,
  mkPte,
  mkTable,
  NONE_ENTRY,
  PAGE_SIZE,
  pfnOf,
  PMD_SIZE,
  pmdClearUffdWp,
  pmdLeaf,
  pmdMkinvalid,
  pmdMkuffdWp,
  pmdPresent,
  pmdToSwpEntry,
  swpOffsetPfn,
  type Entry,
} from "@mmrace/x86-paging";
import { folioGet, folioPut, folioRmap, HPAGE_PMD_NR, type Folio } from "../../state/folio.ts";
import type { MmuGather } from "../../state/mmu-gather.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import { setPte, type PageTable } from "../../state/page-table.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import { ANON_WRITABLE } from "../../state/protections.ts";
import { flushTlbRange } from "../../state/tlb.ts";
import type { Vma } from "../../state/vma.ts";
import { TABLE_SHAPE, type World } from "../../state/world.ts";
import type { WpChange } from "./write-protect.ts";

/** change_huge_pmd(), under pml. False: the slot has changed, or was split, and the caller looks again. */
export function* changeHugePmd(w: World, tlb: MmuGather, change: WpChange): Steps<boolean> {
  const { vma, start, end, isEnabled } = change;
  const slot = vma.mm.slotOf(start);
  if (end - start !== PMD_SIZE || (isEnabled && vma.file !== null)) {
    yield* splitHugePmd(w, vma, slot);
    return false;
  }
  yield* spinLock(slot.pmdTable.lock);
  const pmd = yield* readOnce(slot);
  const isHuge = pmdPresent(pmd) && pmdLeaf(pmd);
  if (isHuge) {
    // The slot stays "present" for who looks without the lock: pmdp_invalidate_ad().
    const old = yield* xchg(slot, pmdMkinvalid(pmd));
    yield* writeOnce(slot, isEnabled ? pmdMkuffdWp(old) : pmdClearUffdWp(old));
    tlb.adjustRange(slot.address, PMD_SIZE);
    for (let index = 0; index < w.geometry.ptesPerTable; index++) {
      const page = slot.address + index * PAGE_SIZE;
      if (isEnabled) w.uffd.promise(vma.mm, page, "uffd-wp");
      else w.uffd.release(vma.mm, page);
    }
  }
  yield* spinUnlock(slot.pmdTable.lock);
  return isHuge || isPmdMigrationEntry(pmd);
}

/** The folio that a huge PMD maps. Reports a PMD that does not map one, whose bits say something else. */
export function pmdFolio(w: World, pmd: Entry): Folio | null {
  if (!pmdPresent(pmd) || !pmdLeaf(pmd))
    violate(TABLE_SHAPE, "a folio is taken from a PMD that is not present");
  return w.folioOf(pfnOf(pmd)) ?? null;
}

/**
 * Gives the slot a table in place of a huge page. A huge page of a file is just taken away: it can be mapped again.
 *
 * Reduced: entries that the world does not have vanish from the counters; Accessed and Dirty go to all entries.
 */
export function* splitHugePmd(w: World, vma: Vma, slot: PmdSlot): Steps<void> {
  const range = { start: slot.address, end: slot.address + PMD_SIZE };
  yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, range);
  yield* spinLock(slot.pmdTable.lock);
  const pmd = yield* readOnce(slot);
  if (isPmdMigrationEntry(pmd)) yield* splitMigrating(w, slot, pmd);
  else if (pmdPresent(pmd) && pmdLeaf(pmd)) {
    if (vma.file === null) yield* splitAnon(w, vma, slot, pmd);
    else yield* takeAway(w, vma, slot);
  }
  yield* spinUnlock(slot.pmdTable.lock);
  yield* mmuNotifierInvalidateRangeEnd(vma.mm.notifiers, range);
}

/** A file's huge mapping: the slot stays none. */
function* takeAway(w: World, vma: Vma, slot: PmdSlot): Steps<void> {
  const folio = pmdFolio(w, yield* xchg(slot, NONE_ENTRY))!;
  yield* flushTlbRange(vma.mm, slot.address, slot.address + PMD_SIZE);
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

/** The slot never reads as none: for who looks without the lock it is a huge page until it is a table. */
function* splitAnon(w: World, vma: Vma, slot: PmdSlot, pmd: Entry): Steps<void> {
  const old = yield* xchg(slot, pmdMkinvalid(pmd));
  yield* flushTlbRange(vma.mm, slot.address, slot.address + PMD_SIZE);
  const folio = pmdFolio(w, pmd)!;
  const table = yield* withdrawTable(slot);
  const { ptesPerTable } = w.geometry;
  for (let index = 0; index < ptesPerTable; index++) {
    yield* setPte(table, index, mkPte(pfnOf(old) + index, ANON_WRITABLE));
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
