/** Public API of @mmrace/mm. First reading: scenarios/cpmt-vs-uffdcopy, ops/collapse-pte-mapped-thp, oracles. */

export { bugById, bugs } from "./bugs/catalogue.ts";
export type { Bug } from "./bugs/catalogue.ts";
export type { KernelOps, MappedTable, PmdState, Result } from "./kernel.ts";
export { kernelById, kernels } from "./kernels/kernels.ts";
export type { Kernel } from "./kernels/kernels.ts";
export { linux_6_11 } from "./kernels/linux-6-11.ts";
export { linux_6_12 } from "./kernels/linux-6-12.ts";
export { linux_6_6_dev } from "./kernels/linux-6-6-dev.ts";
export { linux_6_6 } from "./kernels/linux-6-6.ts";
export { KERNEL_ASSERTION } from "./ops/uffdio-copy.ts";
export { allOracles, LOST_ENTRY, oracleNotes, RECOUNT } from "./oracles/oracles.ts";
export { defineFamily, geometryOf } from "./scenarios/family.ts";
export type { ScenarioFamily, Situation } from "./scenarios/family.ts";
export { scenarioFamilies, scenarioFamily, scenarioOf } from "./scenarios/scenarios.ts";
export { AddressSpace } from "./state/address-space.ts";
export { Folio, folioRmap, HPAGE_PMD_NR } from "./state/folio.ts";
export { SMALL, USER_BASE } from "./state/geometry.ts";
export type { Geometry } from "./state/geometry.ts";
export { addMmCounter, flushTlbRange, MmStruct, pteIndex } from "./state/mm-struct.ts";
export type { Counter, PmdSlot } from "./state/mm-struct.ts";
export { invalidateRangeEnd, invalidateRangeStart } from "./state/notifier.ts";
export {
  clearPtes,
  freeTable,
  PAGE_TABLE_USE_AFTER_FREE,
  PageTable,
  ptepGet,
  scanPtes,
  setPte,
} from "./state/page-table.ts";
export { AnonVma, Vma, VM_SHARED, VM_UFFD_MISSING, VM_UFFD_WP } from "./state/vma.ts";
export { TABLE_SHAPE, World } from "./state/world.ts";
