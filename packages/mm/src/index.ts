/** Public API of @mmrace/mm. First reading: scenarios/cpmt-vs-uffdcopy, ops/collapse-pte-mapped-thp, oracles. */

export { ablationsOf, searchAll } from "./bugs/bug.ts";
export type { Bug } from "./bugs/bug.ts";
export { bugById, bugs } from "./bugs/catalogue.ts";
export { notModelled } from "./bugs/not-modelled.ts";
export type { NotModelled } from "./bugs/not-modelled.ts";
export type { KernelFacts, KernelOps } from "./kernel.ts";
export { changedKernel, mixedKernel, partsOfKernelId } from "./kernels/changed.ts";
export type { ChangedProcedures } from "./kernels/changed.ts";
export { kernelCommits } from "./kernels/commits.ts";
export type { KernelCommit } from "./kernels/commits.ts";
export { historyBetween } from "./kernels/history.ts";
export type { HistoryPart, HistoryStep } from "./kernels/history.ts";
export {
  kernelById,
  kernels,
  linux_6_0,
  linux_4_12,
  linux_6_1,
  linux_6_11,
  linux_6_12,
  linux_6_14,
  linux_6_17_rc1,
  linux_6_18,
  linux_6_6,
  linux_6_6_dev,
  linux_6_9,
  proposals,
} from "./kernels/kernels.ts";
export type { Kernel } from "./kernels/kernels.ts";
export type { ReleaseId, ReleaseTable } from "./kernels/release-table.ts";
export { KERNEL_ASSERTION } from "./ops/userfaultfd/mfill-atomic.ts";
export type { PageVmaMappedWalk } from "./ops/rmap/page-vma-mapped-walk.ts";
export type { UnmapFlags } from "./ops/rmap/try-to-unmap.ts";
export type { TableLimits } from "./ops/zap/munmap.ts";
export { ZAP_PAGES, ZAP_UNMAP } from "./ops/zap/zap-details.ts";
export type { ZapDetails } from "./ops/zap/zap-details.ts";
export type { ZapRound, ZapTarget } from "./ops/zap/zap-entries.ts";
export type { ZapSpan } from "./ops/zap/zap-pte-range.ts";
export { allOracles, LOST_ENTRY, oracleNotes, RECOUNT } from "./oracles/oracles.ts";
export { LOST_DIRTY, OPEN_INVALIDATION } from "./oracles/endings.ts";
export { LOST_MARKER, RMAP_INDEX } from "./oracles/userfaultfd.ts";
export type { FaultFlags, FaultResult } from "./ops/faults/fault.ts";
export type { FillMode, Result } from "./ops/userfaultfd/mfill-atomic.ts";
export { SILENT_WRITE, UFFD_EVENT_LOST } from "./state/uffd-ledger.ts";
export { moveEntriesAndUnlock_7b6efc2bc4f1 } from "./ops/mremap/move-ptes.ts";
export { COW_BREACH } from "./oracles/translations.ts";
export { LEAK } from "./oracles/teardown.ts";
export { defineFamily, geometryOf } from "./scenarios/family.ts";
export type { ScenarioFamily, Situation } from "./scenarios/family.ts";
export { scenarioFamilies, scenarioFamily, scenarioOf } from "./scenarios/scenarios.ts";
export type { ScenarioIdentity } from "./scenarios/scenarios.ts";
export { AddressSpace } from "./state/address-space.ts";
export { Folio, folioGet, folioPut, folioRmap, HPAGE_PMD_NR, PAGE_USE_AFTER_FREE } from "./state/folio.ts";
export { evictTranslation, speculativeFill, userLoad, userStore } from "./hardware/user-code.ts";
export type { Signal } from "./hardware/user-code.ts";
export { LOST_STORE } from "./state/reference-memory.ts";
export { LOST_ZAP, STALE_TRANSLATION } from "./state/discards.ts";
export { pteIndex, SMALL, USER_BASE } from "./state/geometry.ts";
export type { Geometry } from "./state/geometry.ts";
export { LOST_GUARD } from "./state/guards.ts";
export { SECONDARY_STALE, secondaryFault, SecondaryMmu } from "./state/secondary-mmu.ts";
export { addMmCounter, MmStruct } from "./state/mm-struct.ts";
export type { Counter } from "./state/mm-struct.ts";
export {
  clearPtes,
  freeTable,
  PAGE_TABLE_USE_AFTER_FREE,
  PageTable,
  ptepGet,
  scanPtes,
  setPte,
} from "./state/page-table.ts";
export { entryKinds } from "./state/entry-kinds.ts";
export { PmdSlot, PmdTable } from "./state/pmd-table.ts";
export {
  populateAnon,
  populateAnonVma,
  populateFile,
  populateHugeAnon,
  populateHugeFile,
  populateTable,
  cacheFolio,
} from "./state/populate.ts";
export { PIN_COHERENCE } from "./state/pins.ts";
export { flushTlbMm, flushTlbRange } from "./state/tlb.ts";
export {
  AnonVma,
  Vma,
  VM_NOHUGEPAGE,
  VM_READ,
  VM_READ_WRITE,
  VM_SHARED,
  VM_UFFD_MINOR,
  VM_UFFD_MISSING,
  VM_UFFD_WP,
  VM_WRITE,
  wholePmd,
} from "./state/vma.ts";
export { TABLE_SHAPE, World } from "./state/world.ts";
export type {
  Arrangement,
  NotExpressible,
  UserAdvice,
  UserArea,
  UserCall,
  UserFile,
  UserModes,
  UserPlace,
  UserProcess,
  Userspace,
  UserThread,
} from "./userspace/userspace.ts";
export { Process } from "./sys/process.ts";
export type { Advice, Errno, MmapFlags, Protection } from "./sys/process.ts";
export type { PagemapEntry } from "./sys/pagemap.ts";
export { Userfaultfd } from "./sys/userfaultfd.ts";
export type { UffdModes } from "./sys/userfaultfd.ts";
