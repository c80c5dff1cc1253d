/** Page faults, by release. */

import type { Steps } from "@mmrace/scheduler";
import type { Entry } from "@mmrace/x86-paging";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { AddressSpace } from "../../state/address-space.ts";
import type { Folio } from "../../state/folio.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";
import { createHugePmd, doAnonymousPage, doHugePmdAnonymousPage } from "./anonymous.ts";
import {
  doFaultAround,
  filemapMapPages,
  filemapMapPmd,
  nextUptodateFolio,
  type Near,
  type Window,
} from "./fault-around.ts";
import type { Fault, FaultFlags, FaultResult, HugeFaultResult } from "./fault.ts";
import { __doFault, doCowFault, doFault, doReadFault, doSharedFault } from "./file-fault.ts";
import { doSetPmd, doSetPmd_6_11, finishFault, installTable } from "./finish-fault.ts";
import {
  doPteMissing,
  handleMmFault,
  handlePteFault,
  handlePteFault_6_1,
  handlePteFault_6_12,
} from "./handle-mm-fault.ts";
import { doHugePmdWpPage, hugePmdSetAccessed, wpHugePmd } from "./huge-fault.ts";
import {
  doNumaPage,
  doSwapPage,
  handlePteMarker,
  migrationEntryWait,
  pmdMigrationEntryWait,
} from "./not-present.ts";
import {
  filemapAddFolio,
  filemapFault,
  filemapGetEntry,
  shmemGetFolioGfp,
  type Found,
} from "./page-cache.ts";
import {
  pteOffsetMapLockChecked,
  pteOffsetMapLockChecked_6_1,
  vmfAnonPrepare,
  vmfAnonPrepare_6_6,
  vmfCanCallFault,
  vmfCanCallFault_6_6,
} from "./prepare.ts";
import {
  filemapFaultRecheckPteNone,
  filemapFaultRecheckPteNone_6_12,
  filemapFaultRecheckPteNone_6_6,
  filemapFaultRecheckPteNone_6_9,
} from "./recheck-pte-none.ts";
import { splitHugePmd } from "./split-huge-pmd.ts";
import { doUserAddrFault, doUserAddrFault_6_6, lockMmAndFindVma } from "./user-addr-fault.ts";
import {
  doPageMkwrite,
  doWpPage,
  finishMkwriteFault,
  wpCanReuseAnonFolio,
  wpPageReuse,
  wpPageShared,
} from "./wp-fault.ts";
import { ptepClearFlush, wpPageCopy } from "./wp-page-copy.ts";

/** A step of a fault. */
type FaultStep<Result> = (w: World, f: Fault) => Steps<Result>;

/** The procedures of this area, under the kernel's names. */
export interface FaultOps {
  /** A fault of user code, from the exception on: `ok` and `nopage` say that the access is to be tried again. */
  readonly doUserAddrFault: (w: World, mm: MmStruct, address: number, isWrite: boolean) => Steps<FaultResult>;
  readonly lockMmAndFindVma: (w: World, mm: MmStruct, address: number) => Steps<Vma | null>;
  /** A fault with the VMA locked, as the flags say how; after `retry` it is locked no more. */
  readonly handleMmFault: (w: World, vma: Vma, address: number, flags: FaultFlags) => Steps<FaultResult>;
  readonly handlePteFault: FaultStep<FaultResult>;
  readonly doPteMissing: FaultStep<FaultResult>;
  readonly vmfAnonPrepare: FaultStep<"ok" | "retry">;
  readonly vmfCanCallFault: FaultStep<"ok" | "retry">;
  /** pte_offset_map_lock(), where up to 6.4 pmd_trans_unstable() stood before it. */
  readonly pteOffsetMapLockChecked: (w: World, slot: PmdSlot) => Steps<Mapped | null>;

  readonly doAnonymousPage: FaultStep<FaultResult>;
  readonly createHugePmd: FaultStep<HugeFaultResult>;
  readonly doHugePmdAnonymousPage: FaultStep<HugeFaultResult>;
  readonly hugePmdSetAccessed: (w: World, f: Fault, pmd: Entry) => Steps<void>;
  readonly wpHugePmd: (w: World, f: Fault, pmd: Entry) => Steps<HugeFaultResult>;
  readonly doHugePmdWpPage: (w: World, f: Fault, pmd: Entry) => Steps<HugeFaultResult>;
  readonly splitHugePmd: (w: World, vma: Vma, slot: PmdSlot) => Steps<void>;

  readonly doFault: FaultStep<FaultResult>;
  readonly doReadFault: FaultStep<FaultResult>;
  readonly doCowFault: FaultStep<FaultResult>;
  readonly doSharedFault: FaultStep<FaultResult>;
  readonly __doFault: FaultStep<Found>;
  readonly filemapGetEntry: (w: World, file: AddressSpace, index: number) => Steps<Folio | null>;
  /** The new folio is locked at the end, whether it is in the cache now or not. */
  readonly filemapAddFolio: (w: World, file: AddressSpace, index: number, folio: Folio) => Steps<boolean>;
  readonly shmemGetFolioGfp: FaultStep<Found>;
  readonly filemapFault: FaultStep<Found>;
  readonly filemapFaultRecheckPteNone: FaultStep<"ok" | "nopage">;
  readonly doFaultAround: FaultStep<"ok" | "nopage">;
  readonly filemapMapPages: (w: World, f: Fault, window: Window) => Steps<"ok" | "nopage">;
  readonly filemapMapPmd: (w: World, f: Fault, folio: Folio) => Steps<boolean>;
  readonly nextUptodateFolio: (w: World, f: Fault, window: Window) => Steps<Near | null>;
  readonly finishFault: (w: World, f: Fault, folio: Folio) => Steps<FaultResult>;
  readonly installTable: FaultStep<void>;
  /** Maps a huge folio whole; on success the caller's reference is the mapping's. */
  readonly doSetPmd: (w: World, vma: Vma, address: number, folio: Folio, isWrite?: boolean) => Steps<boolean>;

  readonly doWpPage: FaultStep<FaultResult>;
  readonly wpCanReuseAnonFolio: (w: World, f: Fault, folio: Folio) => Steps<boolean>;
  readonly wpPageReuse: FaultStep<void>;
  readonly wpPageShared: (w: World, f: Fault, folio: Folio) => Steps<FaultResult>;
  readonly doPageMkwrite: (w: World, f: Fault, folio: Folio) => Steps<boolean>;
  readonly finishMkwriteFault: FaultStep<"ok" | "nopage">;
  readonly wpPageCopy: (w: World, f: Fault, old: Folio | null) => Steps<FaultResult>;
  readonly ptepClearFlush: FaultStep<Entry>;

  readonly doSwapPage: FaultStep<FaultResult>;
  readonly handlePteMarker: FaultStep<FaultResult>;
  readonly migrationEntryWait: FaultStep<void>;
  readonly pmdMigrationEntryWait: FaultStep<void>;
  readonly doNumaPage: FaultStep<FaultResult>;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const faults: ReleaseTable<FaultOps> = {
  "6.18": {
    doUserAddrFault,
    lockMmAndFindVma,
    handleMmFault,
    handlePteFault,
    doPteMissing,
    vmfAnonPrepare,
    vmfCanCallFault,
    pteOffsetMapLockChecked,
    doAnonymousPage,
    createHugePmd,
    doHugePmdAnonymousPage,
    hugePmdSetAccessed,
    wpHugePmd,
    doHugePmdWpPage,
    splitHugePmd,
    doFault,
    doReadFault,
    doCowFault,
    doSharedFault,
    __doFault,
    filemapGetEntry,
    filemapAddFolio,
    shmemGetFolioGfp,
    filemapFault,
    filemapFaultRecheckPteNone,
    doFaultAround,
    filemapMapPages,
    filemapMapPmd,
    nextUptodateFolio,
    finishFault,
    installTable,
    doSetPmd,
    doWpPage,
    wpCanReuseAnonFolio,
    wpPageReuse,
    wpPageShared,
    doPageMkwrite,
    finishMkwriteFault,
    wpPageCopy,
    ptepClearFlush,
    doSwapPage,
    handlePteMarker,
    migrationEntryWait,
    pmdMigrationEntryWait,
    doNumaPage,
  },
  // Before the 6.13 series that split pte_offset_map_nolock() in two.
  "6.12": {
    handlePteFault: handlePteFault_6_12,
    filemapFaultRecheckPteNone: filemapFaultRecheckPteNone_6_12,
  },
  // Before 2b0f922323cc (6.12).
  "6.11": { doSetPmd: doSetPmd_6_11 },
  // Before 24be02a42181 (6.10).
  "6.9": {
    doUserAddrFault: doUserAddrFault_6_6,
    filemapFaultRecheckPteNone: filemapFaultRecheckPteNone_6_9,
    vmfAnonPrepare: vmfAnonPrepare_6_6,
  },
  // Before bc7996c864bd (6.10), 58f327f2ce80 (6.9), and the 6.7 series that lets ->fault run under the VMA's lock.
  "6.6": {
    doUserAddrFault: doUserAddrFault_6_6,
    filemapFaultRecheckPteNone: filemapFaultRecheckPteNone_6_6,
    vmfAnonPrepare: vmfAnonPrepare_6_6,
    vmfCanCallFault: vmfCanCallFault_6_6,
  },
  // Before 0d940a9b270b (6.5) a table that was seen stays.
  "6.1": { handlePteFault: handlePteFault_6_1, pteOffsetMapLockChecked: pteOffsetMapLockChecked_6_1 },
};
