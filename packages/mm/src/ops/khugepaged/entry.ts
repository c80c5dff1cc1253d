/**
 * Who asks for a collapse: the daemon, and MADV_COLLAPSE.
 *
 * Collapsing a table that maps pieces of a huge folio takes mmap_lock for reading since 6.6, for writing before.
 *
 * Reduced: the daemon scans one mm, from an address on; it keeps no list of mms, and before 6.6 none of tables to collapse
 * later, but collapses such a table at once. A VMA is revalidated by looking it up again.
 *
 * @see mm/khugepaged.c, khugepaged_scan_mm_slot(), madvise_collapse(), Linux v6.1 and v6.12
 */

import { readOnce, type Steps } from "@mmrace/scheduler";
import { PMD_SIZE } from "@mmrace/x86-paging";
import { pmdStart } from "../../state/geometry.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import { VM_NOHUGEPAGE, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { ScanResult } from "./find-pmd.ts";

/** The first address from `address` on at which the VMA has aligned 2 MiB, if there is one. */
function firstHuge(vma: Vma, address: number): number | undefined {
  const from = pmdStart(Math.max(vma.start, address) + PMD_SIZE - 1);
  return from + PMD_SIZE <= vma.end ? from : undefined;
}

/** v6.6 and later: the table of one address, with mmap_lock held for reading only. */
export function* collapsePteMapped(
  w: World,
  mm: MmStruct,
  address: number,
  installPmd: boolean,
): Steps<ScanResult> {
  yield* w.kernel.mmapReadLock(w, mm);
  const result = yield* collapseAt(w, mm, address, installPmd);
  yield* w.kernel.mmapReadUnlock(w, mm);
  return result;
}

/** v6.1 to v6.5: with mmap_lock held for writing. */
export function* collapsePteMapped_6_1(
  w: World,
  mm: MmStruct,
  address: number,
  installPmd: boolean,
): Steps<ScanResult> {
  yield* w.kernel.mmapWriteLock(w, mm);
  const result = yield* collapseAt(w, mm, address, installPmd);
  yield* w.kernel.mmapWriteUnlock(w, mm);
  return result;
}

/** h1. and the exit test, with mmap_lock held. */
function* collapseAt(w: World, mm: MmStruct, address: number, installPmd: boolean): Steps<ScanResult> {
  if ((yield* readOnce(mm.users)) === 0) return "FAIL";
  const vma = yield* w.kernel.findVma(w, mm, address);
  if (vma === null || vma.file === null || vma.start !== address) return "VMA_CHECK";
  return yield* w.kernel.collapsePteMappedThp(w, vma, installPmd);
}

/** The daemon's pass over one mm: up to the first range for which mmap_lock was dropped. */
export function* khugepagedScanMmSlot(w: World, mm: MmStruct): Steps<void> {
  if (!(yield* w.kernel.mmapReadTrylock(w, mm))) return; // 1.
  if ((yield* readOnce(mm.users)) !== 0) {
    for (const vma of yield* readOnce(mm.vmas)) {
      if ((yield* readOnce(vma.flags)) & VM_NOHUGEPAGE) continue;
      for (let at = firstHuge(vma, 0); at !== undefined; at = firstHuge(vma, at + PMD_SIZE))
        if (!(yield* scanRange(w, vma, at))) return; // 2.
    }
  }
  yield* w.kernel.mmapReadUnlock(w, mm);
}

/** Whether mmap_lock is still held afterwards. */
function* scanRange(w: World, vma: Vma, address: number): Steps<boolean> {
  if (vma.file === null) return (yield* w.kernel.hpageCollapseScanPmd(w, vma, address)).mmapLocked;
  yield* w.kernel.mmapReadUnlock(w, vma.mm);
  const result = yield* w.kernel.hpageCollapseScanFile(w, vma.file);
  if (result === "PTE_MAPPED_HUGEPAGE") yield* w.kernel.collapsePteMapped(w, vma.mm, address, false);
  return false;
}

/**
 * MADV_COLLAPSE of the aligned 2 MiB pieces from `start` up to `end`. The caller holds mmap_lock for reading, and does so
 * again when it returns. The answer is that of the last piece, or of the first that was not collapsed.
 */
export function* madviseCollapse(w: World, mm: MmStruct, start: number, end: number): Steps<ScanResult> {
  let result: ScanResult = "SUCCEED";
  for (let at = pmdStart(start + PMD_SIZE - 1); at + PMD_SIZE <= end; at += PMD_SIZE) {
    const vma = yield* w.kernel.findVma(w, mm, at);
    if (vma === null || firstHuge(vma, at) !== at) return "VMA_CHECK";
    if (vma.file === null) {
      const scan = yield* w.kernel.hpageCollapseScanPmd(w, vma, at);
      if (!scan.mmapLocked) yield* w.kernel.mmapReadLock(w, mm);
      result = scan.result;
    } else {
      yield* w.kernel.mmapReadUnlock(w, mm);
      result = yield* w.kernel.hpageCollapseScanFile(w, vma.file, { mm, address: at });
      if (result === "PTE_MAPPED_HUGEPAGE") result = yield* w.kernel.collapsePteMapped(w, mm, at, true);
      yield* w.kernel.mmapReadLock(w, mm);
    }
    if (result !== "SUCCEED" && result !== "PMD_MAPPED") return result;
  }
  return result;
}
