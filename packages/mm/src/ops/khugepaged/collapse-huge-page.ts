/**
 * Copying the small anonymous pages of 2 MiB into a huge one, which then is mapped in their place.
 *
 * What differs by release is when the VMA is locked, and what is waited for:
 * - v6.17 and later (commit 366a4532d96f, 6.17-rc2): the VMA is locked before the slot is looked at, as MADV_DONTNEED,
 *   which frees empty tables, holds no more than the VMA lock;
 * - v6.4 to v6.17-rc1: the slot is looked at first;
 * - v6.1 to v6.3: there are no VMA locks;
 * - v6.0: no interrupt is waited for (before 2ba99c5e0881). Known bad.
 *
 * Reduced: allocation does not fail; nothing is swapped in.
 *
 * @see mm/khugepaged.c, collapse_huge_page()
 */

import {
  downWrite,
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
  spinLock,
  spinUnlock,
  upWrite,
} from "@mmrace/locks";
import { readOnce, violate, writeOnce, type Steps } from "@mmrace/scheduler";
import { mkHugePmd, mkTable, pfnOf, PMD_SIZE, pmdNone, type Entry } from "@mmrace/x86-paging";
import { folioPut, folioRmap, HPAGE_PMD_NR, type Folio } from "../../state/folio.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import { PmdSlot } from "../../state/pmd-table.ts";
import { ANON_WRITABLE } from "../../state/protections.ts";
import { VM_NOHUGEPAGE, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";
import { KERNEL_ASSERTION } from "../userfaultfd/mfill-atomic.ts";
import { copyPages, dropCopied, isolatePages, releasePages, type Isolated } from "./collapse-isolate.ts";
import { rangeOf, type ScanResult } from "./find-pmd.ts";

/** Steps 5 to 18, called with mmap_lock held for writing and a VMA that was found under it. */
type Locked = (w: World, vma: Vma, slot: PmdSlot, huge: Folio) => Steps<ScanResult>;

/** v6.17 and later. */
export function* collapseHugePage(w: World, mm: MmStruct, address: number): Steps<ScanResult> {
  return yield* collapse(w, mm, address, lockVmaAndReplace);
}

function* lockVmaAndReplace(w: World, vma: Vma, slot: PmdSlot, huge: Folio): Steps<ScanResult> {
  yield* w.kernel.vmaStartWrite(w, vma); // 5. Whoever holds the VMA lock is through, and nobody takes it any more.
  const state = yield* w.kernel.findPmdOrThpOrNone(w, slot);
  return state === "SUCCEED" ? yield* replaceTable(w, vma, slot, huge, unlinkAndWait) : state;
}

/** v6.1 to v6.17-rc1. */
export function* collapseHugePage_6_16(w: World, mm: MmStruct, address: number): Steps<ScanResult> {
  return yield* collapse(w, mm, address, lookAndReplace);
}

function* lookAndReplace(w: World, vma: Vma, slot: PmdSlot, huge: Folio): Steps<ScanResult> {
  const state = yield* w.kernel.findPmdOrThpOrNone(w, slot); // 5.
  if (state !== "SUCCEED") return state;
  yield* w.kernel.vmaStartWrite(w, vma);
  return yield* replaceTable(w, vma, slot, huge, unlinkAndWait);
}

/** v6.0. */
export function* collapseHugePage_6_0(w: World, mm: MmStruct, address: number): Steps<ScanResult> {
  return yield* collapse(w, mm, address, replaceWithoutWaiting);
}

function* replaceWithoutWaiting(w: World, vma: Vma, slot: PmdSlot, huge: Folio): Steps<ScanResult> {
  const state = yield* w.kernel.findPmdOrThpOrNone(w, slot); // 5.
  return state === "SUCCEED" ? yield* replaceTable(w, vma, slot, huge, unlinkTable) : state;
}

/** Steps 1 to 5, and 18. Called with mmap_lock held for reading, and returns without it. */
function* collapse(w: World, mm: MmStruct, address: number, locked: Locked): Steps<ScanResult> {
  const slot = mm.slotOf(address);
  yield* w.kernel.mmapReadUnlock(w, mm); // 1.
  const huge = w.createFolio(HPAGE_PMD_NR, true);

  yield* w.kernel.mmapReadLock(w, mm); // 2.
  let result = yield* w.kernel.hugepageVmaRevalidate(w, mm, address);
  if (result === "SUCCEED") result = yield* w.kernel.findPmdOrThpOrNone(w, slot);
  yield* w.kernel.mmapReadUnlock(w, mm); // 4.
  if (result === "SUCCEED") {
    yield* w.kernel.mmapWriteLock(w, mm);
    result = yield* w.kernel.hugepageVmaRevalidate(w, mm, address);
    const vma = yield* w.kernel.findVma(w, mm, address);
    if (result === "SUCCEED" && vma !== null) result = yield* locked(w, vma, slot, huge);
    yield* w.kernel.mmapWriteUnlock(w, mm); // 18.
  }
  if (result !== "SUCCEED") yield* folioPut(huge);
  return result;
}

/** Whether a VMA may be collapsed here: it fits, is anonymous, and has had a page. The caller holds mmap_lock. */
export function* hugepageVmaRevalidate(w: World, mm: MmStruct, address: number): Steps<ScanResult> {
  const vma = yield* w.kernel.findVma(w, mm, address);
  if (vma === null) return "VMA_NULL";
  if (vma.start > address || vma.end < address + PMD_SIZE || vma.file !== null) return "VMA_CHECK";
  if ((yield* readOnce(vma.flags)) & VM_NOHUGEPAGE) return "VMA_CHECK";
  return (yield* readOnce(vma.anonVma)) === null ? "PAGE_ANON" : "SUCCEED";
}

/** Steps 7 to 9: takes the table out of its slot, and says what the slot held. */
function* unlinkTable(w: World, mm: MmStruct, slot: PmdSlot): Steps<Entry> {
  yield* mmuNotifierInvalidateRangeStart(mm.notifiers, rangeOf(slot)); // 7.
  yield* spinLock(slot.pmdTable.lock); // 8. Probably unnecessary.
  const old = yield* w.kernel.pmdpCollapseFlush(w, mm, slot);
  yield* spinUnlock(slot.pmdTable.lock);
  yield* mmuNotifierInvalidateRangeEnd(mm.notifiers, rangeOf(slot)); // 9.
  return old;
}

/** Steps 7 to 10: then nobody is left in the table who walks with interrupts off. */
function* unlinkAndWait(w: World, mm: MmStruct, slot: PmdSlot): Steps<Entry> {
  const old = yield* unlinkTable(w, mm, slot);
  yield* w.kernel.tlbRemoveTableSyncOne(w); // 10.
  return old;
}

/** Steps 6 to 17. */
function* replaceTable(
  w: World,
  vma: Vma,
  slot: PmdSlot,
  huge: Folio,
  unlink: (w: World, mm: MmStruct, slot: PmdSlot) => Steps<Entry>,
): Steps<ScanResult> {
  const anonVma = (yield* readOnce(vma.anonVma))!;
  yield* downWrite(anonVma.rwsem); // 6.
  const old = yield* unlink(w, vma.mm, slot); // 7. to 10.

  const isolated: Isolated[] = [];
  // 11. Through a copy of the slot on the stack: the table is nobody's any more.
  const onStack = new PmdSlot(slot.pmdTable, `${slot.name} on the stack`, slot.address);
  onStack.value = old;
  const mapped = yield* w.kernel.__pteOffsetMapLock(w, onStack);
  let result: ScanResult = "PMD_NULL";
  if (mapped !== null) {
    result = yield* isolatePages(w, vma, mapped, isolated); // 12.
    yield* spinUnlock(mapped.ptl); // The RCU section stays open.
  }
  if (mapped === null || result !== "SUCCEED") {
    if (mapped !== null) yield* w.kernel.pteUnmap(w);
    yield* restoreTable(slot, old); // 13.
    yield* upWrite(anonVma.rwsem);
    yield* releasePages(isolated);
    w.reached.add(`collapse_huge_page put the table back: ${result}`);
    return result;
  }
  yield* upWrite(anonVma.rwsem); // 14.
  yield* copyPages(isolated, huge); // 15.
  yield* dropCopied(w, vma, mapped, isolated); // 16.
  yield* w.kernel.pteUnmap(w);
  yield* installHuge(vma, slot, huge, mapped); // 17.
  w.reached.add("collapse_huge_page installed a huge page");
  return "SUCCEED";
}

/** Step 13: pmd_populate() of whatever the slot named. It must still be none, as nobody may fill it. */
function* restoreTable(slot: PmdSlot, old: Entry): Steps<void> {
  yield* spinLock(slot.pmdTable.lock);
  yield* assertNone(slot);
  yield* writeOnce(slot, mkTable(pfnOf(old)));
  yield* spinUnlock(slot.pmdTable.lock);
}

function* assertNone(slot: PmdSlot): Steps<void> {
  if (!pmdNone(yield* readOnce(slot)))
    violate(KERNEL_ASSERTION, "BUG_ON(!pmd_none(*pmd)) in collapse_huge_page");
}

/** Step 17: the empty table is kept for when the page is split. */
function* installHuge(vma: Vma, slot: PmdSlot, huge: Folio, { table }: Mapped): Steps<void> {
  const { deposits, lock } = slot.pmdTable;
  yield* spinLock(lock);
  yield* assertNone(slot);
  yield* writeOnce(huge.mapping, yield* readOnce(vma.anonVma));
  yield* writeOnce(huge.index, vma.indexOf(slot.address));
  yield* folioRmap(huge, 1);
  yield* writeOnce(huge.lru, true);
  yield* writeOnce(deposits, [...(yield* readOnce(deposits)), table]);
  yield* writeOnce(slot, mkHugePmd(huge.pfn, ANON_WRITABLE));
  yield* spinUnlock(lock);
}
