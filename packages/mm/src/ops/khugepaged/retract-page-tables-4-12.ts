/**
 * Taking empty PTE tables away under the mmap_lock of each mm, as it was before 18e77600f7a1 (v5.9): nobody looks whether
 * the mm is being torn down, and exit_mmap() took no mmap_lock then. Known bad.
 *
 * @see mm/khugepaged.c, retract_page_tables(), Linux v4.12
 */

import { downWrite, spinLock, spinUnlock, upWrite } from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import type { AddressSpace } from "../../state/address-space.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import type { World } from "../../state/world.ts";

/** Shape A without the exit test. */
export function* retractPageTables_4_12(w: World, file: AddressSpace): Steps<void> {
  yield* downWrite(file.iMmap);
  for (const vma of yield* readOnce(file.vmas)) {
    const { mm } = vma;
    const slot = mm.slotOf(vma.start);
    if ((yield* readOnce(vma.anonVma)) !== null) continue;
    if ((yield* w.kernel.findPmdOrThpOrNone(w, slot)) !== "SUCCEED") continue;
    if (!(yield* w.kernel.mmapWriteTrylock(w, mm))) continue;
    yield* spinLock(slot.pmdTable.lock);
    const old = yield* w.kernel.pmdpCollapseFlush(w, mm, slot);
    yield* spinUnlock(slot.pmdTable.lock);
    yield* w.kernel.mmapWriteUnlock(w, mm);
    yield* addMmCounter(mm, "nr_ptes", -1);
    const table = w.tableNamedBy(old, slot);
    table.isDoomed = true; // Ghost state.
    yield* w.kernel.pteFree(w, table);
    w.reached.add("retract_page_tables removed a table");
  }
  yield* upWrite(file.iMmap);
}
