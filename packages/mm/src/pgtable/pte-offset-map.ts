/**
 * From a PMD slot to a PTE table: the functions by which everybody reaches entries.
 *
 * @see mm/pgtable-generic.c, include/linux/mm.h, Linux v6.6 (the same in v6.11 and v6.12)
 */

import { rcuReadLock, rcuReadUnlock, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import { NONE_ENTRY, pmdBad, pmdLeaf, pmdNone, pmdPresent, pmdSame } from "@mmrace/x86-paging";
import type { MappedTable } from "../kernel.ts";
import type { PmdSlot } from "../state/mm-struct.ts";
import type { PageTable } from "../state/page-table.ts";
import type { World } from "../state/world.ts";

/** Maps the table that a slot names. On success an RCU read section stays open; on failure nothing does. */
export function* __pteOffsetMap(w: World, slot: PmdSlot): Steps<MappedTable | null> {
  yield* rcuReadLock(w.rcu); // 1.
  const pmdval = yield* readOnce(slot); // 2. Always reported to the caller in the kernel; here only on success.
  const isTable = !pmdNone(pmdval) && pmdPresent(pmdval) && !pmdLeaf(pmdval); // 3. and 4.
  if (isTable && !pmdBad(pmdval)) return { table: w.tableNamedBy(pmdval, slot), pmdval }; // 6.

  if (isTable) yield* writeOnce(slot, NONE_ENTRY); // 5. pmd_clear_bad()
  yield* rcuReadUnlock(w.rcu); // 7.
  return null;
}

/** Maps the table and takes its lock, and proves that the slot still names it. */
export function* __pteOffsetMapLock(w: World, slot: PmdSlot): Steps<PageTable | null> {
  for (;;) {
    const mapped = yield* w.kernel.__pteOffsetMap(w, slot); // 1.
    if (mapped === null) return null;
    const { table, pmdval } = mapped; // 2. The lock is that of the table named by pmdval, not by a second read.
    yield* spinLock(table.ptl); // 3.
    if (pmdSame(pmdval, yield* readOnce(slot))) return table; // 4.
    yield* spinUnlock(table.ptl); // 5. Somebody changed the slot: start again.
    yield* rcuReadUnlock(w.rcu);
  }
}

/** Maps the table without its lock. Whoever takes the lock later must recheck what it relies on. */
export function* pteOffsetMapNolock(w: World, slot: PmdSlot): Steps<PageTable | null> {
  const mapped = yield* w.kernel.__pteOffsetMap(w, slot);
  return mapped === null ? null : mapped.table;
}

/** Ends what a map function began. */
export function* pteUnmap(w: World): Steps<void> {
  yield* rcuReadUnlock(w.rcu);
}

/** Unlocks first and leaves the RCU section then, so that the lock's memory is still there for the unlock. */
export function* pteUnmapUnlock(w: World, table: PageTable): Steps<void> {
  yield* spinUnlock(table.ptl);
  yield* rcuReadUnlock(w.rcu);
}
