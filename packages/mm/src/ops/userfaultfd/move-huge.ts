/**
 * UFFDIO_MOVE of a huge page by its PMD, under the locks of both PMD tables.
 *
 * @see mm/huge_memory.c, move_pages_huge_pmd(), Linux v6.12 (the same in v6.18)
 */

import {
  downWrite,
  folioLock,
  folioUnlock,
  folioWaitLocked,
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
  spinUnlock,
  upWrite,
} from "@mmrace/locks";
import { readOnce, writeOnce, xchg, type Steps } from "@mmrace/scheduler";
import {
  isPmdMigrationEntry,
  mkHugePmd,
  NONE_ENTRY,
  PAGE_SIZE,
  PMD_SIZE,
  pmdMksoftDirty,
  pmdPresent,
  pmdSame,
  pmdToSwpEntry,
  swpOffsetPfn,
  type Entry,
} from "@mmrace/x86-paging";
import { folioGet, folioPut, type Folio } from "../../state/folio.ts";
import { along, together, type GhostChange } from "../../state/ghost.ts";
import { ANON_WRITABLE } from "../../state/protections.ts";
import { flushTlbRange } from "../../state/tlb.ts";
import { AnonVma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { withdrawTable } from "../faults/split-huge-pmd.ts";
import { pmdFolio } from "./huge-pmd.ts";
import type { Result } from "./mfill-atomic.ts";
import { doubleLock, doubleUnlock } from "./move-entries.ts";
import type { MoveStep } from "./move-pages.ts";

/** Moves what the source slot was seen to hold. The caller holds its lock, which is released at once. */
export function* movePagesHugePmd(w: World, step: MoveStep, dstPmd: Entry, srcPmd: Entry): Steps<Result> {
  const { mm } = step.src;
  const srcSlot = mm.slotOf(step.srcAddress);
  if (!pmdPresent(srcPmd)) {
    yield* spinUnlock(srcSlot.pmdTable.lock);
    if (!isPmdMigrationEntry(srcPmd)) return "ENOENT";
    const migrating = w.folioOf(swpOffsetPfn(pmdToSwpEntry(srcPmd)));
    if (migrating !== undefined) yield* folioWaitLocked(migrating.lock); // pmd_migration_entry_wait()
    return "EAGAIN";
  }
  const folio = pmdFolio(w, srcPmd)!;
  if (!(yield* readOnce(folio.anonExclusive))) {
    yield* spinUnlock(srcSlot.pmdTable.lock);
    return "EBUSY";
  }
  yield* folioGet(folio);
  yield* spinUnlock(srcSlot.pmdTable.lock);

  const range = { start: srcSlot.address, end: srcSlot.address + PMD_SIZE };
  yield* mmuNotifierInvalidateRangeStart(mm.notifiers, range);
  yield* folioLock(folio.lock);
  let result: Result = "EAGAIN";
  const anonVma = yield* readOnce(folio.mapping);
  if (anonVma instanceof AnonVma) {
    yield* downWrite(anonVma.rwsem);
    result = yield* moveUnderLocks(w, step, dstPmd, srcPmd, folio);
    yield* upWrite(anonVma.rwsem);
  }
  yield* folioUnlock(folio.lock);
  yield* mmuNotifierInvalidateRangeEnd(mm.notifiers, range);
  yield* folioPut(folio);
  return result;
}

function* moveUnderLocks(
  w: World,
  step: MoveStep,
  dstPmd: Entry,
  srcPmd: Entry,
  folio: Folio,
): Steps<Result> {
  const { mm } = step.src;
  const srcSlot = mm.slotOf(step.srcAddress);
  const dstSlot = mm.slotOf(step.dstAddress);
  yield* doubleLock(srcSlot.pmdTable.lock, dstSlot.pmdTable.lock);
  let result: Result = 0;
  if (!pmdSame(srcPmd, yield* readOnce(srcSlot)) || !pmdSame(dstPmd, yield* readOnce(dstSlot)))
    result = "EAGAIN";
  else if ((yield* readOnce(folio.pins)) > 0 || !(yield* readOnce(folio.anonExclusive))) result = "EBUSY";
  else {
    yield* xchg(srcSlot, NONE_ENTRY); // pmdp_huge_clear_flush()
    yield* flushTlbRange(mm, srcSlot.address, srcSlot.address + PMD_SIZE, false);
    yield* writeOnce(folio.mapping, yield* readOnce(step.dst.anonVma));
    yield* writeOnce(folio.index, step.dst.indexOf(step.dstAddress));
    yield* along(writeOnce(dstSlot, pmdMksoftDirty(mkHugePmd(folio.pfn, ANON_WRITABLE))), moved(w, step));
    w.reached.add("UFFDIO_MOVE moved a huge page");
    const table = yield* withdrawTable(srcSlot);
    const { deposits } = dstSlot.pmdTable;
    yield* writeOnce(deposits, [...(yield* readOnce(deposits)), table]);
  }
  yield* doubleUnlock(srcSlot.pmdTable.lock, dstSlot.pmdTable.lock);
  return result;
}

/** Ghost state, in the step that writes the destination. */
function moved(w: World, { dst, src, dstAddress, srcAddress }: MoveStep): GhostChange {
  const length = w.geometry.ptesPerTable * PAGE_SIZE;
  const held = w.reference.changed(() => {
    w.reference.move(src, srcAddress, dst, dstAddress, length);
    for (let offset = 0; offset < length; offset += PAGE_SIZE) w.reference.fill(src, srcAddress + offset, 0);
  });
  const owed = w.uffd.changed(() => {
    for (let offset = 0; offset < length; offset += PAGE_SIZE)
      w.uffd.move(dst.mm, srcAddress + offset, dstAddress + offset, false);
  });
  return together(held, owed);
}
