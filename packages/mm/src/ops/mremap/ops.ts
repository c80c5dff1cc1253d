/** Moving page tables, by release. */

import type { Steps } from "@mmrace/scheduler";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { AnonVma, Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import {
  dropRmapLocks,
  moveNormalPmd,
  moveNormalPmd_6_6,
  movePageTables,
  movePtes,
  takeRmapLocks,
} from "./mremap.ts";

/** The procedures of this area, under the kernel's names. */
export interface MremapOps {
  readonly takeRmapLocks: (w: World, vma: Vma) => Steps<AnonVma | null>;
  readonly dropRmapLocks: (w: World, vma: Vma, anonVma: AnonVma | null) => Steps<void>;
  readonly movePageTables: (w: World, from: Vma, to: Vma) => Steps<void>;
  readonly moveNormalPmd: (w: World, from: Vma, to: Vma) => Steps<boolean>;
  readonly movePtes: (w: World, from: Vma, to: Vma) => Steps<boolean>;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const mremap: ReleaseTable<MremapOps> = {
  "6.18": { takeRmapLocks, dropRmapLocks, movePageTables, moveNormalPmd, movePtes },
  // Before 6fa1066fc5d0 (6.12).
  "6.11": { moveNormalPmd: moveNormalPmd_6_6 },
};
