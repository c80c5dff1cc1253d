/**
 * Moving what a PMD slot holds, whole: a table with all its entries, or a huge page.
 *
 * `move_normal_pmd` has two shapes:
 * - v6.12 (commit 6fa1066fc5d0) looks at the old slot again once its lock is held;
 * - v6.6 to v6.11 trusts what `move_page_tables` saw before any rmap lock was taken. Known bad.
 *
 * @see mm/mremap.c, move_normal_pmd(); mm/huge_memory.c, move_huge_pmd(), Linux v6.6 and v6.12
 */

import { SINGLE_DEPTH_NESTING, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, writeOnce, xchg, type Steps } from "@mmrace/scheduler";
import {
  isPmdMigrationEntry,
  mkTable,
  NONE_ENTRY,
  pfnOf,
  PMD_SIZE,
  pmdLeaf,
  pmdMksoftDirty,
  pmdNone,
  pmdPresent,
  pmdSwpMksoftDirty,
  type Entry,
} from "@mmrace/x86-paging";
import type { PmdSlot } from "../../state/pmd-table.ts";
import { flushTlbRange } from "../../state/tlb.ts";
import type { World } from "../../state/world.ts";
import { withdrawTable } from "../faults/split-huge-pmd.ts";
import { hasMoved, type Extent } from "./mremap.ts";

interface Slots {
  readonly oldSlot: PmdSlot;
  readonly newSlot: PmdSlot;
}

function slotsOf({ from, to, oldAddress, newAddress }: Extent): Slots {
  return { oldSlot: from.mm.slotOf(oldAddress), newSlot: to.mm.slotOf(newAddress) };
}

/** The old slot's lock, then the new one's: nobody takes them the other way round, as mmap_lock is held for write. */
function* lockSlots({ oldSlot, newSlot }: Slots): Steps<void> {
  yield* spinLock(oldSlot.pmdTable.lock);
  if (newSlot.pmdTable !== oldSlot.pmdTable) yield* spinLock(newSlot.pmdTable.lock, SINGLE_DEPTH_NESTING);
}

function* unlockSlots({ oldSlot, newSlot }: Slots): Steps<void> {
  if (newSlot.pmdTable !== oldSlot.pmdTable) yield* spinUnlock(newSlot.pmdTable.lock);
  yield* spinUnlock(oldSlot.pmdTable.lock);
}

/** v6.12 and later. False: nothing was moved. */
export function* moveNormalPmd(w: World, extent: Extent): Steps<boolean> {
  const slots = slotsOf(extent);
  if (!pmdNone(yield* readOnce(slots.newSlot))) return false; // 1.
  yield* lockSlots(slots); // 2.
  const pmd = yield* readOnce(slots.oldSlot);
  if (!pmdPresent(pmd) || pmdLeaf(pmd)) {
    yield* unlockSlots(slots); // 3. It went away since move_page_tables looked.
    w.reached.add("move_normal_pmd noticed that the table had gone");
    return false;
  }
  yield* moveTable(w, extent, slots, pmd); // 4.
  return true;
}

/** v6.6 to v6.11: whatever the old slot holds is taken for a table. */
export function* moveNormalPmd_6_6(w: World, extent: Extent): Steps<boolean> {
  const slots = slotsOf(extent);
  if (!pmdNone(yield* readOnce(slots.newSlot))) return false; // 1.
  yield* lockSlots(slots); // 2.
  const pmd = yield* readOnce(slots.oldSlot);
  yield* moveTable(w, extent, slots, pmd); // 4.
  return true;
}

/** Step 4, with the locks held, which it releases: whatever `pmd` names becomes the table of the new slot. */
function* moveTable(w: World, extent: Extent, slots: Slots, pmd: Entry): Steps<void> {
  const { oldSlot, newSlot } = slots;
  yield* writeOnce(oldSlot, NONE_ENTRY);
  yield* writeOnce(newSlot, mkTable(pfnOf(pmd)));
  yield* flushTlbRange(extent.from.mm, oldSlot.address, oldSlot.address + PMD_SIZE);
  yield* hasMoved(w, extent, true);
  yield* unlockSlots(slots);
  w.reached.add("move_normal_pmd moved a table");
}

/** A huge page, mapped or in migration. False: nothing was moved, and the caller has it split. */
export function* moveHugePmd(w: World, extent: Extent): Steps<boolean> {
  const slots = slotsOf(extent);
  const { oldSlot, newSlot } = slots;
  if (!pmdNone(yield* readOnce(newSlot))) return false; // Perhaps a table, which a collapse is about to take.
  yield* spinLock(oldSlot.pmdTable.lock);
  const pmd = yield* readOnce(oldSlot);
  const isPresent = pmdPresent(pmd) && pmdLeaf(pmd);
  if (!isPresent && !isPmdMigrationEntry(pmd)) {
    yield* spinUnlock(oldSlot.pmdTable.lock);
    return false;
  }
  const isOneTable = newSlot.pmdTable === oldSlot.pmdTable;
  if (!isOneTable) yield* spinLock(newSlot.pmdTable.lock, SINGLE_DEPTH_NESTING);
  const old = yield* xchg(oldSlot, NONE_ENTRY);
  if (!isOneTable && extent.from.file === null) {
    const { deposits } = newSlot.pmdTable;
    const table = yield* withdrawTable(oldSlot);
    yield* writeOnce(deposits, [...(yield* readOnce(deposits)), table]);
  }
  yield* writeOnce(newSlot, isPresent ? pmdMksoftDirty(old) : pmdSwpMksoftDirty(old));
  if (isPresent) yield* flushTlbRange(extent.from.mm, oldSlot.address, oldSlot.address + PMD_SIZE);
  yield* hasMoved(w, extent, true);
  yield* unlockSlots(slots);
  w.reached.add("move_huge_pmd moved a huge page");
  return true;
}
