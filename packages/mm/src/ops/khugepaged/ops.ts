/** Collapsing small pages into huge ones, by release. */

import type { Steps } from "@mmrace/scheduler";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { AddressSpace } from "../../state/address-space.ts";
import type { Folio } from "../../state/folio.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { collapseFile, collapseFile_6_1 } from "./collapse-file.ts";
import {
  collapseHugePage,
  collapseHugePage_6_0,
  collapseHugePage_6_16,
  hugepageVmaRevalidate,
} from "./collapse-huge-page.ts";
import { collapsePteMappedThp_6_0, collapsePteMappedThp_6_1 } from "./collapse-pte-mapped-thp-6-1.ts";
import {
  collapsePteMappedThp,
  collapsePteMappedThp_1043173eb5eb,
  collapsePteMappedThp_6_12,
} from "./collapse-pte-mapped-thp.ts";
import { collapsePteMappedThp_aligned, collapsePteMappedThp_trylock } from "./collapse-proposals.ts";
import { collapsePteMapped, collapsePteMapped_6_1, khugepagedScanMmSlot, madviseCollapse } from "./entry.ts";
import {
  checkPmdState,
  findPmdOrThpOrNone,
  type CollapseTarget,
  type PmdState,
  type ScanResult,
} from "./find-pmd.ts";
import { setHugePmd } from "./pte-mapped-thp.ts";
import { retractPageTables_6_0, retractPageTables_6_1 } from "./retract-page-tables-6-1.ts";
import { retractPageTables, retractPageTables_6_12 } from "./retract-page-tables.ts";
import { hpageCollapseScanFile, hpageCollapseScanPmd, type Scan } from "./scan.ts";
import { retractPageTables_4_12 } from "./retract-page-tables-4-12.ts";

/** The procedures of this area, under the kernel's names. */
export interface KhugepagedOps {
  readonly khugepagedScanMmSlot: (w: World, mm: MmStruct) => Steps<void>;
  readonly madviseCollapse: (w: World, mm: MmStruct, start: number, end: number) => Steps<ScanResult>;
  readonly hpageCollapseScanPmd: (w: World, vma: Vma, address: number) => Steps<Scan>;
  readonly hpageCollapseScanFile: (
    w: World,
    file: AddressSpace,
    target?: CollapseTarget,
  ) => Steps<ScanResult>;
  readonly findPmdOrThpOrNone: (w: World, slot: PmdSlot) => Steps<PmdState>;
  /** 6.14 and later. */
  readonly checkPmdState: (w: World, slot: PmdSlot) => Steps<PmdState>;
  readonly hugepageVmaRevalidate: (w: World, mm: MmStruct, address: number) => Steps<ScanResult>;
  /** Called with mmap_lock held for reading; returns without it. */
  readonly collapseHugePage: (w: World, mm: MmStruct, address: number) => Steps<ScanResult>;
  readonly collapseFile: (
    w: World,
    file: AddressSpace,
    huge: Folio,
    target?: CollapseTarget,
  ) => Steps<ScanResult>;
  /** Up to v6.5 it answers for the target: that it is mapped whole, or what is left to do. */
  readonly retractPageTables: (
    w: World,
    file: AddressSpace,
    huge: Folio,
    target?: CollapseTarget,
  ) => Steps<ScanResult | void>;
  /** Takes mmap_lock as the release does, and collapses the table at an address: what both entry points end with. */
  readonly collapsePteMapped: (
    w: World,
    mm: MmStruct,
    address: number,
    installPmd: boolean,
  ) => Steps<ScanResult>;
  readonly collapsePteMappedThp: (w: World, vma: Vma, installPmd: boolean) => Steps<ScanResult>;
  readonly setHugePmd: (w: World, vma: Vma, address: number, folio: Folio) => Steps<boolean>;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const khugepaged: ReleaseTable<KhugepagedOps> = {
  "6.18": {
    khugepagedScanMmSlot,
    madviseCollapse,
    hpageCollapseScanPmd,
    hpageCollapseScanFile,
    findPmdOrThpOrNone,
    checkPmdState,
    hugepageVmaRevalidate,
    collapseHugePage,
    collapseFile,
    retractPageTables,
    collapsePteMapped,
    collapsePteMappedThp,
    setHugePmd,
  },
  "6.18-aligned": { collapsePteMappedThp: collapsePteMappedThp_aligned },
  "6.18-trylock": { collapsePteMappedThp: collapsePteMappedThp_trylock },
  // Before 366a4532d96f (6.17-rc2).
  "6.17-rc1": { collapseHugePage: collapseHugePage_6_16 },
  "6.14": { collapseHugePage: collapseHugePage_6_16 },
  // Before 6c18ec9af86c (6.14) and 6dfd0d2cb369 (6.13).
  "6.12": { retractPageTables: retractPageTables_6_12, collapsePteMappedThp: collapsePteMappedThp_6_12 },
  "6.6-dev": { collapsePteMappedThp: collapsePteMappedThp_1043173eb5eb },
  // Before 1d65b771bc08 and 1043173eb5eb (6.6), and before 895f5ee464cc (6.4).
  "6.1": {
    collapseFile: collapseFile_6_1,
    retractPageTables: retractPageTables_6_1,
    collapsePteMapped: collapsePteMapped_6_1,
    collapsePteMappedThp: collapsePteMappedThp_6_1,
  },
  // Before 8d3c106e19e8, 2ba99c5e0881 and f268f6cf875f (6.1), and before 023f47a8250c (6.2).
  "6.0": {
    collapseHugePage: collapseHugePage_6_0,
    retractPageTables: retractPageTables_6_0,
    collapsePteMappedThp: collapsePteMappedThp_6_0,
  },
  // Before 18e77600f7a1 (5.9).
  "4.12": { retractPageTables: retractPageTables_4_12 },
};
