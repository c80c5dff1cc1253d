/**
 * Looking whether 2 MiB can be collapsed.
 *
 * Reduced: limits of how many entries may be none or shared, and the counts of young and writable ones, do not exist;
 * whether a page is locked is seen when it is isolated.
 *
 * @see mm/khugepaged.c, hpage_collapse_scan_pmd(), hpage_collapse_scan_file(), Linux v6.12
 */

import { rcuReadLock, rcuReadUnlock } from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import { pfnOf } from "@mmrace/x86-paging";
import type { AddressSpace, PageCache } from "../../state/address-space.ts";
import { HPAGE_PMD_NR } from "../../state/folio.ts";
import { ptepGet } from "../../state/page-table.ts";
import { VM_UFFD_MODES, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";
import { isNoneOrZero, isRefcountSuitable, whyNotPage } from "./collapse-isolate.ts";
import type { CollapseTarget, ScanResult } from "./find-pmd.ts";

/** What a scan came to, and whether mmap_lock was dropped meanwhile. */
export interface Scan {
  readonly result: ScanResult;
  readonly mmapLocked: boolean;
}

/** Anonymous memory. The caller holds mmap_lock for reading. */
export function* hpageCollapseScanPmd(w: World, vma: Vma, address: number): Steps<Scan> {
  const slot = vma.mm.slotOf(address);
  let result: ScanResult = yield* w.kernel.findPmdOrThpOrNone(w, slot); // 1.
  if (result !== "SUCCEED") return { result, mmapLocked: true };
  const mapped = yield* w.kernel.__pteOffsetMapLock(w, slot); // 2.
  if (mapped === null) return { result: "PMD_NULL", mmapLocked: true };
  result = yield* scanEntries(w, vma, mapped); // 3.
  yield* w.kernel.pteUnmapUnlock(w, mapped); // 4.
  if (result !== "SUCCEED") return { result, mmapLocked: true };
  return { result: yield* w.kernel.collapseHugePage(w, vma.mm, address), mmapLocked: false };
}

function* scanEntries(w: World, vma: Vma, { table }: Mapped): Steps<ScanResult> {
  for (let index = 0; index < w.geometry.ptesPerTable; index++) {
    const pte = yield* ptepGet(table, index);
    if (isNoneOrZero(w, pte)) {
      if ((yield* readOnce(vma.flags)) & VM_UFFD_MODES) return "EXCEED_NONE_PTE";
      continue;
    }
    const why = yield* whyNotPage(w, pte);
    if (why !== null) return why;
    const folio = w.folioOf(pfnOf(pte))!;
    if (!(yield* readOnce(folio.lru))) return "PAGE_LRU";
    if (!(yield* isRefcountSuitable(folio))) return "PAGE_COUNT";
  }
  return "SUCCEED";
}

/** A file, for MADV_COLLAPSE with a target, else for khugepaged. */
export function* hpageCollapseScanFile(
  w: World,
  file: AddressSpace,
  target?: CollapseTarget,
): Steps<ScanResult> {
  yield* rcuReadLock(w.rcu);
  const why = yield* whyNotFile(yield* readOnce(file.iPages));
  yield* rcuReadUnlock(w.rcu);
  if (why !== null) return why;
  return yield* w.kernel.collapseFile(w, file, w.createFolio(HPAGE_PMD_NR, false), target);
}

/** `null`: the pages of the cache can be collapsed. */
function* whyNotFile(cache: PageCache): Steps<ScanResult | null> {
  for (const folio of cache) {
    if (folio === null) continue;
    if (folio.pages === HPAGE_PMD_NR) return "PTE_MAPPED_HUGEPAGE";
    if (!(yield* readOnce(folio.lru))) return "PAGE_LRU";
    const mapcount = yield* readOnce(folio.mapcount);
    if ((yield* readOnce(folio.refcount)) !== folio.pages + mapcount) return "PAGE_COUNT";
  }
  return null;
}
