/**
 * The way of a fault through the levels, to whoever serves it.
 *
 * What differs between releases is how the table is mapped for the first, lockless look:
 * - v6.13 and later: pte_offset_map_rw_nolock(), whose PMD value nobody needs, as an entry that is not none is compared;
 * - v6.5 to v6.12: pte_offset_map_nolock();
 * - v6.1: pmd_trans_unstable() first, then mapping cannot fail, and the lock is that of the slot as it is later.
 *
 * Reduced: upper levels are always there; no soft-dirty, no hugetlb, no memory cgroups.
 *
 * @see mm/memory.c, __handle_mm_fault(), handle_pte_fault(), Linux v6.1, v6.12 and v6.14
 */

import { spinLock } from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import {
  isPmdMigrationEntry,
  PMD_SIZE,
  pmdLeaf,
  pmdNone,
  pmdPresent,
  pmdWrite,
  pteMkdirty,
  pteMkyoung,
  pteNone,
  ptePresent,
  pteProtnone,
  pteSame,
  pteWrite,
} from "@mmrace/x86-paging";
import { pmdStart, pteIndex } from "../../state/geometry.ts";
import { ptepGet, setPte } from "../../state/page-table.ts";
import { VM_NOHUGEPAGE, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";
import { Fault, unmapUnlock, type FaultFlags, type FaultResult } from "./fault.ts";

/** Whether huge pages may be used here: thp_vma_allowable_order() with transparent_hugepage/enabled = always. */
export function* allowsHugePages(vma: Vma, address: number): Steps<boolean> {
  if (((yield* readOnce(vma.flags)) & VM_NOHUGEPAGE) !== 0) return false;
  return coversPmd(vma, address);
}

/** Whether the VMA has all of the 2 MiB that an address lies in: thp_vma_suitable_order(). */
export function coversPmd(vma: Vma, address: number): boolean {
  const start = pmdStart(address);
  return vma.start <= start && vma.end >= start + PMD_SIZE;
}

/** Steps 1 to 3. The caller holds the VMA's lock or mmap_lock, as the flags say; after `retry` it does not. */
export function* handleMmFault(w: World, vma: Vma, address: number, flags: FaultFlags): Steps<FaultResult> {
  const f = new Fault(vma, address, flags);
  const isNone = pmdNone(yield* readOnce(f.slot)); // 1.
  if (isNone && (yield* allowsHugePages(vma, address))) {
    const result = yield* w.kernel.createHugePmd(w, f); // 2.
    if (result !== "fallback") return result;
  } else if (!isNone) {
    const pmd = yield* readOnce(f.slot); // 3.
    if (isPmdMigrationEntry(pmd)) {
      yield* w.kernel.pmdMigrationEntryWait(w, f);
      return "ok";
    }
    if (pmdLeaf(pmd) && pmdPresent(pmd)) {
      const wantsMore = (flags.isWrite || flags.isUnshare === true) && !pmdWrite(pmd);
      if (!wantsMore) {
        yield* w.kernel.hugePmdSetAccessed(w, f, pmd);
        return "ok";
      }
      const result = yield* w.kernel.wpHugePmd(w, f, pmd);
      if (result !== "fallback") return result;
    }
  }
  return yield* w.kernel.handlePteFault(w, f);
}

/** Step 4 where there is a table: false sends the access back. An entry that is none leaves nothing mapped. */
function* lookAtPte(w: World, f: Fault, map: Steps<Mapped | null>): Steps<boolean> {
  const mapped = yield* map;
  if (mapped === null) {
    w.reached.add("a fault found its table gone");
    return false;
  }
  f.mapped = mapped;
  f.ptl = mapped.ptl;
  f.origPte = yield* ptepGet(mapped.table, pteIndex(f.address));
  if (!pteNone(f.origPte)) return true;
  yield* w.kernel.pteUnmap(w);
  f.mapped = null;
  return true;
}

/** Step 4: whether there is a table decides who serves the fault, so that a file's may be served by a huge page. */
export function* handlePteFault(w: World, f: Fault): Steps<FaultResult> {
  if (!pmdNone(yield* readOnce(f.slot))) {
    if (!(yield* lookAtPte(w, f, w.kernel.pteOffsetMapRwNolock(w, f.slot)))) return "ok";
  }
  return yield* serve(w, f);
}

/** v6.5 to v6.12. */
export function* handlePteFault_6_12(w: World, f: Fault): Steps<FaultResult> {
  if (!pmdNone(yield* readOnce(f.slot))) {
    if (!(yield* lookAtPte(w, f, w.kernel.pteOffsetMapNolock(w, f.slot)))) return "ok";
  }
  return yield* serve(w, f);
}

/** v6.1. */
export function* handlePteFault_6_1(w: World, f: Fault): Steps<FaultResult> {
  if (!pmdNone(yield* readOnce(f.slot))) {
    if (yield* w.kernel.pmdTransUnstable(w, f.slot)) return "ok";
    yield* lookAtPte(w, f, w.kernel.pteOffsetMap(w, f.slot));
  }
  if (f.mapped !== null && ptePresent(f.origPte!)) {
    const { ptl } = w.tableNamedBy(yield* readOnce(f.slot), f.slot); // pte_lockptr() reads the slot once more.
    f.mapped = { ...f.mapped, ptl };
  }
  return yield* serve(w, f);
}

/** Steps 5 to 7. */
function* serve(w: World, f: Fault): Steps<FaultResult> {
  const { mapped, origPte } = f;
  if (mapped === null || origPte === undefined) return yield* w.kernel.doPteMissing(w, f); // 5.
  if (!ptePresent(origPte)) return yield* w.kernel.doSwapPage(w, f);
  if (pteProtnone(origPte)) return yield* w.kernel.doNumaPage(w, f);

  yield* spinLock(mapped.ptl); // 6. Of a table that may be detached by now.
  const index = pteIndex(f.address);
  if (!pteSame(yield* ptepGet(mapped.table, index), origPte)) {
    w.reached.add("a fault found its entry changed");
    yield* unmapUnlock(w, f);
    return "ok";
  }
  const { isWrite, isUnshare = false } = f.flags;
  if ((isWrite || isUnshare) && !pteWrite(origPte)) return yield* w.kernel.doWpPage(w, f); // 7.
  // ptep_set_access_flags() writes only for a store. Nothing to do: the fault was spurious, which takes no flush on x86,
  // where a fault drops the translation that it came from.
  if (isWrite) {
    const wanted = pteMkyoung(pteMkdirty(origPte));
    if (pteSame(yield* ptepGet(mapped.table, index), wanted)) w.reached.add("a fault was spurious");
    else yield* setPte(mapped.table, index, wanted);
  }
  yield* unmapUnlock(w, f);
  return "ok";
}

/** Step 5: nothing is mapped, or a marker that counts as nothing. */
export function* doPteMissing(w: World, f: Fault): Steps<FaultResult> {
  if (f.vma.file === null) return yield* w.kernel.doAnonymousPage(w, f);
  return yield* w.kernel.doFault(w, f);
}
