/** Unmapping, and what follows it: flushes and freeing, by release. */

import type { Steps } from "@mmrace/scheduler";
import type { Entry } from "@mmrace/x86-paging";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { AddressSpace } from "../../state/address-space.ts";
import type { Folio } from "../../state/folio.ts";
import type { MmuGather } from "../../state/mmu-gather.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { PageTable } from "../../state/page-table.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { Vma, VmaPlace } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { exitMmap, exitMmap_4_12, mmput } from "./exit.ts";
import {
  madviseGuard_6_12,
  madviseGuardInstall,
  madviseGuardInstall_6_14,
  madviseGuardRemove,
} from "./guard.ts";
import {
  madviseDontneed,
  madviseDontneed_6_12,
  madviseDontneed_6_14,
  tryVmaReadLock,
  type Advised,
} from "./madvise.ts";
import {
  pteFreeTlb,
  tlbFinishMmu,
  tlbFinishMmu_4_12,
  tlbFlushMmu,
  tlbFlushMmuTlbonly,
  tlbGatherMmu,
  tlbRemoveTableSyncOne,
  tlbTableFlush,
  tlbTableFlush_6_12,
} from "./mmu-gather.ts";
import {
  doMmap,
  doMunmap,
  doVmiMunmap,
  freePgdRange,
  freePgtables,
  freePgtables_6_9,
  mmapRegion,
  vmAreaFree,
  vmAreaFree_6_1,
  vmaMarkAttached,
  vmaMarkAttached_6_14,
  type TableLimits,
} from "./munmap.ts";
import { freePte, tryGetAndClearPmd, tryToFreePte } from "./pt-reclaim.ts";
import {
  punchHole,
  truncate,
  truncateInodeFolio,
  truncateInodePages,
  unmapMappingFolio,
  unmapMappingRange,
} from "./truncate.ts";
import type { ZapDetails } from "./zap-details.ts";
import {
  tlbFlushRmaps,
  zapDirtyPage,
  zapDirtyPage_6_1,
  zapNonpresentPtes,
  zapPresentPtes,
  type ZapRound,
  type ZapTarget,
} from "./zap-entries.ts";
import {
  tlbEndVma,
  tlbEndVma_4_12,
  tlbEndVma_6_14,
  tlbFreeVmas,
  tlbFreeVmas_6_14,
  unmapSingleVma,
  unmapVmas,
  zapPageRangeSingle,
  zapPageRangeSingleBatched,
} from "./zap-page-range.ts";
import { zapHugePmd, zapPmdRange, zapPmdRange_6_1 } from "./zap-pmd-range.ts";
import { zapPteRange, zapPteRange_6_12, type ZapSpan } from "./zap-pte-range.ts";

type ZapEntry = (
  w: World,
  tlb: MmuGather,
  target: ZapTarget,
  pte: Entry,
  details: ZapDetails,
  round: ZapRound,
) => Steps<void>;

type ZapRange<Before extends readonly unknown[], Details extends readonly unknown[]> = (
  ...parameters: [...Before, start: number, end: number, ...Details]
) => Steps<void>;

type AdviseRange = (w: World, mm: MmStruct, start: number, end: number) => Steps<Advised>;

/** The procedures of this area, under the kernel's names. */
export interface ZapOps {
  readonly tlbGatherMmu: (w: World, mm: MmStruct, isFullMm: boolean) => Steps<MmuGather>;
  readonly tlbFlushMmu: (w: World, tlb: MmuGather) => Steps<void>;
  readonly tlbFlushMmuTlbonly: (w: World, tlb: MmuGather) => Steps<void>;
  readonly tlbFlushRmaps: (w: World, tlb: MmuGather) => Steps<void>;
  readonly tlbTableFlush: (w: World, tlb: MmuGather) => Steps<void>;
  readonly pteFreeTlb: (w: World, tlb: MmuGather, table: PageTable, address: number) => Steps<void>;
  readonly tlbFinishMmu: (w: World, tlb: MmuGather) => Steps<void>;
  readonly tlbRemoveTableSyncOne: (w: World) => Steps<void>;
  readonly tlbEndVma: (w: World, tlb: MmuGather) => Steps<void>;
  readonly tlbFreeVmas: (w: World, tlb: MmuGather) => Steps<void>;
  readonly zapPresentPtes: ZapEntry;
  readonly zapNonpresentPtes: ZapEntry;
  readonly zapDirtyPage: (
    w: World,
    tlb: MmuGather,
    folio: Folio,
    old: Entry,
    round: ZapRound,
  ) => Steps<boolean>;
  readonly zapPteRange: (w: World, tlb: MmuGather, span: ZapSpan, details: ZapDetails) => Steps<number>;
  readonly zapPmdRange: ZapRange<[w: World, tlb: MmuGather, vma: Vma], [details: ZapDetails]>;
  readonly zapHugePmd: (w: World, tlb: MmuGather, vma: Vma, slot: PmdSlot) => Steps<boolean>;
  readonly unmapSingleVma: ZapRange<[w: World, tlb: MmuGather, vma: Vma], [details: ZapDetails]>;
  readonly unmapVmas: ZapRange<[w: World, tlb: MmuGather, vmas: readonly Vma[]], []>;
  readonly zapPageRangeSingle: ZapRange<[w: World, vma: Vma], [details: ZapDetails]>;
  readonly zapPageRangeSingleBatched: ZapRange<[w: World, tlb: MmuGather, vma: Vma], [details: ZapDetails]>;
  /** 6.14 and later. */
  readonly tryGetAndClearPmd: (w: World, slot: PmdSlot) => Steps<PageTable | null>;
  /** 6.14 and later. */
  readonly tryToFreePte: (
    w: World,
    mm: MmStruct,
    tlb: MmuGather,
    slot: PmdSlot,
    address: number,
  ) => Steps<void>;
  /** 6.14 and later. */
  readonly freePte: (
    w: World,
    mm: MmStruct,
    tlb: MmuGather,
    table: PageTable,
    address: number,
  ) => Steps<void>;
  /** 6.17 and later. */
  readonly tryVmaReadLock: (w: World, mm: MmStruct, start: number, end: number) => Steps<Vma | null>;
  readonly madviseDontneed: AdviseRange;
  /** 6.13 and later; in files 6.15 and later. */
  readonly madviseGuardInstall: AdviseRange;
  /** 6.13 and later. */
  readonly madviseGuardRemove: AdviseRange;
  /** The system call with MAP_FIXED, or with MAP_FIXED_NOREPLACE. */
  readonly mmapRegion: (
    w: World,
    mm: MmStruct,
    place: VmaPlace,
    flags: number,
    noreplace: boolean,
  ) => Steps<0 | "EEXIST">;
  /** The same where the place is known to be free. */
  readonly doMmap: (w: World, mm: MmStruct, place: VmaPlace, flags: number) => Steps<Vma>;
  readonly vmaMarkAttached: (w: World, vma: Vma) => Steps<void>;
  readonly doMunmap: ZapRange<[w: World, mm: MmStruct], []>;
  readonly doVmiMunmap: ZapRange<[w: World, mm: MmStruct], [unlock: boolean]>;
  readonly freePgtables: (w: World, tlb: MmuGather, vmas: readonly Vma[], limits: TableLimits) => Steps<void>;
  readonly freePgdRange: ZapRange<[w: World, tlb: MmuGather], [floor: number, ceiling: number]>;
  readonly vmAreaFree: (w: World, vma: Vma) => Steps<void>;
  readonly mmput: (w: World, mm: MmStruct) => Steps<void>;
  readonly exitMmap: (w: World, mm: MmStruct) => Steps<void>;
  /** Indices of the file, the second not included. */
  readonly unmapMappingRange: ZapRange<[w: World, file: AddressSpace], [evenCows: boolean]>;
  readonly unmapMappingFolio: (w: World, file: AddressSpace, folio: Folio) => Steps<void>;
  /** Indices of the file, the second not included. */
  readonly truncateInodePages: ZapRange<[w: World, file: AddressSpace], []>;
  readonly truncateInodeFolio: (w: World, file: AddressSpace, folio: Folio) => Steps<void>;
  readonly truncate: (w: World, file: AddressSpace, size: number) => Steps<void>;
  /** Indices of the file, the second not included. */
  readonly punchHole: ZapRange<[w: World, file: AddressSpace], []>;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const zap: ReleaseTable<ZapOps> = {
  "6.18": {
    tlbGatherMmu,
    tlbFlushMmu,
    tlbFlushMmuTlbonly,
    tlbFlushRmaps,
    tlbTableFlush,
    pteFreeTlb,
    tlbFinishMmu,
    tlbRemoveTableSyncOne,
    tlbEndVma,
    tlbFreeVmas,
    zapPresentPtes,
    zapNonpresentPtes,
    zapDirtyPage,
    zapPteRange,
    zapPmdRange,
    zapHugePmd,
    unmapSingleVma,
    unmapVmas,
    zapPageRangeSingle,
    zapPageRangeSingleBatched,
    tryGetAndClearPmd,
    tryToFreePte,
    freePte,
    tryVmaReadLock,
    madviseDontneed,
    madviseGuardInstall,
    madviseGuardRemove,
    mmapRegion,
    doMmap,
    vmaMarkAttached,
    doMunmap,
    doVmiMunmap,
    freePgtables,
    freePgdRange,
    vmAreaFree,
    mmput,
    exitMmap,
    unmapMappingRange,
    unmapMappingFolio,
    truncateInodePages,
    truncateInodeFolio,
    truncate,
    punchHole,
  },
  // Before a6fde7add78d (6.17), f35ab95ca0af (6.15), and the flush of PFN-mapped VMAs is at the end of each.
  "6.14": {
    madviseDontneed: madviseDontneed_6_14,
    tlbEndVma: tlbEndVma_6_14,
    tlbFreeVmas: tlbFreeVmas_6_14,
    madviseGuardInstall: madviseGuardInstall_6_14,
    vmaMarkAttached: vmaMarkAttached_6_14,
  },
  // Before 718b13861d22, 4817f70c25b6 and 6375e95f381e (6.14).
  "6.12": {
    tlbTableFlush: tlbTableFlush_6_12,
    zapPteRange: zapPteRange_6_12,
    madviseDontneed: madviseDontneed_6_12,
    madviseGuardInstall: madviseGuard_6_12,
    madviseGuardRemove: madviseGuard_6_12,
  },
  // Before mappings of a file were unlinked together (6.11).
  "6.9": { freePgtables: freePgtables_6_9 },
  "6.6": { freePgtables: freePgtables_6_9 },
  // Before 5df397dec7c4 (6.2) and 0d940a9b270b (6.5).
  "6.1": { zapDirtyPage: zapDirtyPage_6_1, zapPmdRange: zapPmdRange_6_1, vmAreaFree: vmAreaFree_6_1 },
  // Before 99baac21e458 (4.13), b67fbebd4cf9 (5.19) and bf3980c85212 (6.0).
  "4.12": { tlbFinishMmu: tlbFinishMmu_4_12, tlbEndVma: tlbEndVma_4_12, exitMmap: exitMmap_4_12 },
};
