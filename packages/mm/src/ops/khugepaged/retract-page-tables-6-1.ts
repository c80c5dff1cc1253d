/**
 * Taking empty PTE tables away under the mmap_lock of each mm, which is only tried for, as i_mmap_rwsem is held.
 *
 * - v6.1 to v6.5 (shape B; commits 8d3c106e19e8, 2ba99c5e0881, f268f6cf875f, 023f47a8250c): all locks under which a walk
 *   may start are held exclusively, so no lock of a page table is needed;
 * - v6.0 (shape A): anon_vma is not looked at again, secondary MMUs are not told, no interrupt is waited for. Known bad.
 *
 * Reduced: an mm whose lock cannot be had is passed over; the kernel remembers the address for a later collapse.
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
import { addMmCounter } from "../../state/mm-struct.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import { VM_UFFD_WP, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { rangeOf } from "./find-pmd.ts";
import { coversHugePage } from "./retract-page-tables.ts";

/** Steps 1 to 9, v6.1. Reduced: as khugepaged does it; the target of MADV_COLLAPSE is collapsed afterwards. */
export function* retractPageTables_6_1(w: World, file: AddressSpace): Steps<void> {
  yield* downWrite(file.iMmap); // 1.
  for (const vma of yield* readOnce(file.vmas)) {
    const slot = yield* slotToRetract(w, vma);
    if (slot === null) continue;
    if (!(yield* w.kernel.mmapWriteTrylock(w, vma.mm))) {
      w.reached.add("retract_page_tables did not get mmap_lock"); // 5.
      continue;
    }
    // 6. The first anonymous page needs mmap_lock for reading at least, so this answer holds.
    const isTaken = (yield* readOnce(vma.anonVma)) !== null || !(yield* isStillWanted(vma));
    if (!isTaken) yield* removeTable(w, vma, slot);
    w.reached.add(
      isTaken
        ? "retract_page_tables found the VMA taken under the locks"
        : "retract_page_tables removed a table",
    );
    yield* w.kernel.mmapWriteUnlock(w, vma.mm); // 9.
  }
  yield* upWrite(file.iMmap);
}

/** v6.0. */
export function* retractPageTables_6_0(w: World, file: AddressSpace): Steps<void> {
  yield* downWrite(file.iMmap);
  for (const vma of yield* readOnce(file.vmas)) {
    const { mm } = vma;
    const slot = yield* slotToRetract(w, vma);
    if (slot === null || !(yield* w.kernel.mmapWriteTrylock(w, mm))) continue;
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

/** Steps 2 to 4: the slot, if the VMA looks as if its table could go. */
function* slotToRetract(w: World, vma: Vma): Steps<PmdSlot | null> {
  if (yield* readOnce(vma.anonVma)) return null; // 2.
  if (!coversHugePage(vma)) return null; // 3.
  const slot = vma.mm.slotOf(vma.addressOf(0)!);
  return (yield* w.kernel.findPmdOrThpOrNone(w, slot)) === "SUCCEED" ? slot : null; // 4.
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
