/**
 * How PTE tables come and go: allocation, installation, removal of the pointer, freeing after a grace period.
 *
 * @see mm/memory.c, mm/pgtable-generic.c, arch/x86/mm/pgtable.c, Linux v6.6 (the same in v6.1 and v6.18)
 */

import { callRcu, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, writeOnce, xchg, type Steps } from "@mmrace/scheduler";
import { mkTable, NONE_ENTRY, PMD_SIZE, pmdNone, type Entry } from "@mmrace/x86-paging";
import { addMmCounter, type MmStruct } from "../../state/mm-struct.ts";
import { freeTable, type PageTable } from "../../state/page-table.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import { flushTlbRange } from "../../state/tlb.ts";
import type { World } from "../../state/world.ts";

/** Puts a table into a slot that is still none. The answer says whether the table was used. */
export function* pmdInstall(_w: World, mm: MmStruct, slot: PmdSlot, table: PageTable): Steps<boolean> {
  yield* spinLock(slot.pmdTable.lock);
  const isFree = pmdNone(yield* readOnce(slot));
  if (isFree) {
    yield* addMmCounter(mm, "nr_ptes", 1);
    yield* writeOnce(slot, mkTable(table.pfn)); // After a write barrier: the zeroed table is visible first.
  }
  yield* spinUnlock(slot.pmdTable.lock);
  return isFree;
}

/**
 * Gives a slot that is none a table; does nothing for any other, whatever it holds. Reduced: allocation does not fail.
 */
export function* pteAlloc(w: World, mm: MmStruct, slot: PmdSlot): Steps<void> {
  if (pmdNone(yield* readOnce(slot))) yield* w.kernel.__pteAlloc(w, mm, slot);
}

/** Gives a slot a table, unless somebody else does first. Reduced: allocation does not fail. */
export function* __pteAlloc(w: World, mm: MmStruct, slot: PmdSlot): Steps<void> {
  const table = w.createTable(); // 1. May sleep.
  const isUsed = yield* w.kernel.pmdInstall(w, mm, slot, table); // 2.
  if (!isUsed) yield* w.kernel.pteFree(w, table); // 3. Nobody ever saw it: no grace period.
}

/** Frees a table that nobody can reach, at once. */
export function* pteFree(_w: World, table: PageTable): Steps<void> {
  yield* freeTable(table);
}

/** Frees a table after a grace period: whoever reached it in an RCU section is gone by then. */
export function* pteFreeDefer(w: World, table: PageTable): Steps<void> {
  yield* callRcu(w.rcu, `pte_free ${table.name}`, () => freeTable(table));
  table.isDoomed = true; // Ghost state.
}

/** Takes a table pointer out of a slot, and out of all paging-structure caches. Call it with pml held. */
export function* pmdpCollapseFlush(_w: World, mm: MmStruct, slot: PmdSlot): Steps<Entry> {
  const old = yield* xchg(slot, NONE_ENTRY);
  yield* flushTlbRange(mm, slot.address, slot.address + PMD_SIZE);
  return old;
}
