/**
 * From a PMD slot to a PTE table: the functions by which everybody reaches entries.
 *
 * - v6.6 and later: an RCU section opens, the slot is read once, and mapping may fail;
 * - v6.13 and later: what was one `nolock` is two, and the one for writers gives the PMD value to recheck;
 * - v6.1: the slot is believed, and read as often as it is needed.
 *
 * @see mm/pgtable-generic.c, include/linux/mm.h, Linux v6.1, v6.6, v6.12 and v6.14
 */

import { rcuReadLock, rcuReadUnlock, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import { NONE_ENTRY, pmdBad, pmdLeaf, pmdNone, pmdPresent, pmdSame } from "@mmrace/x86-paging";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "./mapped.ts";

/** Maps the table that a slot names. On success an RCU read section stays open; on failure nothing does. */
export function* __pteOffsetMap(w: World, slot: PmdSlot): Steps<Mapped | null> {
  yield* rcuReadLock(w.rcu); // 1.
  const pmdval = yield* readOnce(slot); // 2. Always reported to the caller in the kernel; here only on success.
  const isTable = !pmdNone(pmdval) && pmdPresent(pmdval) && !pmdLeaf(pmdval); // 3. and 4.
  if (isTable && !pmdBad(pmdval)) {
    const table = w.tableNamedBy(pmdval, slot); // 6.
    return { table, ptl: table.ptl, pmdval };
  }
  if (isTable) yield* writeOnce(slot, NONE_ENTRY); // 5. pmd_clear_bad()
  yield* rcuReadUnlock(w.rcu); // 7.
  return null;
}

/** v6.1: no check, no RCU section; the caller has seen that the slot names a table, and holds what keeps it so. */
export function* __pteOffsetMap_6_1(w: World, slot: PmdSlot): Steps<Mapped | null> {
  const pmdval = yield* readOnce(slot);
  const table = w.tableNamedBy(pmdval, slot);
  return { table, ptl: table.ptl, pmdval };
}

/** Maps the table and takes its lock, and proves that the slot still names it. */
export function* __pteOffsetMapLock(w: World, slot: PmdSlot): Steps<Mapped | null> {
  for (;;) {
    const mapped = yield* w.kernel.__pteOffsetMap(w, slot); // 1.
    if (mapped === null) return null;
    // 2. The lock is that of the table named by pmdval, not by a second read.
    yield* spinLock(mapped.ptl); // 3.
    if (pmdSame(mapped.pmdval, yield* readOnce(slot))) return mapped; // 4.
    yield* spinUnlock(mapped.ptl); // 5. Somebody changed the slot: start again.
    yield* rcuReadUnlock(w.rcu);
  }
}

/** v6.1: lock and entry come from two reads of the slot, and nobody looks at it again. */
export function* __pteOffsetMapLock_6_1(w: World, slot: PmdSlot): Steps<Mapped | null> {
  const { ptl } = w.tableNamedBy(yield* readOnce(slot), slot);
  const pmdval = yield* readOnce(slot);
  const table = w.tableNamedBy(pmdval, slot);
  yield* spinLock(ptl);
  return { table, ptl, pmdval };
}

/** Maps the table and does not think of its lock. */
export function* pteOffsetMap(w: World, slot: PmdSlot): Steps<Mapped | null> {
  return yield* w.kernel.__pteOffsetMap(w, slot);
}

/** v6.5 to v6.12: maps the table without its lock. Whoever takes the lock later must recheck what it relies on. */
export function* pteOffsetMapNolock(w: World, slot: PmdSlot): Steps<Mapped | null> {
  return yield* w.kernel.__pteOffsetMap(w, slot);
}

/** v6.13 and later: for callers that write nothing, even with the lock held. */
export function* pteOffsetMapRoNolock(w: World, slot: PmdSlot): Steps<Mapped | null> {
  return yield* w.kernel.__pteOffsetMap(w, slot);
}

/** v6.13 and later: for callers that may write, which must recheck: pmd_same() with `pmdval`, or pte_same(). */
export function* pteOffsetMapRwNolock(w: World, slot: PmdSlot): Steps<Mapped | null> {
  return yield* w.kernel.__pteOffsetMap(w, slot);
}

/** Ends what a map function began. */
export function* pteUnmap(w: World): Steps<void> {
  yield* rcuReadUnlock(w.rcu);
}

/** v6.1: nothing was begun. */
export function* pteUnmap_6_1(_w: World): Steps<void> {}

/** Unlocks first and leaves the RCU section then, so that the lock's memory is still there for the unlock. */
export function* pteUnmapUnlock(w: World, { ptl }: Mapped): Steps<void> {
  yield* spinUnlock(ptl);
  yield* rcuReadUnlock(w.rcu);
}

/** v6.1. */
export function* pteUnmapUnlock_6_1(_w: World, { ptl }: Mapped): Steps<void> {
  yield* spinUnlock(ptl);
}

/** v6.1: one look at the slot before it is mapped: whether it is none, huge or bad, so that there is no table. */
export function* pmdTransUnstable(_w: World, slot: PmdSlot): Steps<boolean> {
  const pmd = yield* readOnce(slot);
  return pmdNone(pmd) || pmdLeaf(pmd) || !pmdPresent(pmd) || pmdBad(pmd);
}
