/**
 * mremap() of a whole mapping to a new address, without a change of size.
 *
 * What is mapped in the new range goes first, as with MREMAP_FIXED.
 *
 * Reduced: the VMA is not split or merged; of userfaultfd's events only that of the move
 * keeps fills away; nobody reads it.
 *
 * @see mm/mremap.c, move_vma(); mm/vma.c, copy_vma(), vma_link(); fs/userfaultfd.c, mremap_userfaultfd_prep(),
 * Linux v6.12 (the same in v6.1, without VMA locks, and in v6.18)
 */

import { downWrite, upWrite } from "@mmrace/locks";
import { atomicAdd, readOnce, UsageError, writeOnce, type Steps } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { along } from "../../state/ghost.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { UserfaultfdCtx } from "../../state/userfaultfd-ctx.ts";
import { Vma, VM_UFFD_MODES, type AnonVma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/** Moves the mapping. @returns the new VMA; the old one is gone. */
export function* doMremap(w: World, vma: Vma, newAddress: number): Steps<Vma> {
  yield* w.kernel.mmapWriteLock(w, vma.mm);
  return yield* moveAndUnlock(w, vma, newAddress);
}

/**
 * The system call with MREMAP_FIXED: looks the mapping up under the lock. Answers the new address.
 *
 * @throws {UsageError} when the range is a part of a mapping, which would have to be split.
 */
export function* mremapTo(
  w: World,
  mm: MmStruct,
  address: number,
  length: number,
  newAddress: number,
): Steps<number | "EFAULT"> {
  yield* w.kernel.mmapWriteLock(w, mm);
  const vma = yield* w.kernel.findVma(w, mm, address); // vma_to_resize()
  if (vma === null || address + length > vma.end) {
    yield* w.kernel.mmapWriteUnlock(w, mm);
    return "EFAULT";
  }
  if (vma.start !== address || vma.end !== address + length)
    throw new UsageError("mremap() takes a whole mapping: splitting one is not modelled.");
  return (yield* moveAndUnlock(w, vma, newAddress)).start;
}

function* moveAndUnlock(w: World, vma: Vma, newAddress: number): Steps<Vma> {
  const { mm } = vma;
  yield* w.kernel.doVmiMunmap(w, mm, newAddress, newAddress + (vma.end - vma.start), false); // MREMAP_FIXED
  yield* w.kernel.vmaStartWrite(w, vma);
  const to = yield* w.kernel.copyVma(w, vma, newAddress);
  const ctx = yield* prepareUffd(w, vma, to);
  yield* w.kernel.movePageTables(w, vma, to, false); // copy_vma() has put the new VMA behind the old one.
  yield* w.kernel.doVmiMunmap(w, mm, vma.start, vma.end, false);
  yield* w.kernel.mmapWriteUnlock(w, mm);
  if (ctx !== null) yield* atomicAdd(ctx.mmapChanging, -1); // mremap_userfaultfd_complete(): the event has been read.
  return to;
}

/** copy_vma(): a VMA like the old one, where rmap walks find it from now on, after the old one. */
export function* copyVma(w: World, vma: Vma, newAddress: number): Steps<Vma> {
  const { mm, file } = vma;
  const anonVma = yield* readOnce(vma.anonVma);
  // Pages of anonymous memory are found by what their address was when they came.
  const pgoff = file === null && anonVma === null ? newAddress / PAGE_SIZE : vma.pgoff;
  const place = { start: newAddress, end: newAddress + (vma.end - vma.start), file, pgoff };
  const to = new Vma(mm, place, yield* readOnce(vma.flags));
  to.movedFrom = vma;
  yield* writeOnce(to.uffdCtx, yield* readOnce(vma.uffdCtx));
  if (anonVma !== null) yield* cloneAnonVma(to, anonVma);
  yield* w.kernel.vmaStartWrite(w, to); // vma_link()
  const vmas = [...(yield* readOnce(mm.vmas)), to].toSorted((a, b) => a.start - b.start);
  // Ghost state: guard markers move with their mapping, and nobody watches them there.
  const forgotten = w.guards.changed(() => w.guards.forget(mm, vma.start, vma.end));
  yield* along(writeOnce(mm.vmas, vmas), forgotten);
  if (file !== null) {
    yield* downWrite(file.iMmap);
    yield* writeOnce(file.vmas, [...(yield* readOnce(file.vmas)), to]);
    yield* upWrite(file.iMmap);
  }
  return to;
}

function* cloneAnonVma(to: Vma, anonVma: AnonVma): Steps<void> {
  yield* downWrite(anonVma.rwsem);
  yield* writeOnce(to.anonVma, anonVma);
  yield* writeOnce(anonVma.vmas, [...(yield* readOnce(anonVma.vmas)), to]);
  yield* upWrite(anonVma.rwsem);
}

/** mremap_userfaultfd_prep(): who asked to hear of moves keeps the new range; else it is registered no more. */
function* prepareUffd(w: World, vma: Vma, to: Vma): Steps<UserfaultfdCtx | null> {
  const ctx = yield* readOnce(vma.uffdCtx);
  if (ctx === null) return null;
  if (!ctx.eventRemap) {
    yield* w.kernel.vmaStartWrite(w, to);
    yield* writeOnce(to.uffdCtx, null);
    yield* writeOnce(to.flags, (yield* readOnce(to.flags)) & ~VM_UFFD_MODES);
    return null;
  }
  yield* downWrite(ctx.mapChangingLock);
  yield* atomicAdd(ctx.mmapChanging, 1);
  yield* upWrite(ctx.mapChangingLock);
  return ctx;
}
