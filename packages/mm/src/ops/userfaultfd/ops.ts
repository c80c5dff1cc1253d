/** userfaultfd, by release. */

import type { Steps } from "@mmrace/scheduler";
import type { Entry } from "@mmrace/x86-paging";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { Folio } from "../../state/folio.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { MmuGather } from "../../state/mmu-gather.ts";
import type { UserfaultfdCtx } from "../../state/userfaultfd-ctx.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";
import type { FaultFlags, FaultResult } from "../faults/fault.ts";
import { handleUserfault, userfaultfdMustWait, wakeUserfault, type UffdReason } from "./handle-userfault.ts";
import {
  mfillAtomic,
  mfillAtomic_6_6,
  mfillAtomicPmd,
  mfillAtomicPmd_6_6,
  mfillAtomicPte,
  userfaultfdFill,
  type FillMode,
  type Result,
} from "./mfill-atomic.ts";
import {
  uffdMfillLock,
  uffdMfillLock_6_6,
  uffdMfillUnlock,
  uffdMfillUnlock_6_6,
  uffdMoveLock,
  uffdMoveUnlock,
  type MovePair,
} from "./mfill-lock.ts";
import {
  mfillAtomicInstallPte,
  mfillAtomicPteContinue,
  mfillAtomicPteCopy,
  mfillAtomicPtePoison,
  mfillAtomicPtePoison_6_1,
  mfillAtomicPteZeropage,
  shmemMfillAtomicPte,
} from "./mfill-pte.ts";
import {
  isPtePagesStable,
  isPtePagesStable_6_12,
  lockSwapCacheToMove,
  lockSwapCacheToMove_6_12,
  movePresentPte,
  moveSwapPte,
  moveSwapPte_6_14,
  moveZeropagePte,
} from "./move-entries.ts";
import { movePagesHugePmd } from "./move-huge.ts";
import {
  lockFolioToMove,
  lockFolioToMove_6_12,
  mapForMove,
  mapForMove_6_12,
  movePagesPte,
  type Attempt,
  type Held,
  type Outcome,
} from "./move-pages-pte.ts";
import {
  mayMoveSplit,
  mayMoveSplit_6_14,
  movePages,
  movePages_6_6,
  movePagesLocked,
  movePagesLocked_6_6,
  type MoveStep,
} from "./move-pages.ts";
import {
  userfaultfdRegister,
  userfaultfdRegisterRange,
  userfaultfdUnregister,
  userfaultfdUnregisterRange,
} from "./register.ts";
import {
  changePteRangeUffdWp,
  mwriteprotectRange,
  mwriteprotectRange_6_6,
  uffdWpRange,
  uffdWpResolve,
  uffdWpResolve_6_1,
  userfaultfdWriteprotect,
  type WpChange,
} from "./write-protect.ts";

/** A change of the uffd-wp protection of a range. */
type WpCall<R, Where = Vma> = (
  w: World,
  where: Where,
  start: number,
  end: number,
  isEnabled: boolean,
) => Steps<R>;

/** Whatever names the address space; VMAs are looked up in it, under a lock. */
type InMm = Pick<Vma, "mm">;

/** A fill of one page by one mode. */
type FillOne = (w: World, vma: Vma, address: number) => Steps<Result>;

/** The procedures of this area, under the kernel's names. */
export interface UserfaultfdOps {
  readonly userfaultfdRegister: (w: World, vma: Vma, modes: number) => Steps<Result>;
  readonly userfaultfdUnregister: (w: World, vma: Vma) => Steps<Result>;
  /** UFFDIO_REGISTER. */
  readonly userfaultfdRegisterRange: (
    w: World,
    mm: MmStruct,
    start: number,
    end: number,
    modes: number,
  ) => Steps<Result>;
  /** UFFDIO_UNREGISTER. */
  readonly userfaultfdUnregisterRange: (w: World, mm: MmStruct, start: number, end: number) => Steps<Result>;

  readonly handleUserfault: (
    w: World,
    vma: Vma,
    address: number,
    why: UffdReason,
    flags: FaultFlags,
  ) => Steps<FaultResult>;
  readonly userfaultfdMustWait: (w: World, vma: Vma, address: number, why: UffdReason) => Steps<boolean>;
  /** UFFDIO_WAKE, and the end of whatever resolves faults. */
  readonly wakeUserfault: (w: World, ctx: UserfaultfdCtx) => Steps<void>;

  readonly uffdMfillLock: (w: World, mm: MmStruct, address: number) => Steps<Vma | null>;
  readonly uffdMfillUnlock: (w: World, vma: Vma) => Steps<void>;
  /** The system calls that fill: with the wakeup. */
  readonly userfaultfdFill: (w: World, like: InMm, address: number, mode: FillMode) => Steps<Result>;
  readonly mfillAtomic: (w: World, like: InMm, address: number, mode?: FillMode) => Steps<Result>;
  readonly mfillAtomicPmd: (w: World, vma: Vma, address: number, mode: FillMode) => Steps<Result>;
  readonly mfillAtomicPte: (w: World, vma: Vma, address: number, mode: FillMode) => Steps<Result>;
  readonly mfillAtomicPteCopy: FillOne;
  readonly mfillAtomicPteZeropage: FillOne;
  readonly mfillAtomicPteContinue: FillOne;
  /** 6.6 and later. */
  readonly mfillAtomicPtePoison: FillOne;
  readonly shmemMfillAtomicPte: FillOne;
  readonly mfillAtomicInstallPte: (w: World, vma: Vma, address: number, folio: Folio) => Steps<Result>;

  readonly userfaultfdWriteprotect: WpCall<Result, InMm>;
  readonly mwriteprotectRange: WpCall<Result, InMm>;
  readonly uffdWpRange: WpCall<void>;
  /** A present entry without the protection that it had. */
  readonly uffdWpResolve: (w: World, vma: Vma, pte: Entry) => Steps<Entry>;
  readonly changePteRangeUffdWp: (w: World, tlb: MmuGather, change: WpChange) => Steps<boolean>;

  readonly uffdMoveLock: (w: World, mm: MmStruct, dst: number, src: number) => Steps<MovePair | null>;
  readonly uffdMoveUnlock: (w: World, pair: MovePair) => Steps<void>;
  /** 6.8 and later; the default length is one page. */
  readonly movePages: (w: World, mm: MmStruct, dst: number, src: number, length?: number) => Steps<Result>;
  readonly movePagesLocked: (w: World, step: MoveStep, length?: number) => Steps<Result>;
  readonly mayMoveSplit: (w: World, pmd: Entry) => Steps<boolean>;
  readonly movePagesHugePmd: (w: World, step: MoveStep, dstPmd: Entry, srcPmd: Entry) => Steps<Result>;
  readonly movePagesPte: (w: World, step: MoveStep) => Steps<Result>;
  readonly mapForMove: (w: World, slot: PmdSlot) => Steps<Mapped | null>;
  readonly lockFolioToMove: (w: World, attempt: Attempt, held: Held) => Steps<Outcome>;
  readonly lockSwapCacheToMove: (w: World, attempt: Attempt, held: Held) => Steps<Outcome>;
  readonly isPtePagesStable: (w: World, attempt: Attempt) => Steps<boolean>;
  readonly movePresentPte: (w: World, attempt: Attempt, folio: Folio) => Steps<Result>;
  readonly moveZeropagePte: (w: World, attempt: Attempt) => Steps<Result>;
  readonly moveSwapPte: (w: World, attempt: Attempt, folio: Folio | null) => Steps<Result>;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const userfaultfd: ReleaseTable<UserfaultfdOps> = {
  "6.18": {
    userfaultfdRegister,
    userfaultfdUnregister,
    userfaultfdRegisterRange,
    userfaultfdUnregisterRange,
    handleUserfault,
    userfaultfdMustWait,
    wakeUserfault,
    uffdMfillLock,
    uffdMfillUnlock,
    userfaultfdFill,
    mfillAtomic,
    mfillAtomicPmd,
    mfillAtomicPte,
    mfillAtomicPteCopy,
    mfillAtomicPteZeropage,
    mfillAtomicPteContinue,
    mfillAtomicPtePoison,
    shmemMfillAtomicPte,
    mfillAtomicInstallPte,
    userfaultfdWriteprotect,
    mwriteprotectRange,
    uffdWpRange,
    uffdWpResolve,
    changePteRangeUffdWp,
    uffdMoveLock,
    uffdMoveUnlock,
    movePages,
    movePagesLocked,
    mayMoveSplit,
    movePagesHugePmd,
    movePagesPte,
    mapForMove,
    lockFolioToMove,
    lockSwapCacheToMove,
    isPtePagesStable,
    movePresentPte,
    moveZeropagePte,
    moveSwapPte,
  },
  // Before 0ea148a79919 (6.16) and aba6faec0103 (6.17).
  "6.14": { moveSwapPte: moveSwapPte_6_14, mayMoveSplit: mayMoveSplit_6_14 },
  // Before e9c74b543163 (6.13), dd95d2782a25, 37b338eed105 and c50f8e6053b0 (6.14).
  "6.12": {
    mapForMove: mapForMove_6_12,
    isPtePagesStable: isPtePagesStable_6_12,
    lockFolioToMove: lockFolioToMove_6_12,
    lockSwapCacheToMove: lockSwapCacheToMove_6_12,
  },
  // Before 4828d207dc51 (6.11) a fill asserts that its slot is a table.
  "6.9": { mfillAtomicPmd: mfillAtomicPmd_6_6 },
  // UFFDIO_MOVE came with 6.8. Before 867a43a34ff8 (6.9) mmap_lock for read.
  "6.6": {
    uffdMfillLock: uffdMfillLock_6_6,
    uffdMfillUnlock: uffdMfillUnlock_6_6,
    mfillAtomic: mfillAtomic_6_6,
    mfillAtomicPmd: mfillAtomicPmd_6_6,
    mwriteprotectRange: mwriteprotectRange_6_6,
    movePages: movePages_6_6,
    movePagesLocked: movePagesLocked_6_6,
  },
  "6.1": { mfillAtomicPtePoison: mfillAtomicPtePoison_6_1, uffdWpResolve: uffdWpResolve_6_1 },
};
