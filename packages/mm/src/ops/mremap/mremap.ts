/**
 * Moving the page tables of a mapping to another address.
 *
 * `move_normal_pmd` moves a whole table by its PMD entry. Two shapes:
 * - v6.12 (commit 6fa1066fc5d0) looks at the old slot again once its lock is held;
 * - v6.6 to v6.11 trusts what `move_page_tables` saw before any rmap lock was taken. Known bad.
 *
 * @see mm/mremap.c, Linux v6.6 and v6.12
 */

import {
  downWrite,
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
  SINGLE_DEPTH_NESTING,
  spinLock,
  spinUnlock,
  upWrite,
} from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import {
  pfnOf,
  mkTable,
  NONE_ENTRY,
  PMD_SIZE,
  pmdLeaf,
  pmdNone,
  pmdPresent,
  pteNone,
  type Entry,
} from "@mmrace/x86-paging";
import { flushTlbRange } from "../../state/tlb.ts";
import { ptepGet, setPte } from "../../state/page-table.ts";
import type { AnonVma, Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/** The loop over extents, for one extent of 2 MiB. The caller holds mmap_lock for write. */
export function* movePageTables(w: World, from: Vma, to: Vma): Steps<void> {
  const { mm } = from;
  const oldSlot = mm.slotOf(from.start);
  const range = { start: from.start, end: from.start + PMD_SIZE };
  yield* mmuNotifierInvalidateRangeStart(mm.notifiers, range);
  for (;;) {
    const pmd = yield* readOnce(oldSlot); // 3. A plain read, before any rmap lock.
    if (pmdNone(pmd)) break; // 4. Nothing to move. Reduced: no huge PMD is ever moved here.
    if (pmdPresent(pmd) && !pmdLeaf(pmd) && (yield* moveUnderRmapLocks(w, from, to))) break;
    if (pmdNone(yield* readOnce(oldSlot))) break; // 4.
    if (pmdNone(yield* readOnce(mm.slotOf(to.start)))) yield* w.kernel.__pteAlloc(w, mm, mm.slotOf(to.start));
    if (yield* w.kernel.movePtes(w, from, to)) break; // 5. Otherwise again.
  }
  yield* mmuNotifierInvalidateRangeEnd(mm.notifiers, range);
}

/** `move_pgt_entry` for a normal PMD: always under the rmap locks of the old VMA. */
function* moveUnderRmapLocks(w: World, from: Vma, to: Vma): Steps<boolean> {
  const anonVma = yield* w.kernel.takeRmapLocks(w, from);
  const isMoved = yield* w.kernel.moveNormalPmd(w, from, to);
  yield* w.kernel.dropRmapLocks(w, from, anonVma);
  return isMoved;
}

/** Locks out whoever walks the VMA's tables through its file or its anon_vma. Gives what there was of the latter. */
export function* takeRmapLocks(_w: World, vma: Vma): Steps<AnonVma | null> {
  yield* downWrite(vma.file!.iMmap);
  const anonVma = yield* readOnce(vma.anonVma);
  if (anonVma !== null) yield* downWrite(anonVma.rwsem);
  return anonVma;
}

/** Lets them in again. */
export function* dropRmapLocks(_w: World, vma: Vma, anonVma: AnonVma | null): Steps<void> {
  if (anonVma !== null) yield* upWrite(anonVma.rwsem);
  yield* upWrite(vma.file!.iMmap);
}

/** v6.12. Old and new slot lie in one PMD table here, so there is one PMD lock. */
export function* moveNormalPmd(w: World, from: Vma, to: Vma): Steps<boolean> {
  const { mm } = from;
  if (!pmdNone(yield* readOnce(mm.slotOf(to.start)))) return false; // 1.
  yield* spinLock(mm.slotOf(from.start).pmdTable.lock); // 2.
  const pmd = yield* readOnce(mm.slotOf(from.start));
  if (!pmdPresent(pmd) || pmdLeaf(pmd)) {
    yield* spinUnlock(mm.slotOf(from.start).pmdTable.lock); // 3. It went away since move_page_tables looked.
    w.reached.add("move_normal_pmd noticed that the table had gone");
    return false;
  }
  yield* moveTable(w, from, to, pmd); // 4.
  return true;
}

/** v6.6 to v6.11: whatever the old slot holds is taken for a table. */
export function* moveNormalPmd_6_6(w: World, from: Vma, to: Vma): Steps<boolean> {
  const { mm } = from;
  if (!pmdNone(yield* readOnce(mm.slotOf(to.start)))) return false; // 1.
  yield* spinLock(mm.slotOf(from.start).pmdTable.lock); // 2.
  const pmd = yield* readOnce(mm.slotOf(from.start));
  yield* moveTable(w, from, to, pmd); // 4.
  return true;
}

/** Step 4, with the PMD lock held, which it releases: whatever `pmd` names becomes the table of the new slot. */
function* moveTable(w: World, from: Vma, to: Vma, pmd: Entry): Steps<void> {
  const { mm } = from;
  yield* writeOnce(mm.slotOf(from.start), NONE_ENTRY);
  yield* writeOnce(mm.slotOf(to.start), mkTable(pfnOf(pmd)));
  yield* flushTlbRange(mm, from.start, from.start + PMD_SIZE);
  yield* spinUnlock(mm.slotOf(from.start).pmdTable.lock);
  w.reached.add("move_normal_pmd moved a table");
}

/** Entry by entry. False when a table has gone and the caller must start again. */
export function* movePtes(w: World, from: Vma, to: Vma): Steps<boolean> {
  const anonVma = yield* w.kernel.takeRmapLocks(w, from); // 1.
  const isDone = yield* moveEntries(w, from, to);
  yield* w.kernel.dropRmapLocks(w, from, anonVma); // 8.
  return isDone;
}

/** Steps 2 to 8, under both PTE locks. */
function* moveEntries(w: World, from: Vma, to: Vma): Steps<boolean> {
  const { mm } = from;
  const oldTable = yield* w.kernel.__pteOffsetMapLock(w, mm.slotOf(from.start)); // 2.
  if (oldTable === null) return false;
  const newTable = yield* w.kernel.pteOffsetMapNolock(w, mm.slotOf(to.start)); // 3.
  if (newTable === null) {
    yield* w.kernel.pteUnmapUnlock(w, oldTable);
    return false;
  }
  yield* spinLock(newTable.ptl, SINGLE_DEPTH_NESTING); // 4.
  for (let index = 0; index < w.geometry.ptesPerTable; index++) {
    const pte = yield* ptepGet(oldTable.table, index); // 6.
    if (pteNone(pte)) continue;
    yield* setPte(oldTable.table, index, NONE_ENTRY);
    yield* setPte(newTable.table, index, pte);
  }
  yield* flushTlbRange(mm, from.start, from.start + PMD_SIZE); // 7. While both locks are held.
  yield* w.kernel.pteUnmapUnlock(w, newTable); // 8.
  yield* w.kernel.pteUnmapUnlock(w, oldTable);
  return true;
}
