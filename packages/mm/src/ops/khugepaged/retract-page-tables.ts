/**
 * Taking the empty PTE tables away from under all mappings of a file whose new huge folio is in the page cache.
 *
 * @see mm/khugepaged.c, Linux v6.6 (shape C of the protocol notes: v6.6 to v6.13; commit 1d65b771bc08)
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
import { PMD_SIZE, pmdLeaf, pmdBad, pmdNone, pmdPresent } from "@mmrace/x86-paging";
import type { AddressSpace } from "../../state/address-space.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import { VM_UFFD_WP, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/** What classifying a PMD slot says (mm/khugepaged.c, `enum scan_result`, reduced). */
export type PmdState = "SUCCEED" | "PMD_NONE" | "PMD_MAPPED" | "PMD_NULL";

/** Looks at a slot without any lock and says what it holds. */
export function* findPmdOrThpOrNone(_w: World, slot: PmdSlot): Steps<PmdState> {
  const pmd = yield* readOnce(slot);
  if (pmdNone(pmd)) return "PMD_NONE";
  if (!pmdPresent(pmd)) return "PMD_NULL";
  if (pmdLeaf(pmd)) return "PMD_MAPPED";
  return pmdBad(pmd) ? "PMD_NULL" : "SUCCEED";
}

/** Steps 1 to 13. The caller holds the huge folio's lock; no mmap or VMA lock of the victims is taken. */
export function* retractPageTables(w: World, file: AddressSpace): Steps<void> {
  yield* downRead(file.iMmap); // 1.
  for (const vma of yield* readOnce(file.vmas)) yield* retractOne(w, vma);
  yield* upRead(file.iMmap); // 13.
}

/** Steps 2 to 12 for one VMA. Reduced: step 3 (alignment) and step 5 (exiting mm) always pass in this world. */
function* retractOne(w: World, vma: Vma): Steps<void> {
  const { mm } = vma;
  const slot = mm.slotOf(vma.start);
  const range = { start: vma.start, end: vma.start + PMD_SIZE };
  if (yield* readOnce(vma.anonVma)) return; // 2. A hint: no lock keeps it so.
  if ((yield* w.kernel.findPmdOrThpOrNone(w, slot)) !== "SUCCEED") return; // 4.
  if ((yield* readOnce(vma.flags)) & VM_UFFD_WP) return; // 6.

  yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, range); // 7.
  yield* spinLock(slot.pmdTable.lock); // 8. The lock comes from the slot's value of now, which nobody has checked.
  const table = w.tableNamedBy(yield* readOnce(slot), slot);
  yield* spinLock(table.ptl, SINGLE_DEPTH_NESTING);

  // 9. A fill of a private mapping sets anon_vma before it takes the PTE lock, so these answers hold.
  const isTaken =
    (yield* readOnce(vma.anonVma)) !== null || ((yield* readOnce(vma.flags)) & VM_UFFD_WP) !== 0;
  if (!isTaken) yield* w.kernel.pmdpCollapseFlush(w, mm, slot);
  yield* spinUnlock(table.ptl); // 10.
  yield* spinUnlock(slot.pmdTable.lock);
  yield* mmuNotifierInvalidateRangeEnd(vma.mm.notifiers, range); // 11.
  w.reached.add(
    isTaken ? "retract_page_tables found an anon_vma under the locks" : "retract_page_tables removed a table",
  );
  if (isTaken) return;

  yield* addMmCounter(mm, "nr_ptes", -1); // 12.
  yield* w.kernel.pteFreeDefer(w, table);
}
