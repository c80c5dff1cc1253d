/**
 * What the procedures of the kernel are written with: whatever they import from each other and from the world. Entry point
 * `@mmrace/mm/procedures`, for procedures of your own. A copy of a file of ops/ has all that it needs from here.
 */

export { vmfPteChanged } from "./ops/faults/anonymous.ts";
export { Fault, releaseFaultLock, unmapUnlock } from "./ops/faults/fault.ts";
export type { FaultFlags, FaultResult, HugeFaultResult } from "./ops/faults/fault.ts";
export { allowsHugePages, coversPmd } from "./ops/faults/handle-mm-fault.ts";
export type { Found } from "./ops/faults/page-cache.ts";
export {
  hasPageMkwrite,
  installAnonPage,
  installFilePage,
  makeHugePmd,
  makePte,
  newAnonFolio,
  pfnInFolio,
  vmPageProt,
  withMarkerOf,
} from "./ops/faults/page-entry.ts";
export { withdrawTable } from "./ops/faults/split-huge-pmd.ts";
export {
  copyPages,
  dropCopied,
  isNoneOrZero,
  isolatePages,
  isRefcountSuitable,
  releasePages,
  whyNotPage,
} from "./ops/khugepaged/collapse-isolate.ts";
export type { Isolated } from "./ops/khugepaged/collapse-isolate.ts";
export { abortCleared, finish, giveUp } from "./ops/khugepaged/collapse-pte-mapped-thp.ts";
export { rangeOf } from "./ops/khugepaged/find-pmd.ts";
export type { CollapseTarget, ScanResult } from "./ops/khugepaged/find-pmd.ts";
export {
  begin,
  clearTable,
  dropEntries,
  install,
  mapsOnly,
  unlockFolio,
} from "./ops/khugepaged/pte-mapped-thp.ts";
export { coversHugePage } from "./ops/khugepaged/retract-page-tables.ts";
export { hasMoved, losesUffd } from "./ops/mremap/mremap.ts";
export type { Extent } from "./ops/mremap/mremap.ts";
export type { Mapped } from "./ops/pgtable/mapped.ts";
export { PageVmaMappedWalk } from "./ops/rmap/page-vma-mapped-walk.ts";
export type { UnmapFlags } from "./ops/rmap/try-to-unmap.ts";
export { changeHugePmd, pmdFolio } from "./ops/userfaultfd/huge-pmd.ts";
export { KERNEL_ASSERTION } from "./ops/userfaultfd/mfill-atomic.ts";
export type { Result } from "./ops/userfaultfd/mfill-atomic.ts";
export type { MovePair } from "./ops/userfaultfd/mfill-lock.ts";
export { doubleLock, doubleUnlock } from "./ops/userfaultfd/move-entries.ts";
export { unmapBoth } from "./ops/userfaultfd/move-pages-pte.ts";
export type { Attempt, Held, Outcome } from "./ops/userfaultfd/move-pages-pte.ts";
export type { MoveStep } from "./ops/userfaultfd/move-pages.ts";
export { splitFolio } from "./ops/userfaultfd/split-folio.ts";
export type { WpChange } from "./ops/userfaultfd/write-protect.ts";
export { walkVmas } from "./ops/zap/madvise.ts";
export type { Advised } from "./ops/zap/madvise.ts";
export { owesNothing } from "./ops/zap/munmap.ts";
export { shouldZapFolio, ZAP_PAGES, ZAP_UNMAP } from "./ops/zap/zap-details.ts";
export type { ZapDetails } from "./ops/zap/zap-details.ts";
export { addMmRssVec, pteInstallUffdWpIfNeeded, zapEntries, ZapRound } from "./ops/zap/zap-entries.ts";
export type { ZapSpan } from "./ops/zap/zap-pte-range.ts";
export { AddressSpace, withFolio } from "./state/address-space.ts";
export type { PageCache } from "./state/address-space.ts";
export {
  clearHighpage,
  copyHighpage,
  Folio,
  folioGet,
  folioPut,
  folioRmap,
  folioTryGet,
  HPAGE_PMD_NR,
  PageData,
} from "./state/folio.ts";
export { pageStart, pmdStart, pteIndex } from "./state/geometry.ts";
export { along, ghostStep, together } from "./state/ghost.ts";
export type { GhostChange } from "./state/ghost.ts";
export { folioTestLarge, pageFolio } from "./state/memmap.ts";
export { addMmCounter, MmStruct } from "./state/mm-struct.ts";
export { MmuGather } from "./state/mmu-gather.ts";
export {
  changePte,
  clearPtes,
  freeTable,
  PageTable,
  ptepGet,
  ptepGetAndClear,
  scanPtes,
  setPte,
} from "./state/page-table.ts";
export { PmdSlot } from "./state/pmd-table.ts";
export { ANON_WRITABLE, READ_FAULT, SHARED_WRITABLE } from "./state/protections.ts";
export { flushTlbMm, flushTlbRange, waitForIpi } from "./state/tlb.ts";
export { UserfaultfdCtx } from "./state/userfaultfd-ctx.ts";
export type { UffdEvent } from "./state/userfaultfd-ctx.ts";
export {
  AnonVma,
  freeVma,
  VM_LOCKED,
  VM_NOHUGEPAGE,
  VM_PFNMAP,
  VM_READ,
  VM_SHARED,
  VM_UFFD_MINOR,
  VM_UFFD_MISSING,
  VM_UFFD_MODES,
  VM_UFFD_WP,
  VM_WRITE,
  Vma,
} from "./state/vma.ts";
export type { VmaPlace } from "./state/vma.ts";
export { TABLE_SHAPE, World } from "./state/world.ts";
