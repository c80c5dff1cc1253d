/** Moving page tables, by release. */

import type { Steps } from "@mmrace/scheduler";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { AnonVma, Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";
import { copyVma, doMremap, mremapTo } from "./do-mremap.ts";
import { moveHugePmd, moveNormalPmd, moveNormalPmd_6_6 } from "./move-pmd.ts";
import { moveEntriesAndUnlock, movePtes } from "./move-ptes.ts";
import { movePageTables, type Extent } from "./mremap.ts";
import { dropRmapLocks, takeRmapLocks } from "./rmap-locks.ts";

/** The procedures of this area, under the kernel's names. */
export interface MremapOps {
  /** The system call, for a whole VMA that keeps its size. */
  readonly mremapTo: (
    w: World,
    mm: MmStruct,
    address: number,
    length: number,
    newAddress: number,
  ) => Steps<number | "EFAULT">;
  /** The same for a VMA that stays where it is meanwhile. */
  readonly doMremap: (w: World, vma: Vma, newAddress: number) => Steps<Vma>;
  readonly copyVma: (w: World, vma: Vma, newAddress: number) => Steps<Vma>;
  readonly takeRmapLocks: (w: World, vma: Vma) => Steps<AnonVma | null>;
  readonly dropRmapLocks: (w: World, vma: Vma, anonVma: AnonVma | null) => Steps<void>;
  readonly movePageTables: (w: World, from: Vma, to: Vma, needRmapLocks?: boolean) => Steps<void>;
  readonly moveNormalPmd: (w: World, extent: Extent) => Steps<boolean>;
  readonly moveHugePmd: (w: World, extent: Extent) => Steps<boolean>;
  readonly movePtes: (w: World, extent: Extent) => Steps<boolean>;
  /** The end of `movePtes`, with the flush. */
  readonly moveEntriesAndUnlock: (
    w: World,
    extent: Extent,
    oldTable: Mapped,
    newTable: Mapped | null,
  ) => Steps<void>;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const mremap: ReleaseTable<MremapOps> = {
  "6.18": {
    mremapTo,
    doMremap,
    copyVma,
    takeRmapLocks,
    dropRmapLocks,
    movePageTables,
    moveNormalPmd,
    moveHugePmd,
    movePtes,
    moveEntriesAndUnlock,
  },
  // Before 6fa1066fc5d0 (6.12).
  "6.11": { moveNormalPmd: moveNormalPmd_6_6 },
};
