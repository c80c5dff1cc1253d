/** Reaching, making and freeing PTE tables, by release. */

import type { Steps } from "@mmrace/scheduler";
import type { Entry } from "@mmrace/x86-paging";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { PageTable } from "../../state/page-table.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "./mapped.ts";
import {
  __pteOffsetMap,
  __pteOffsetMap_6_1,
  __pteOffsetMapLock,
  __pteOffsetMapLock_6_1,
  pmdTransUnstable,
  pteOffsetMap,
  pteOffsetMapNolock,
  pteOffsetMapRoNolock,
  pteOffsetMapRwNolock,
  pteUnmap,
  pteUnmap_6_1,
  pteUnmapUnlock,
  pteUnmapUnlock_6_1,
} from "./pte-offset-map.ts";
import { __pteAlloc, pmdInstall, pmdpCollapseFlush, pteAlloc, pteFree, pteFreeDefer } from "./table-life.ts";

/** The procedures of this area, under the kernel's names. */
export interface PgtableOps {
  readonly __pteOffsetMap: (w: World, slot: PmdSlot) => Steps<Mapped | null>;
  readonly __pteOffsetMapLock: (w: World, slot: PmdSlot) => Steps<Mapped | null>;
  readonly pteOffsetMap: (w: World, slot: PmdSlot) => Steps<Mapped | null>;
  /** 6.5 to 6.12. */
  readonly pteOffsetMapNolock: (w: World, slot: PmdSlot) => Steps<Mapped | null>;
  /** 6.13 and later. */
  readonly pteOffsetMapRoNolock: (w: World, slot: PmdSlot) => Steps<Mapped | null>;
  /** 6.13 and later. */
  readonly pteOffsetMapRwNolock: (w: World, slot: PmdSlot) => Steps<Mapped | null>;
  readonly pteUnmap: (w: World) => Steps<void>;
  readonly pteUnmapUnlock: (w: World, mapped: Mapped) => Steps<void>;
  /** Up to 6.4. */
  readonly pmdTransUnstable: (w: World, slot: PmdSlot) => Steps<boolean>;
  readonly pmdInstall: (w: World, mm: MmStruct, slot: PmdSlot, table: PageTable) => Steps<boolean>;
  readonly pteAlloc: (w: World, mm: MmStruct, slot: PmdSlot) => Steps<void>;
  readonly __pteAlloc: (w: World, mm: MmStruct, slot: PmdSlot) => Steps<void>;
  readonly pteFree: (w: World, table: PageTable) => Steps<void>;
  /** 6.6 and later. */
  readonly pteFreeDefer: (w: World, table: PageTable) => Steps<void>;
  readonly pmdpCollapseFlush: (w: World, mm: MmStruct, slot: PmdSlot) => Steps<Entry>;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const pgtable: ReleaseTable<PgtableOps> = {
  "6.18": {
    __pteOffsetMap,
    __pteOffsetMapLock,
    pteOffsetMap,
    pteOffsetMapNolock,
    pteOffsetMapRoNolock,
    pteOffsetMapRwNolock,
    pteUnmap,
    pteUnmapUnlock,
    pmdTransUnstable,
    pmdInstall,
    pteAlloc,
    __pteAlloc,
    pteFree,
    pteFreeDefer,
    pmdpCollapseFlush,
  },
  // Before 0d940a9b270b (6.5) mapping cannot fail, before the 6.6 series it opens no RCU section.
  "6.1": {
    __pteOffsetMap: __pteOffsetMap_6_1,
    __pteOffsetMapLock: __pteOffsetMapLock_6_1,
    pteUnmap: pteUnmap_6_1,
    pteUnmapUnlock: pteUnmapUnlock_6_1,
  },
};
