/**
 * Unmapping a folio from everywhere.
 *
 * Reduced: folios of files only. Anonymous ones need swap or migration, which this world has not; the call is refused.
 *
 * @see mm/rmap.c, try_to_unmap(), try_to_unmap_one(), Linux v6.1, v6.12 and v6.18
 */

import { mmuNotifierInvalidateRangeEnd, mmuNotifierInvalidateRangeStart } from "@mmrace/locks";
import { activeEngine, readOnce, UsageError, writeOnce, xchg, type Steps } from "@mmrace/scheduler";
import { NONE_ENTRY, PAGE_SIZE, PMD_SIZE, pteDirty, type Entry } from "@mmrace/x86-paging";
import { folioPut, folioRmap, HPAGE_PMD_NR, type Folio } from "../../state/folio.ts";
import { addMmCounter, type MmStruct } from "../../state/mm-struct.ts";
import { ptepGetAndClear } from "../../state/page-table.ts";
import { flushTlbRange } from "../../state/tlb.ts";
import { VM_LOCKED, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { pteInstallUffdWpIfNeeded } from "../zap/zap-entries.ts";
import { PageVmaMappedWalk } from "./page-vma-mapped-walk.ts";

/** What a call of `try_to_unmap` may do. Kernel: `enum ttu_flags`. */
export interface UnmapFlags {
  /** Leaves the flush to try_to_unmap_flush(): TTU_BATCH_FLUSH. */
  readonly batchFlush?: boolean;
  /** Waits for whoever is changing an entry: TTU_SYNC. */
  readonly sync?: boolean;
  /** Locked VMAs too: TTU_IGNORE_MLOCK. */
  readonly ignoreMlock?: boolean;
  /** Huge mappings are split, which for files means that they go: TTU_SPLIT_HUGE_PMD. */
  readonly splitHugePmd?: boolean;
}

/** Unmaps the locked folio. Says whether nothing maps it any more. @throws {UsageError} for anonymous folios. */
export function* tryToUnmap(w: World, folio: Folio, flags: UnmapFlags): Steps<boolean> {
  if (folio.isAnon) throw new UsageError("Anonymous folios cannot be unmapped: this world has no swap.");
  yield* w.kernel.rmapWalk(w, folio, (vma, address) => unmapAndGoOn(w, folio, vma, address, flags));
  return (yield* readOnce(folio.mapcount)) === 0;
}

/** Whether to go on to the next VMA: folio_not_mapped() ends the walk. */
function* unmapAndGoOn(w: World, folio: Folio, vma: Vma, address: number, flags: UnmapFlags): Steps<boolean> {
  return (
    (yield* w.kernel.tryToUnmapOne(w, folio, vma, address, flags)) && (yield* readOnce(folio.mapcount)) > 0
  );
}

/** Unmaps it from one VMA. False: it must stay mapped. The caller holds the rmap lock. */
export function* tryToUnmapOne(
  w: World,
  folio: Folio,
  vma: Vma,
  address: number,
  flags: UnmapFlags,
): Steps<boolean> {
  const walk = new PageVmaMappedWalk(folio, vma, address, flags.sync ?? false);
  const range = { start: address, end: walk.end };
  let mayGo = true;
  yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, range);
  while (yield* w.kernel.pageVmaMappedWalk(w, walk)) {
    const isLockedVma = !flags.ignoreMlock && ((yield* readOnce(vma.flags)) & VM_LOCKED) !== 0;
    if (isLockedVma || (walk.pml !== null && !flags.splitHugePmd)) {
      yield* w.kernel.pageVmaMappedWalkDone(w, walk);
      mayGo = false;
      break;
    }
    if (walk.pml !== null) yield* splitHugePmdLocked(w, walk);
    else yield* unmapPte(w, walk, flags);
  }
  yield* mmuNotifierInvalidateRangeEnd(vma.mm.notifiers, range);
  return mayGo;
}

/** Takes one entry away. The walk holds its lock. */
function* unmapPte(w: World, walk: PageVmaMappedWalk, flags: UnmapFlags): Steps<void> {
  const { folio, vma, address, mapped } = walk;
  const pte = yield* clearAndFlush(w, walk, flags);
  yield* pteInstallUffdWpIfNeeded(vma, mapped!.table, address, pte);
  if (pteDirty(pte)) yield* writeOnce(folio.dirty, true);
  yield* addMmCounter(vma.mm, "rss_file", -1);
  yield* folioRmap(folio, -1);
  yield* folioPut(folio);
  w.reached.add("try_to_unmap took an entry away");
}

/** Flushes at once, under the PTE lock, unless reclaim puts it off. */
function* clearAndFlush(w: World, walk: PageVmaMappedWalk, flags: UnmapFlags): Steps<Entry> {
  const { mm } = walk.vma;
  const pte = yield* ptepGetAndClear(walk.mapped!.table, walk.index);
  if (flags.batchFlush && isUsedElsewhere(mm)) yield* w.kernel.setTlbUbcFlushPending(w, mm);
  else yield* flushTlbRange(mm, walk.address, walk.address + PAGE_SIZE, false); // ptep_clear_flush()
  return pte;
}

/** Whether another CPU may have translations, so that putting the flush off saves anything: should_defer_flush(). */
function isUsedElsewhere(mm: MmStruct): boolean {
  const { cpu } = activeEngine().currentThread;
  return mm.tlbs.cpus.some((tlb) => tlb.cpu !== cpu);
}

/** A huge mapping of a file is not split but goes: the faults that follow map small pages. The walk holds pml. */
function* splitHugePmdLocked(w: World, walk: PageVmaMappedWalk): Steps<void> {
  const { slot, folio } = walk;
  const { mm } = walk.vma;
  yield* xchg(slot, NONE_ENTRY); // pmdp_huge_clear_flush()
  yield* flushTlbRange(mm, slot.address, slot.address + PMD_SIZE);
  yield* folioRmap(folio, -1);
  yield* addMmCounter(mm, "rss_file", -HPAGE_PMD_NR);
  yield* folioPut(folio);
  yield* w.kernel.pageVmaMappedWalkDone(w, walk); // page_vma_mapped_walk_restart()
}
