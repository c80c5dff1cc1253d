/**
 * What userfaultfd does where it meets a huge page: changes it whole, or has it split.
 *
 * @see mm/huge_memory.c, change_huge_pmd(), Linux v6.12
 */

import { spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, violate, writeOnce, xchg, type Steps } from "@mmrace/scheduler";
import {
  isPmdMigrationEntry,
  PAGE_SIZE,
  pfnOf,
  PMD_SIZE,
  pmdClearUffdWp,
  pmdLeaf,
  pmdMkinvalid,
  pmdMkuffdWp,
  pmdPresent,
  type Entry,
} from "@mmrace/x86-paging";
import type { Folio } from "../../state/folio.ts";
import { along } from "../../state/ghost.ts";
import type { MmuGather } from "../../state/mmu-gather.ts";
import { TABLE_SHAPE, type World } from "../../state/world.ts";
import type { WpChange } from "./write-protect.ts";

/** change_huge_pmd(), under pml. False: the slot has changed, or was split, and the caller looks again. */
export function* changeHugePmd(w: World, tlb: MmuGather, change: WpChange): Steps<boolean> {
  const { vma, start, end, isEnabled } = change;
  const slot = vma.mm.slotOf(start);
  if (end - start !== PMD_SIZE || (isEnabled && vma.file !== null)) {
    yield* w.kernel.splitHugePmd(w, vma, slot);
    return false;
  }
  yield* spinLock(slot.pmdTable.lock);
  const pmd = yield* readOnce(slot);
  const isHuge = pmdPresent(pmd) && pmdLeaf(pmd);
  if (isHuge) {
    // The slot stays "present" for who looks without the lock: pmdp_invalidate_ad().
    const old = yield* xchg(slot, pmdMkinvalid(pmd));
    const changed = isEnabled ? pmdMkuffdWp(old) : pmdClearUffdWp(old);
    const length = w.geometry.ptesPerTable * PAGE_SIZE;
    const owed = w.uffd.wpChanged(vma.mm, slot.address, slot.address + length, isEnabled);
    yield* along(writeOnce(slot, changed), owed);
    tlb.adjustRange(slot.address, PMD_SIZE);
  }
  yield* spinUnlock(slot.pmdTable.lock);
  return isHuge || isPmdMigrationEntry(pmd);
}

/** The folio that a huge PMD maps. Reports a PMD that does not map one, whose bits say something else. */
export function pmdFolio(w: World, pmd: Entry): Folio | null {
  if (!pmdPresent(pmd) || !pmdLeaf(pmd))
    violate(TABLE_SHAPE, "a folio is taken from a PMD that is not present");
  return w.folioOf(pfnOf(pmd)) ?? null;
}
