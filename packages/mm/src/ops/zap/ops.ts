/** Unmapping, and what follows it: flushes and freeing, by release. */

import type { Steps } from "@mmrace/scheduler";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { MmuGather } from "../../state/mmu-gather.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { PageTable } from "../../state/page-table.ts";
import type { World } from "../../state/world.ts";
import {
  pteFreeTlb,
  tlbFinishMmu,
  tlbFlushMmu,
  tlbFlushMmuTlbonly,
  tlbGatherMmu,
  tlbRemoveTableSyncOne,
  tlbTableFlush,
  tlbTableFlush_6_12,
} from "./mmu-gather.ts";

/** The procedures of this area, under the kernel's names. */
export interface ZapOps {
  readonly tlbGatherMmu: (w: World, mm: MmStruct, isFullMm: boolean) => Steps<MmuGather>;
  readonly tlbFlushMmu: (w: World, tlb: MmuGather) => Steps<void>;
  readonly tlbFlushMmuTlbonly: (w: World, tlb: MmuGather) => Steps<void>;
  readonly tlbTableFlush: (w: World, tlb: MmuGather) => Steps<void>;
  readonly pteFreeTlb: (w: World, tlb: MmuGather, table: PageTable, address: number) => Steps<void>;
  readonly tlbFinishMmu: (w: World, tlb: MmuGather) => Steps<void>;
  readonly tlbRemoveTableSyncOne: (w: World) => Steps<void>;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const zap: ReleaseTable<ZapOps> = {
  "6.18": {
    tlbGatherMmu,
    tlbFlushMmu,
    tlbFlushMmuTlbonly,
    tlbTableFlush,
    pteFreeTlb,
    tlbFinishMmu,
    tlbRemoveTableSyncOne,
  },
  // Before 718b13861d22 and 4817f70c25b6 (6.14).
  "6.12": { tlbTableFlush: tlbTableFlush_6_12 },
};
