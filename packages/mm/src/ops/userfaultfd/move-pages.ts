/**
 * UFFDIO_MOVE: pages go from one address to another within an mm, without a copy.
 *
 * v6.8 and later; the model has it from v6.11 on, where it runs under VMA locks. Two differences between releases lie
 * here: up to v6.16 what a huge slot holds was taken for a mapped page without asking whether it is present
 * (aba6faec0103), and earlier releases do not know the call.
 *
 * Reduced: holes in the source are an error, as without UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES; no signals; where the kernel
 * reschedules and tries again, the thread waits until somebody else has written something.
 *
 * @see mm/userfaultfd.c, move_pages(), Linux v6.12, v6.14 and v6.18
 */

import { downRead, spinLock, spinUnlock, upRead } from "@mmrace/locks";
import { cpuRelax, readOnce, type Steps } from "@mmrace/scheduler";
import { isPmdMigrationEntry, PAGE_SIZE, PMD_SIZE, pmdLeaf, pmdNone, pmdPresent } from "@mmrace/x86-paging";
import type { Entry } from "@mmrace/x86-paging";
import { pmdStart } from "../../state/geometry.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import { VM_SHARED, VM_WRITE, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { pmdFolio } from "./huge-pmd.ts";
import type { Result } from "./mfill-atomic.ts";
import type { MovePair } from "./mfill-lock.ts";

/** One page, or one huge page, of a move. */
export interface MoveStep extends MovePair {
  readonly dstAddress: number;
  readonly srcAddress: number;
}

/** Moves `length` bytes. What was moved before an error stays moved; the error is the answer all the same. */
export function* movePages(
  w: World,
  mm: MmStruct,
  dstStart: number,
  srcStart: number,
  length: number = PAGE_SIZE,
): Steps<Result> {
  const pair = yield* w.kernel.uffdMoveLock(w, mm, dstStart, srcStart);
  if (pair === null) return "ENOENT";
  const ctx = mm.userfaultfd;
  yield* downRead(ctx.mapChangingLock);
  let result: Result;
  if ((yield* readOnce(ctx.mmapChanging)) !== 0) result = "EAGAIN";
  else if (dstStart + length > pair.dst.end || srcStart + length > pair.src.end) result = "EINVAL";
  else if (!(yield* areasFit(pair))) result = "EINVAL";
  else
    result = yield* w.kernel.movePagesLocked(
      w,
      { ...pair, dstAddress: dstStart, srcAddress: srcStart },
      length,
    );
  yield* upRead(ctx.mapChangingLock);
  yield* w.kernel.uffdMoveUnlock(w, pair);
  if (result === 0) yield* w.kernel.wakeUserfault(w, ctx);
  return result;
}

/** Up to v6.7: no such call. */
export function* movePages_6_6(_w: World, _mm: MmStruct, _dst: number, _src: number): Steps<Result> {
  return "EINVAL";
}

/** validate_move_areas(): private anonymous memory on both sides, writable, the destination registered. */
function* areasFit({ dst, src }: MovePair): Steps<boolean> {
  const isFit = ({ file }: Vma, flags: number): boolean =>
    file === null && (flags & (VM_SHARED | VM_WRITE)) === VM_WRITE;
  if (!isFit(dst, yield* readOnce(dst.flags))) return false;
  if (!isFit(src, yield* readOnce(src.flags))) return false;
  return (yield* readOnce(dst.uffdCtx)) === dst.mm.userfaultfd;
}

/** The loop of move_pages(), with both VMAs locked. */
export function* movePagesLocked(w: World, first: MoveStep, length: number = PAGE_SIZE): Steps<Result> {
  for (let offset = 0; offset < length;) {
    const dstAddress = first.dstAddress + offset;
    const srcAddress = first.srcAddress + offset;
    const moved = yield* moveNext(w, { ...first, dstAddress, srcAddress }, length - offset);
    if (typeof moved === "number") offset += moved;
    else if (moved === "EAGAIN") yield* cpuRelax();
    else return moved;
  }
  return 0;
}

/** Up to v6.7. */
export function* movePagesLocked_6_6(_w: World, _first: MoveStep): Steps<Result> {
  return "EINVAL";
}

/** One round of the loop: how much was moved, or why nothing was. */
function* moveNext(w: World, step: MoveStep, left: number): Steps<number | Exclude<Result, 0>> {
  const { mm } = step.dst;
  const dstSlot = mm.slotOf(step.dstAddress);
  const srcSlot = mm.slotOf(step.srcAddress);
  const dstPmd = yield* readOnce(dstSlot);
  if (pmdPresent(dstPmd) && pmdLeaf(dstPmd)) return "EEXIST";
  const srcPmd = yield* pmdTransHugeLock(srcSlot);
  if (srcPmd !== null) {
    const isWhole =
      step.dstAddress === pmdStart(step.dstAddress) &&
      step.srcAddress === pmdStart(step.srcAddress) &&
      left >= PMD_SIZE;
    if (isWhole && pmdNone(dstPmd)) {
      const result = yield* w.kernel.movePagesHugePmd(w, step, dstPmd, srcPmd);
      return result === 0 ? PMD_SIZE : result;
    }
    const mayBeSplit = yield* w.kernel.mayMoveSplit(w, srcPmd);
    yield* spinUnlock(srcSlot.pmdTable.lock);
    if (!mayBeSplit) return "EBUSY";
    yield* w.kernel.splitHugePmd(w, step.src, srcSlot); // move_pages_pte() splits the folio.
    return 0;
  }
  if (pmdNone(yield* readOnce(srcSlot))) return "ENOENT";
  yield* w.kernel.pteAlloc(w, mm, dstSlot);
  const result = yield* w.kernel.movePagesPte(w, step);
  return result === 0 ? PAGE_SIZE : result;
}

/** A huge page or one in migration: what the slot holds, with pml held. Else `null`, and no lock. */
function* pmdTransHugeLock(slot: PmdSlot): Steps<Entry | null> {
  const isHuge = (pmd: Entry): boolean => (pmdPresent(pmd) && pmdLeaf(pmd)) || isPmdMigrationEntry(pmd);
  if (!isHuge(yield* readOnce(slot))) return null;
  yield* spinLock(slot.pmdTable.lock);
  const pmd = yield* readOnce(slot);
  if (isHuge(pmd)) return pmd;
  yield* spinUnlock(slot.pmdTable.lock);
  return null;
}

/** v6.17 and later: only of a mapped page is asked whether it is this mm's alone. One in migration is split as such. */
export function* mayMoveSplit(w: World, pmd: Entry): Steps<boolean> {
  return pmdPresent(pmd) ? yield* isExclusive(w, pmd) : true;
}

/** Up to v6.16: asked of whatever the slot holds. */
export function* mayMoveSplit_6_14(w: World, pmd: Entry): Steps<boolean> {
  return yield* isExclusive(w, pmd);
}

function* isExclusive(w: World, pmd: Entry): Steps<boolean> {
  const folio = pmdFolio(w, pmd);
  return folio !== null && (yield* readOnce(folio.anonExclusive));
}
