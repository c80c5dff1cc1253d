/**
 * Moving the page tables of a mapping to another address: the loop over extents, each within one PMD slot on both sides.
 *
 * @see mm/mremap.c, move_page_tables(), Linux v6.6 and v6.12 (the same in v6.18, under a control structure)
 */

import { mmuNotifierInvalidateRangeEnd, mmuNotifierInvalidateRangeStart } from "@mmrace/locks";
import { readOnce, type Operation, type Steps } from "@mmrace/scheduler";
import {
  isPmdMigrationEntry,
  PAGE_SIZE,
  PMD_SIZE,
  pmdLeaf,
  pmdNone,
  pmdPresent,
  type Entry,
} from "@mmrace/x86-paging";
import { pmdStart } from "../../state/geometry.ts";
import { ghostStep, together } from "../../state/ghost.ts";
import { VM_SHARED, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/** A piece of the range. */
export interface Extent {
  readonly from: Vma;
  readonly to: Vma;
  readonly oldAddress: number;
  readonly newAddress: number;
  readonly length: number;
  /** Whether entry-by-entry moves must lock out rmap walks, since these may come to the new VMA first. */
  readonly needRmapLocks: boolean;
}

/** Moves all entries of `from` to the same places of `to`. The caller holds mmap_lock for write. */
export function* movePageTables(w: World, from: Vma, to: Vma, needRmapLocks = true): Steps<void> {
  const range = { start: from.start, end: from.end };
  yield* mmuNotifierInvalidateRangeStart(from.mm.notifiers, range);
  let length: number;
  for (let offset = 0; from.start + offset < from.end; offset += length) {
    const oldAddress = from.start + offset;
    const newAddress = to.start + offset;
    length = Math.min(
      pmdStart(oldAddress) + PMD_SIZE - oldAddress,
      pmdStart(newAddress) + PMD_SIZE - newAddress,
      from.end - oldAddress,
    );
    yield* moveExtent(w, { from, to, oldAddress, newAddress, length, needRmapLocks });
  }
  yield* mmuNotifierInvalidateRangeEnd(from.mm.notifiers, range);
}

/** Steps 2 to 5. */
function* moveExtent(w: World, extent: Extent): Steps<void> {
  const { mm } = extent.from;
  const oldSlot = mm.slotOf(extent.oldAddress);
  const isWhole = extent.length === PMD_SIZE;
  for (;;) {
    const pmd = yield* readOnce(oldSlot); // 3. A plain read, before any rmap lock.
    if (pmdNone(pmd)) return; // 4.
    if (isHuge(pmd)) {
      if (isWhole && (yield* moveHuge(w, extent))) return;
      yield* w.kernel.splitHugePmd(w, extent.from, oldSlot);
    } else if (pmdPresent(pmd) && isWhole && !(yield* losesUffd(extent.from))) {
      if (yield* moveUnderRmapLocks(w, extent)) return;
    }
    if (pmdNone(yield* readOnce(oldSlot))) return; // 4.
    yield* w.kernel.pteAlloc(w, mm, mm.slotOf(extent.newAddress));
    if (yield* w.kernel.movePtes(w, extent)) return; // 5. Otherwise again.
  }
}

function isHuge(pmd: Entry): boolean {
  return (pmdPresent(pmd) && pmdLeaf(pmd)) || isPmdMigrationEntry(pmd);
}

/**
 * Whether the range is userfaultfd's, which does not ask to hear of moves: then its bits must not move either, and
 * entries are looked at one by one. vma_has_uffd_without_event_remap().
 */
export function* losesUffd(vma: Vma): Steps<boolean> {
  const ctx = yield* readOnce(vma.uffdCtx);
  return ctx !== null && !ctx.eventRemap;
}

/** `move_pgt_entry` for a normal PMD: always under the rmap locks of the old VMA. */
function* moveUnderRmapLocks(w: World, extent: Extent): Steps<boolean> {
  const anonVma = yield* w.kernel.takeRmapLocks(w, extent.from);
  const isMoved = yield* w.kernel.moveNormalPmd(w, extent);
  yield* w.kernel.dropRmapLocks(w, extent.from, anonVma);
  return isMoved;
}

/** `move_pgt_entry` for a huge PMD: under them only where entries need them too. */
function* moveHuge(w: World, extent: Extent): Steps<boolean> {
  if (!extent.needRmapLocks) return yield* w.kernel.moveHugePmd(w, extent);
  const anonVma = yield* w.kernel.takeRmapLocks(w, extent.from);
  const isMoved = yield* w.kernel.moveHugePmd(w, extent);
  yield* w.kernel.dropRmapLocks(w, extent.from, anonVma);
  return isMoved;
}

/**
 * Ghost state: what user code may count on has moved. The step after the one from which on nobody can use the old
 * address, the flush: up to then a store through it counts. A step of its own, as an ablation may remove the flush.
 */
export function hasMoved(w: World, extent: Extent, keepsUffd: boolean): Operation<void> {
  const { from, to, oldAddress, newAddress, length } = extent;
  const isShared = from.file !== null && (from.flags.value & VM_SHARED) !== 0;
  const modelled = Math.min(length, w.geometry.ptesPerTable * PAGE_SIZE);
  const held = w.reference.changed(() => {
    if (!isShared) w.reference.move(from, oldAddress, to, newAddress, modelled);
  });
  const owed = w.uffd.changed(() => {
    for (let offset = 0; offset < modelled; offset += PAGE_SIZE)
      w.uffd.move(from.mm, oldAddress + offset, newAddress + offset, keepsUffd);
  });
  return ghostStep("has_moved", w.reference, together(held, owed));
}
