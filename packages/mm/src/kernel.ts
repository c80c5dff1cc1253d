/** What a kernel release is: a record of procedures. A fix is a different record; no procedure asks which release it is in. */

import type { Steps } from "@mmrace/scheduler";
import type { Entry } from "@mmrace/x86-paging";
import type { AddressSpace } from "./state/address-space.ts";
import type { MmStruct, PmdSlot } from "./state/mm-struct.ts";
import type { PageTable } from "./state/page-table.ts";
import type { AnonVma, Vma } from "./state/vma.ts";
import type { World } from "./state/world.ts";

/** What mapping a PTE gives: the table that the slot named, and the value by which it did. */
export interface MappedTable {
  readonly table: PageTable;
  /** The PMD value the table was taken from. */
  readonly pmdval: Entry;
}

/** What classifying a PMD slot says (mm/khugepaged.c, `enum scan_result`, reduced). */
export type PmdState = "SUCCEED" | "PMD_NONE" | "PMD_MAPPED" | "PMD_NULL";

/** What a system call gives back: 0 or an error name. */
export type Result = 0 | "EAGAIN" | "EEXIST" | "EFAULT" | "ENOMEM" | "EINVAL";

/** The procedures of one release, under the kernel's names. */
export interface KernelOps {
  readonly __pteOffsetMap: (w: World, slot: PmdSlot) => Steps<MappedTable | null>;
  readonly __pteOffsetMapLock: (w: World, slot: PmdSlot) => Steps<PageTable | null>;
  readonly pteOffsetMapNolock: (w: World, slot: PmdSlot) => Steps<PageTable | null>;
  readonly pteUnmap: (w: World) => Steps<void>;
  readonly pteUnmapUnlock: (w: World, table: PageTable) => Steps<void>;
  readonly pmdInstall: (w: World, mm: MmStruct, slot: PmdSlot, table: PageTable) => Steps<boolean>;
  readonly __pteAlloc: (w: World, mm: MmStruct, slot: PmdSlot) => Steps<void>;
  readonly pteFreeDefer: (w: World, table: PageTable) => Steps<void>;
  readonly pmdpCollapseFlush: (w: World, mm: MmStruct, slot: PmdSlot) => Steps<Entry>;
  readonly anonVmaPrepare: (w: World, vma: Vma) => Steps<void>;

  readonly findPmdOrThpOrNone: (w: World, slot: PmdSlot) => Steps<PmdState>;
  readonly collapseFile: (w: World, file: AddressSpace) => Steps<void>;
  readonly retractPageTables: (w: World, file: AddressSpace) => Steps<void>;
  readonly collapsePteMappedThp: (w: World, vma: Vma, installPmd: boolean) => Steps<void>;
  readonly setHugePmd: (w: World, vma: Vma) => Steps<void>;

  readonly mfillAtomic: (w: World, vma: Vma, address: number) => Steps<Result>;
  readonly mfillAtomicPteCopy: (w: World, vma: Vma, address: number) => Steps<Result>;
  readonly mfillAtomicInstallPte: (w: World, vma: Vma, address: number) => Steps<Result>;

  readonly handleMmFault: (w: World, vma: Vma, address: number) => Steps<void>;
  readonly doReadFault: (w: World, vma: Vma, address: number) => Steps<void>;
  readonly finishFault: (w: World, vma: Vma, address: number, prealloc: PageTable | null) => Steps<boolean>;
  readonly doSetPmd: (w: World, vma: Vma) => Steps<boolean>;

  readonly takeRmapLocks: (w: World, vma: Vma) => Steps<AnonVma | null>;
  readonly dropRmapLocks: (w: World, vma: Vma, anonVma: AnonVma | null) => Steps<void>;
  readonly movePageTables: (w: World, from: Vma, to: Vma) => Steps<void>;
  readonly moveNormalPmd: (w: World, from: Vma, to: Vma) => Steps<boolean>;
  readonly movePtes: (w: World, from: Vma, to: Vma) => Steps<boolean>;
}
