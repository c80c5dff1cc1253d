/**
 * Taking empty PTE tables away under the mmap_lock of each mm, which is only tried for, as i_mmap_rwsem is held.
 *
 * - v6.1 to v6.5 (shape B; commits 8d3c106e19e8, 2ba99c5e0881, f268f6cf875f, 023f47a8250c): all locks under which a walk
 *   may start are held exclusively, so no lock of a page table is needed;
 * - v6.0 (shape A): anon_vma is not looked at again, secondary MMUs are not told, no interrupt is waited for. Known bad.
 *
 * Reduced: an mm whose lock cannot be had, or that MADV_COLLAPSE does not work for, is passed over; the kernel remembers the
 * address for a later collapse.
 *
 * @see mm/khugepaged.c, retract_page_tables()
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
import type { AddressSpace } from "../../state/address-space.ts";
import type { Folio } from "../../state/folio.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import { VM_UFFD_WP, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { rangeOf, type CollapseTarget, type ScanResult } from "./find-pmd.ts";
import { coversHugePage } from "./retract-page-tables.ts";

/**
 * Steps 1 to 9, v6.1. MADV_COLLAPSE takes away the table of its target only, and maps the huge page there at once; tables of
 * other mms are left to khugepaged.
 */
export function* retractPageTables_6_1(
  w: World,
  file: AddressSpace,
  huge: Folio,
  target?: CollapseTarget,
): Steps<ScanResult> {
  let answer: ScanResult = target === undefined ? "SUCCEED" : "FAIL";
  yield* downWrite(file.iMmap); // 1.
  for (const vma of yield* readOnce(file.vmas)) {
    const isTarget = vma.mm === target?.mm && vma.addressOf(0) === target.address;
    const slot = yield* slotToRetract(w, vma);
    let result: ScanResult = typeof slot === "string" ? slot : "PTE_MAPPED_HUGEPAGE";
    if (typeof slot !== "string" && (target === undefined || isTarget)) {
      if (yield* w.kernel.mmapWriteTrylock(w, vma.mm)) {
        result = yield* retractLocked(w, vma, slot, isTarget ? huge : null);
        yield* w.kernel.mmapWriteUnlock(w, vma.mm); // 9.
      } else w.reached.add("retract_page_tables did not get mmap_lock"); // 5.
    }
    if (isTarget) answer = result;
  }
  yield* upWrite(file.iMmap);
  return answer;
}

/** Steps 6 to 8, with mmap_lock held for writing. With a huge page, that is mapped. */
function* retractLocked(w: World, vma: Vma, slot: PmdSlot, huge: Folio | null): Steps<ScanResult> {
  // 6. The first anonymous page needs mmap_lock for reading at least, so this answer holds.
  if ((yield* readOnce(vma.anonVma)) !== null || !(yield* isStillWanted(vma))) {
    w.reached.add("retract_page_tables found the VMA taken under the locks");
    return "FAIL";
  }
  yield* removeTable(w, vma, slot);
  w.reached.add("retract_page_tables removed a table");
  if (huge === null) return "SUCCEED";
  return (yield* w.kernel.setHugePmd(w, vma, slot.address, huge)) ? "SUCCEED" : "FAIL"; // 8.
}

/** v6.0. */
export function* retractPageTables_6_0(w: World, file: AddressSpace): Steps<void> {
  yield* downWrite(file.iMmap);
  for (const vma of yield* readOnce(file.vmas)) {
    const { mm } = vma;
    const slot = yield* slotToRetract(w, vma);
    if (typeof slot === "string" || !(yield* w.kernel.mmapWriteTrylock(w, mm))) continue;
    if (yield* isStillWanted(vma)) {
      yield* spinLock(slot.pmdTable.lock);
      const old = yield* w.kernel.pmdpCollapseFlush(w, mm, slot);
      yield* spinUnlock(slot.pmdTable.lock);
      yield* addMmCounter(mm, "nr_ptes", -1);
      const table = w.tableNamedBy(old, slot);
      table.isDoomed = true; // Ghost state.
      yield* w.kernel.pteFree(w, table);
      w.reached.add("retract_page_tables removed a table");
    }
    yield* w.kernel.mmapWriteUnlock(w, mm);
  }
  yield* upWrite(file.iMmap);
}

/** Steps 2 to 4: the slot, if the VMA looks as if its table could go; else why not. */
function* slotToRetract(w: World, vma: Vma): Steps<PmdSlot | ScanResult> {
  if (yield* readOnce(vma.anonVma)) return "PAGE_ANON"; // 2.
  if (!coversHugePage(vma)) return "VMA_CHECK"; // 3.
  const slot = vma.mm.slotOf(vma.addressOf(0)!);
  const state = yield* w.kernel.findPmdOrThpOrNone(w, slot); // 4.
  return state === "SUCCEED" ? slot : state;
}

/** The exit test and that for write-protection, with mmap_lock held. */
function* isStillWanted({ mm, flags }: Vma): Steps<boolean> {
  return (yield* readOnce(mm.users)) !== 0 && ((yield* readOnce(flags)) & VM_UFFD_WP) === 0;
}

/** Step 7: without a page-table lock, since everybody who could walk here is locked out. */
function* removeTable(w: World, { mm }: Vma, slot: PmdSlot): Steps<void> {
  yield* mmuNotifierInvalidateRangeStart(mm.notifiers, rangeOf(slot));
  const old = yield* w.kernel.pmdpCollapseFlush(w, mm, slot);
  yield* w.kernel.tlbRemoveTableSyncOne(w);
  yield* mmuNotifierInvalidateRangeEnd(mm.notifiers, rangeOf(slot));
  yield* addMmCounter(mm, "nr_ptes", -1);
  const table = w.tableNamedBy(old, slot);
  table.isDoomed = true; // Ghost state.
  yield* w.kernel.pteFree(w, table);
}
