/**
 * MADV_DONTNEED.
 *
 * - v6.17 and later (a6fde7add78d): under the VMA's lock, if the range lies in one VMA that userfaultfd does not watch;
 *   one gather for the whole call since v6.16;
 * - before: under mmap_lock for reading, with a gather for each VMA.
 *
 * Reduced: userfaultfd is not told of the removal.
 *
 * @see mm/madvise.c, madvise_dontneed_single_vma(), Linux v6.12, v6.14 and v6.18
 */

import { readOnce, UsageError, type Steps } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { MmuGather } from "../../state/mmu-gather.ts";
import { VM_LOCKED, VM_PFNMAP, VM_UFFD_MODES, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { ZAP_PAGES, type ZapDetails } from "./zap-details.ts";

/** v6.14 and later. */
const RECLAIMING: ZapDetails = { ...ZAP_PAGES, reclaimPt: true };

/** What an advice answers: ENOMEM where a part of the range is not mapped, after the rest was done. */
export type Advised = 0 | "EINVAL" | "ENOMEM";

/** What is done in one VMA. */
export type Advise = (vma: Vma, from: number, to: number) => Steps<0 | "EINVAL">;

/** Discards the pages of a range that the process has mapped. */
export function* madviseDontneed(w: World, mm: MmStruct, start: number, end: number): Steps<Advised> {
  checkRange(start, end);
  const promised = yield* w.discards.begin(w, mm, start, end);
  const locked = yield* w.kernel.tryVmaReadLock(w, mm, start, end);
  if (locked === null) yield* w.kernel.mmapReadLock(w, mm);
  const tlb = yield* w.kernel.tlbGatherMmu(w, mm, false);
  const advise: Advise = (vma, from, to) => discardBatched(w, tlb, vma, from, to);
  const answer: Advised =
    locked === null ? yield* walkVmas(mm, start, end, advise) : yield* advise(locked, start, end);
  yield* w.kernel.tlbFinishMmu(w, tlb);
  if (locked === null) yield* w.kernel.mmapReadUnlock(w, mm);
  else yield* w.kernel.vmaEndRead(w, locked);
  yield* w.discards.end(w, promised);
  return answer;
}

function* discardBatched(w: World, tlb: MmuGather, vma: Vma, from: number, to: number): Steps<0 | "EINVAL"> {
  if (!(yield* mayDiscard(vma))) return "EINVAL";
  yield* w.kernel.zapPageRangeSingleBatched(w, tlb, vma, from, to, RECLAIMING);
  return 0;
}

/** v6.14 and v6.15. */
export function* madviseDontneed_6_14(w: World, mm: MmStruct, start: number, end: number): Steps<Advised> {
  return yield* dontneedUnderMmapLock(w, mm, start, end, RECLAIMING);
}

/** Up to v6.13. */
export function* madviseDontneed_6_12(w: World, mm: MmStruct, start: number, end: number): Steps<Advised> {
  return yield* dontneedUnderMmapLock(w, mm, start, end, ZAP_PAGES);
}

function* dontneedUnderMmapLock(
  w: World,
  mm: MmStruct,
  start: number,
  end: number,
  details: ZapDetails,
): Steps<Advised> {
  checkRange(start, end);
  const promised = yield* w.discards.begin(w, mm, start, end);
  yield* w.kernel.mmapReadLock(w, mm);
  const answer = yield* walkVmas(mm, start, end, (vma, from, to) => discard(w, vma, from, to, details));
  yield* w.kernel.mmapReadUnlock(w, mm);
  yield* w.discards.end(w, promised);
  return answer;
}

function* discard(w: World, vma: Vma, from: number, to: number, details: ZapDetails): Steps<0 | "EINVAL"> {
  if (!(yield* mayDiscard(vma))) return "EINVAL";
  yield* w.kernel.zapPageRangeSingle(w, vma, from, to, details);
  return 0;
}

/** Locks the VMA that holds the whole range, where that lock is enough: try_vma_read_lock(). v6.17 and later. */
export function* tryVmaReadLock(w: World, mm: MmStruct, start: number, end: number): Steps<Vma | null> {
  const vma = yield* w.kernel.lockVmaUnderRcu(w, mm, start);
  if (vma === null) return null;
  const isWatched = ((yield* readOnce(vma.flags)) & VM_UFFD_MODES) !== 0;
  if (end <= vma.end && !isWatched) return vma;
  yield* w.kernel.vmaEndRead(w, vma);
  return null;
}

/**
 * The parts of a range, VMA by VMA, up to the first that is refused: madvise_walk_vmas(). The caller holds mmap_lock.
 */
export function* walkVmas(mm: MmStruct, start: number, end: number, advise: Advise): Steps<Advised> {
  let covered = 0;
  for (const vma of yield* readOnce(mm.vmas)) {
    const from = Math.max(start, vma.start);
    const to = Math.min(end, vma.end);
    if (from >= to) continue;
    covered += to - from;
    const answer = yield* advise(vma, from, to);
    if (answer !== 0) return answer;
  }
  return covered === end - start ? 0 : "ENOMEM";
}

/** madvise_dontneed_free_valid_vma() */
function* mayDiscard(vma: Vma): Steps<boolean> {
  return ((yield* readOnce(vma.flags)) & (VM_LOCKED | VM_PFNMAP)) === 0;
}

function checkRange(start: number, end: number): void {
  if (start % PAGE_SIZE === 0 && end % PAGE_SIZE === 0 && start < end) return;
  throw new UsageError(`madvise needs whole pages, not 0x${start.toString(16)} to 0x${end.toString(16)}.`);
}
