/**
 * Mapping and unmapping: how a VMA becomes visible, and how it goes with its pages and its tables.
 *
 * Between the zap and the unlinking the VMA is still in the rmap trees: truncation, reclaim and retract may come in, but may
 * not install anything. After the unlinking nobody reaches its tables, so their slots are cleared without any page-table lock.
 *
 * Reduced: whole VMAs only; userfaultfd is not told; tables above the PMD level stay.
 *
 * @see mm/vma.c (mm/mmap.c up to v6.11), do_vmi_align_munmap(); mm/memory.c, free_pgtables(); Linux v6.1, v6.12 and v6.18
 */

import { callRcu, refcountVmaLock } from "@mmrace/locks";
import { readOnce, UsageError, writeOnce, type Steps } from "@mmrace/scheduler";
import { NONE_ENTRY, PAGE_SIZE, PMD_SIZE, pmdLeaf, pmdNone, pmdPresent } from "@mmrace/x86-paging";
import { along, together, type GhostChange } from "../../state/ghost.ts";
import { addMmCounter, type MmStruct } from "../../state/mm-struct.ts";
import type { MmuGather } from "../../state/mmu-gather.ts";
import { freeVma, Vma, type VmaPlace } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/** A new mapping of its own. The place must be free. */
export function* doMmap(w: World, mm: MmStruct, place: VmaPlace, flags: number): Steps<Vma> {
  yield* w.kernel.mmapWriteLock(w, mm);
  const vmas = yield* readOnce(mm.vmas);
  if (isTaken(vmas, place))
    throw new UsageError("doMmap() needs a free place: call mmapRegion(), which takes it as MAP_FIXED does.");
  const vma = yield* linkNew(w, mm, vmas, place, flags);
  yield* w.kernel.mmapWriteUnlock(w, mm);
  return vma;
}

/**
 * A new mapping with MAP_FIXED: what is in its place goes first; or the call is refused, with MAP_FIXED_NOREPLACE.
 *
 * Reduced: since v6.12 nobody sees the place empty in between; here who comes without mmap_lock may, and takes it.
 */
export function* mmapRegion(
  w: World,
  mm: MmStruct,
  place: VmaPlace,
  flags: number,
  noreplace: boolean,
): Steps<0 | "EEXIST"> {
  yield* w.kernel.mmapWriteLock(w, mm);
  let vmas = yield* readOnce(mm.vmas);
  const mustGo = isTaken(vmas, place);
  if (!mustGo || !noreplace) {
    if (mustGo) {
      yield* w.kernel.doVmiMunmap(w, mm, place.start, place.end, false);
      vmas = yield* readOnce(mm.vmas);
    }
    yield* linkNew(w, mm, vmas, place, flags);
  }
  yield* w.kernel.mmapWriteUnlock(w, mm);
  return mustGo && noreplace ? "EEXIST" : 0;
}

function isTaken(vmas: readonly Vma[], { start, end }: VmaPlace): boolean {
  return vmas.some((one) => one.start < end && one.end > start);
}

/** With mmap_lock held for writing. */
function* linkNew(w: World, mm: MmStruct, vmas: readonly Vma[], place: VmaPlace, flags: number): Steps<Vma> {
  const vma = new Vma(mm, place, flags);
  vma.locks.refcount.refcount.value = 0; // Detached, and known to nobody.
  yield* w.kernel.vmaStartWrite(w, vma); // Faults that find it early wait for mmap_lock.
  yield* w.kernel.vmaMarkAttached(w, vma);
  yield* writeOnce(
    mm.vmas,
    [...vmas, vma].toSorted((a, b) => a.start - b.start),
  );
  yield* w.kernel.vmaLinkFile(w, vma);
  return vma;
}

/** 6.15 and later. */
export function* vmaMarkAttached(_w: World, vma: Vma): Steps<void> {
  yield* refcountVmaLock.vmaMarkAttached(vma.mm.lock, vma.locks.refcount);
}

/** Up to 6.14: new VMAs are attached from the start. */
export function* vmaMarkAttached_6_14(_w: World, _vma: Vma): Steps<void> {}

/** munmap(): the VMAs of a range go, with all that is mapped in them. */
export function* doMunmap(w: World, mm: MmStruct, start: number, end: number): Steps<void> {
  yield* w.kernel.mmapWriteLock(w, mm);
  yield* w.kernel.doVmiMunmap(w, mm, start, end, true);
}

/**
 * The same with mmap_lock held for writing already: it stays so, or is given back (`unlock`), for which it is downgraded
 * before the zap. Does nothing where nothing is mapped.
 */
export function* doVmiMunmap(
  w: World,
  mm: MmStruct,
  start: number,
  end: number,
  unlock: boolean,
): Steps<void> {
  const all = yield* readOnce(mm.vmas);
  const vmas = all.filter((vma) => vma.start < end && vma.end > start);
  if (vmas.some((vma) => vma.start < start || vma.end > end))
    throw new UsageError("doMunmap() takes whole VMAs: splitting one is not modelled.");
  if (vmas.length === 0) {
    if (unlock) yield* w.kernel.mmapWriteUnlock(w, mm);
    return;
  }
  for (const vma of vmas) {
    yield* w.kernel.vmaStartWrite(w, vma); // vms_gather_munmap_vmas()
    yield* w.kernel.vmaMarkDetached(w, vma);
  }
  const rest = all.filter((vma) => !vmas.includes(vma));
  yield* along(writeOnce(mm.vmas, rest), owesNothing(w, mm, start, end));
  if (unlock) yield* w.kernel.mmapWriteDowngrade(w, mm); // From here on VMA locks are no longer held; the VMAs are found by nobody.
  const tlb = yield* w.kernel.tlbGatherMmu(w, mm, false);
  yield* w.kernel.unmapVmas(w, tlb, vmas, start, end);
  const floor = Math.max(0, ...rest.filter((vma) => vma.end <= start).map((vma) => vma.end));
  const ceiling = Math.min(Infinity, ...rest.filter((vma) => vma.start >= end).map((vma) => vma.start));
  yield* w.kernel.freePgtables(w, tlb, vmas, { floor, ceiling, isWriteLocked: false });
  yield* w.kernel.tlbFinishMmu(w, tlb);
  for (const vma of vmas) yield* w.kernel.vmAreaFree(w, vma);
  if (unlock) yield* w.kernel.mmapReadUnlock(w, mm);
}

/** Ghost state: of what goes with its mapping nothing is promised any more, nor does it count for what comes next. */
export function owesNothing(w: World, mm: MmStruct, start: number, end: number): GhostChange {
  const ranges = modelledRanges(w, mm, start, end);
  return together(
    w.guards.changed(() => w.guards.forget(mm, start, end)),
    w.pins.changed(() => w.pins.forget(mm, start, end)),
    w.reference.changed(() => {
      for (const range of ranges) w.reference.forget(mm, range.start, range.end);
    }),
    w.uffd.changed(() => {
      for (const range of ranges) {
        w.uffd.release(mm, range.start, range.end);
        w.uffd.forget(mm, range.start, range.end);
      }
    }),
  );
}

/** The parts of a range that have entries in this world. */
function modelledRanges(
  w: World,
  { pmds }: MmStruct,
  from: number,
  to: number,
): { readonly start: number; readonly end: number }[] {
  const length = w.geometry.ptesPerTable * PAGE_SIZE;
  return pmds
    .map(({ address }) => ({ start: Math.max(from, address), end: Math.min(to, address + length) }))
    .filter(({ start, end }) => start < end);
}

/** What limits the freeing of tables. */
export interface TableLimits {
  /** Where the VMA below ends. */
  readonly floor: number;
  /** Where the VMA above begins. */
  readonly ceiling: number;
  /** Whether mmap_lock is held for writing. */
  readonly isWriteLocked: boolean;
}

/** How many mappings of one file are taken out of its tree in one hold of the lock: `struct unlink_vma_file_batch`. */
const BATCH_MAX = 8;

/** Takes VMAs out of the rmap trees, then their tables, except those that a neighbour shares. v6.11 and later. */
export function* freePgtables(
  w: World,
  tlb: MmuGather,
  vmas: readonly Vma[],
  limits: TableLimits,
): Steps<void> {
  yield* freeNeighbours(w, tlb, vmas, limits, BATCH_MAX);
}

/** Up to v6.10: each mapping of a file by itself. */
export function* freePgtables_6_9(
  w: World,
  tlb: MmuGather,
  vmas: readonly Vma[],
  limits: TableLimits,
): Steps<void> {
  yield* freeNeighbours(w, tlb, vmas, limits, 1);
}

function* freeNeighbours(
  w: World,
  tlb: MmuGather,
  vmas: readonly Vma[],
  { floor, ceiling, isWriteLocked }: TableLimits,
  batchMax: number,
): Steps<void> {
  yield* w.kernel.tlbFreeVmas(w, tlb);
  for (let next = 0; next < vmas.length;) {
    const first = next;
    let batch: Vma[] = [];
    do {
      const vma = vmas[next++]!;
      if (isWriteLocked) yield* w.kernel.vmaStartWrite(w, vma);
      yield* w.kernel.unlinkAnonVmas(w, vma);
      if (vma.file === null) continue;
      if (batch[0] !== undefined && batch[0].file !== vma.file) batch = yield* unlinkBatch(w, batch);
      batch.push(vma);
      if (batch.length === batchMax) batch = yield* unlinkBatch(w, batch);
    } while (next < vmas.length && vmas[next]!.start <= vmas[next - 1]!.end + PMD_SIZE); // Neighbours go together.
    yield* unlinkBatch(w, batch);
    const limit = vmas[next]?.start ?? ceiling;
    yield* w.kernel.freePgdRange(w, tlb, vmas[first]!.start, vmas[next - 1]!.end, floor, limit);
  }
}

function* unlinkBatch(w: World, batch: readonly Vma[]): Steps<Vma[]> {
  const file = batch[0]?.file ?? null;
  if (file !== null) yield* w.kernel.unlinkFileVma(w, file, batch);
  return [];
}

/** Clears the slots that lie between the neighbours, without page-table locks. */
export function* freePgdRange(
  w: World,
  tlb: MmuGather,
  start: number,
  end: number,
  floor: number,
  ceiling: number,
): Steps<void> {
  for (const slot of tlb.mm.pmds) {
    const slotEnd = slot.address + PMD_SIZE;
    if (slot.address >= end || slotEnd <= start || slot.address < floor || slotEnd > ceiling) continue;
    const pmd = yield* readOnce(slot); // pmd_none_or_clear_bad()
    if (pmdNone(pmd) || !pmdPresent(pmd) || pmdLeaf(pmd)) continue;
    const table = w.tableNamedBy(yield* readOnce(slot), slot); // free_pte_range()
    yield* writeOnce(slot, NONE_ENTRY);
    yield* w.kernel.pteFreeTlb(w, tlb, table, slot.address);
    yield* addMmCounter(tlb.mm, "nr_ptes", -1);
  }
}

/** 6.4 and later: readers without mmap_lock may still look at it. */
export function* vmAreaFree(w: World, vma: Vma): Steps<void> {
  yield* callRcu(w.rcu, `vm_area_free ${vma.lifetime.name}`, () => freeVma(vma));
}

/** Up to 6.3. */
export function* vmAreaFree_6_1(_w: World, vma: Vma): Steps<void> {
  yield* freeVma(vma);
}
