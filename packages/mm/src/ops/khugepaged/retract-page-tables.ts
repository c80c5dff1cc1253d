/**
 * Taking the empty PTE tables away from under all mappings of a file whose new huge folio is in the page cache.
 *
 * - v6.14 and later (shape D, commit 6c18ec9af86c): looks at the slot again once its lock is held;
 * - v6.6 to v6.13 (shape C, commit 1d65b771bc08): computes the PTE lock from whatever the slot holds then.
 *
 * Both run without any lock of the mm whose table they remove.
 *
 * @see mm/khugepaged.c, retract_page_tables()
 */

import {
  downRead,
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
  SINGLE_DEPTH_NESTING,
  spinLock,
  spinUnlock,
  upRead,
} from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import { PMD_SIZE } from "@mmrace/x86-paging";
import type { AddressSpace } from "../../state/address-space.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import type { PageTable } from "../../state/page-table.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import { VM_UFFD_WP, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { rangeOf } from "./find-pmd.ts";

/** Whether the VMA maps the first 2 MiB of the file, aligned, so that one slot stands for them. */
export function coversHugePage(vma: Vma): boolean {
  const address = vma.addressOf(0);
  return address !== undefined && address % PMD_SIZE === 0 && address + PMD_SIZE <= vma.end;
}

/** Steps 1 to 13, v6.14. The caller holds the huge folio's lock. */
export function* retractPageTables(w: World, file: AddressSpace): Steps<void> {
  yield* downRead(file.iMmap); // 1.
  for (const vma of yield* readOnce(file.vmas)) {
    if (!(yield* mayRetract(w, vma))) continue;
    const slot = vma.mm.slotOf(vma.addressOf(0)!);
    yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, rangeOf(slot)); // 7.
    yield* spinLock(slot.pmdTable.lock); // 8.
    // Not pmd_same(): it may be another table by now. The folio's lock keeps any table empty that is found here.
    if ((yield* w.kernel.checkPmdState(w, slot)) === "SUCCEED") {
      yield* unlink(w, vma, slot);
    } else {
      w.reached.add("retract_page_tables found no table under the lock");
      yield* spinUnlock(slot.pmdTable.lock);
      yield* mmuNotifierInvalidateRangeEnd(vma.mm.notifiers, rangeOf(slot));
    }
  }
  yield* upRead(file.iMmap); // 13.
}

/** Steps 1 to 13, v6.6 to v6.13. */
export function* retractPageTables_6_12(w: World, file: AddressSpace): Steps<void> {
  yield* downRead(file.iMmap); // 1.
  for (const vma of yield* readOnce(file.vmas)) {
    if (!(yield* mayRetract(w, vma))) continue;
    const slot = vma.mm.slotOf(vma.addressOf(0)!);
    yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, rangeOf(slot)); // 7.
    yield* spinLock(slot.pmdTable.lock); // 8.
    yield* unlink(w, vma, slot); // The lock comes from the slot's value of now, which nobody has checked.
  }
  yield* upRead(file.iMmap); // 13.
}

/** Steps 2 to 6: hints, as no lock keeps these answers. */
function* mayRetract(w: World, vma: Vma): Steps<boolean> {
  if (yield* readOnce(vma.anonVma)) return false; // 2.
  if (!coversHugePage(vma)) return false; // 3.
  if ((yield* w.kernel.findPmdOrThpOrNone(w, vma.mm.slotOf(vma.addressOf(0)!))) !== "SUCCEED") return false; // 4.
  if ((yield* readOnce(vma.mm.users)) === 0) return false; // 5.
  return ((yield* readOnce(vma.flags)) & VM_UFFD_WP) === 0; // 6.
}

/** Steps 8 to 12, with the PMD lock held, which it releases. */
function* unlink(w: World, vma: Vma, slot: PmdSlot): Steps<void> {
  const { mm } = vma;
  const table = w.tableNamedBy(yield* readOnce(slot), slot);
  yield* spinLock(table.ptl, SINGLE_DEPTH_NESTING);
  // 9. A fill of a private mapping sets anon_vma before it takes the PTE lock, and write-protection is registered before
  // markers are installed under it: so these answers hold.
  const isTaken =
    (yield* readOnce(vma.anonVma)) !== null || ((yield* readOnce(vma.flags)) & VM_UFFD_WP) !== 0;
  if (!isTaken) yield* w.kernel.pmdpCollapseFlush(w, mm, slot);
  yield* spinUnlock(table.ptl); // 10.
  yield* spinUnlock(slot.pmdTable.lock);
  yield* mmuNotifierInvalidateRangeEnd(mm.notifiers, rangeOf(slot)); // 11.
  w.reached.add(
    isTaken
      ? "retract_page_tables found the VMA taken under the locks"
      : "retract_page_tables removed a table",
  );
  if (!isTaken) yield* free(w, vma, table);
}

/** Step 12. */
function* free(w: World, { mm }: Vma, table: PageTable): Steps<void> {
  yield* addMmCounter(mm, "nr_ptes", -1);
  yield* w.kernel.pteFreeDefer(w, table);
}
