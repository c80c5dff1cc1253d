/**
 * UFFDIO_WRITEPROTECT: uffd-wp bits, and markers where nothing is mapped.
 *
 * In a VMA of a file tables are populated on the way, since markers need a place, and a huge mapping is taken away; in
 * anonymous memory what is not populated stays unprotected. The TLB is flushed after the PTE lock was dropped.
 *
 * Reduced: only the change that userfaultfd asks for; notifiers hear of the whole range, up to v6.11 only from the first
 * slot on that is populated; UFFD_FEATURE_WP_UNPOPULATED is off.
 *
 * @see mm/userfaultfd.c, mwriteprotect_range(), uffd_wp_range(); mm/mprotect.c, change_pmd_range(), change_pte_range(),
 * Linux v6.12 (the same in v6.18; up to v6.8 without map_changing_lock; up to v6.4 a table cannot be gone)
 */

import {
  downRead,
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
  upRead,
} from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import {
  isPteMarker,
  isSwapPte,
  isUffdWpMarker,
  mkUffdWpMarker,
  NONE_ENTRY,
  PAGE_SIZE,
  PMD_SIZE,
  pmdNone,
  pmdPresent,
  pmdLeaf,
  pteClearUffdWp,
  pteDirty,
  pteMkwrite,
  pfnOf,
  pteMkuffdWp,
  pteNone,
  ptePresent,
  pteSwpClearUffdWp,
  pteSwpMkuffdWp,
  pteWrite,
  type Entry,
} from "@mmrace/x86-paging";
import { pmdStart, pteIndex } from "../../state/geometry.ts";
import { along, ghostStep } from "../../state/ghost.ts";
import type { MmuGather } from "../../state/mmu-gather.ts";
import { ptepGet, ptepGetAndClear, setPte, type PageTable } from "../../state/page-table.ts";
import { VM_SHARED, VM_UFFD_WP, VM_WRITE, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { changeHugePmd } from "./huge-pmd.ts";
import type { Result } from "./mfill-atomic.ts";

/** The system call. Who lifts a protection wakes who waited for that. */
export function* userfaultfdWriteprotect(
  w: World,
  like: Pick<Vma, "mm">,
  start: number,
  end: number,
  isEnabled: boolean,
): Steps<Result> {
  const result = yield* w.kernel.mwriteprotectRange(w, like, start, end, isEnabled);
  if (result === 0 && !isEnabled) yield* w.kernel.wakeUserfault(w, like.mm.userfaultfd);
  return result;
}

/** Under mmap_lock for read, which 6.18 still takes here. `like` names the address space; the VMA is looked up. */
export function* mwriteprotectRange(
  w: World,
  like: Pick<Vma, "mm">,
  start: number,
  end: number,
  isEnabled: boolean,
): Steps<Result> {
  const { mm } = like;
  yield* w.kernel.mmapReadLock(w, mm);
  yield* downRead(mm.userfaultfd.mapChangingLock);
  const result = yield* protectFound(w, like, start, end, isEnabled);
  yield* upRead(mm.userfaultfd.mapChangingLock);
  yield* w.kernel.mmapReadUnlock(w, mm);
  return result;
}

/** Up to v6.8. */
export function* mwriteprotectRange_6_6(
  w: World,
  like: Pick<Vma, "mm">,
  start: number,
  end: number,
  isEnabled: boolean,
): Steps<Result> {
  yield* w.kernel.mmapReadLock(w, like.mm);
  const result = yield* protectFound(w, like, start, end, isEnabled);
  yield* w.kernel.mmapReadUnlock(w, like.mm);
  return result;
}

function* protectFound(
  w: World,
  { mm }: Pick<Vma, "mm">,
  start: number,
  end: number,
  isEnabled: boolean,
): Steps<Result> {
  if ((yield* readOnce(mm.userfaultfd.mmapChanging)) !== 0) return "EAGAIN";
  const vma = yield* w.kernel.findVma(w, mm, start);
  if (vma === null || ((yield* readOnce(vma.flags)) & VM_UFFD_WP) === 0) return "ENOENT";
  yield* w.kernel.uffdWpRange(w, vma, start, Math.min(end, vma.end), isEnabled);
  return 0;
}

/** change_protection() with the uffd-wp flags, in one gather: protects a range, or lifts that. */
export function* uffdWpRange(
  w: World,
  vma: Vma,
  start: number,
  end: number,
  isEnabled: boolean,
): Steps<void> {
  const tlb = yield* w.kernel.tlbGatherMmu(w, vma.mm, false);
  yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, { start, end });
  for (let at = start; at < end; at = pmdStart(at) + PMD_SIZE) {
    if (!vma.mm.covers(at)) break; // This world has no more slots.
    const stop = Math.min(end, pmdStart(at) + PMD_SIZE);
    yield* changePmdRange(w, tlb, { vma, start: at, end: stop, isEnabled });
  }
  yield* mmuNotifierInvalidateRangeEnd(vma.mm.notifiers, { start, end });
  yield* w.kernel.tlbFinishMmu(w, tlb);
  if (isEnabled) yield* ghostStep("writeprotect_returns", w.uffd, w.uffd.completed(vma.mm, start, end));
}

/** What to change within one slot. */
export interface WpChange {
  readonly vma: Vma;
  readonly start: number;
  readonly end: number;
  readonly isEnabled: boolean;
}

/** change_pmd_range() for one slot. */
function* changePmdRange(w: World, tlb: MmuGather, change: WpChange): Steps<void> {
  const { vma, isEnabled } = change;
  const slot = vma.mm.slotOf(change.start);
  for (;;) {
    if (isEnabled && vma.file !== null) yield* w.kernel.pteAlloc(w, vma.mm, slot); // Markers need a table.
    const pmd = yield* readOnce(slot);
    if (pmdNone(pmd)) return;
    if (!pmdPresent(pmd) || pmdLeaf(pmd)) {
      if (yield* changeHugePmd(w, tlb, change)) return;
      continue;
    }
    if (yield* w.kernel.changePteRangeUffdWp(w, tlb, change)) return;
    w.reached.add("UFFDIO_WRITEPROTECT found its table gone");
  }
}

/** change_pte_range(). False: the table has gone, and the caller populates the slot anew. */
export function* changePteRangeUffdWp(w: World, tlb: MmuGather, change: WpChange): Steps<boolean> {
  const mapped = yield* w.kernel.__pteOffsetMapLock(w, change.vma.mm.slotOf(change.start));
  if (mapped === null) return false;
  for (let at = change.start; at < change.end; at += PAGE_SIZE) {
    if (pteIndex(at) >= w.geometry.ptesPerTable) break;
    yield* changePte(w, tlb, change, mapped.table, at);
  }
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  return true;
}

function* changePte(
  w: World,
  tlb: MmuGather,
  { vma, isEnabled }: WpChange,
  table: PageTable,
  address: number,
): Steps<void> {
  const index = pteIndex(address);
  const pte = yield* ptepGet(table, index);
  const owed = w.uffd.wpChanged(vma.mm, address, address + PAGE_SIZE, isEnabled);
  if (ptePresent(pte)) {
    // ptep_modify_prot_start() takes the entry out, so that no processor sets Accessed or Dirty in between.
    const old = yield* ptepGetAndClear(table, index);
    const changed = isEnabled ? pteMkuffdWp(old) : yield* w.kernel.uffdWpResolve(w, vma, old);
    yield* along(setPte(table, index, changed), owed);
    // pte_needs_flush() of x86: a change of RW in either direction. Bits that are software's do not count.
    if (pteWrite(old) !== pteWrite(changed)) tlb.adjustRange(address, PAGE_SIZE);
  } else {
    const changed = changeNotPresent(pte, isEnabled, vma.file !== null);
    if (changed === pte) return;
    yield* along(setPte(table, index, changed), owed);
    if (pteNone(pte)) w.reached.add("UFFDIO_WRITEPROTECT installed a marker");
  }
}

/**
 * MM_CP_UFFD_WP_RESOLVE for a present entry, v6.3 and later (931298e103c2): writable at once where a write fault would make
 * it so without a copy, MM_CP_TRY_CHANGE_WRITABLE.
 */
export function* uffdWpResolve(w: World, vma: Vma, pte: Entry): Steps<Entry> {
  const lifted = pteClearUffdWp(pte);
  const flags = yield* readOnce(vma.flags);
  if ((flags & VM_WRITE) === 0) return lifted;
  if ((flags & VM_SHARED) !== 0) return pteDirty(lifted) ? pteMkwrite(lifted) : lifted;
  const folio = w.folioOf(pfnOf(pte));
  const isOurs = folio !== undefined && folio.isAnon && (yield* readOnce(folio.anonExclusive));
  return isOurs ? pteMkwrite(lifted) : lifted;
}

/** v6.1: what vm_get_page_prot() says of the VMA. Private pages become writable by a fault. */
export function* uffdWpResolve_6_1(_w: World, vma: Vma, pte: Entry): Steps<Entry> {
  const lifted = pteClearUffdWp(pte);
  const isWritable = ((yield* readOnce(vma.flags)) & (VM_WRITE | VM_SHARED)) === (VM_WRITE | VM_SHARED);
  return isWritable ? pteMkwrite(lifted) : lifted;
}

/** What becomes of an entry that maps nothing; the same object where nothing changes. */
function changeNotPresent(pte: Entry, isEnabled: boolean, isFile: boolean): Entry {
  if (pteNone(pte)) return isEnabled && isFile ? mkUffdWpMarker() : pte;
  if (isPteMarker(pte)) return !isEnabled && isUffdWpMarker(pte) ? NONE_ENTRY : pte;
  if (!isSwapPte(pte)) return pte;
  return isEnabled ? pteSwpMkuffdWp(pte) : pteSwpClearUffdWp(pte);
}
