/** From folios to the entries that map them, by release. */

import type { Steps } from "@mmrace/scheduler";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { AddressSpace } from "../../state/address-space.ts";
import type { Folio } from "../../state/folio.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { anonVmaPrepare } from "./anon-vma.ts";
import { folioReferenced } from "./folio-referenced.ts";
import {
  lockWalkedPte,
  lockWalkedPte_6_1,
  lockWalkedPte_6_12,
  mapPte,
  mapPte_6_12,
  pageVmaMappedWalk,
  pageVmaMappedWalkDone,
  type PageVmaMappedWalk,
} from "./page-vma-mapped-walk.ts";
import { rmapWalk, type RmapOne } from "./rmap-walk.ts";
import { flushTlbBatchedPending, setTlbUbcFlushPending, tryToUnmapFlush } from "./tlb-batch.ts";
import { tryToUnmap, tryToUnmapOne, type UnmapFlags } from "./try-to-unmap.ts";
import { unlinkAnonVmas, unlinkFileVma, vmaLinkFile } from "./unlink.ts";

/** The procedures of this area, under the kernel's names. */
export interface RmapOps {
  readonly anonVmaPrepare: (w: World, vma: Vma) => Steps<void>;
  readonly unlinkAnonVmas: (w: World, vma: Vma) => Steps<void>;
  readonly unlinkFileVma: (w: World, file: AddressSpace, vmas: readonly Vma[]) => Steps<void>;
  readonly vmaLinkFile: (w: World, vma: Vma) => Steps<void>;
  readonly rmapWalk: (w: World, folio: Folio, one: RmapOne) => Steps<void>;
  readonly pageVmaMappedWalk: (w: World, walk: PageVmaMappedWalk) => Steps<boolean>;
  readonly pageVmaMappedWalkDone: (w: World, walk: PageVmaMappedWalk) => Steps<void>;
  readonly mapPte: (w: World, walk: PageVmaMappedWalk) => Steps<boolean>;
  /** Takes the PTE lock of a table that was mapped without; false: the table has gone. */
  readonly lockWalkedPte: (w: World, walk: PageVmaMappedWalk) => Steps<boolean>;
  readonly tryToUnmap: (w: World, folio: Folio, flags: UnmapFlags) => Steps<boolean>;
  readonly tryToUnmapOne: (
    w: World,
    folio: Folio,
    vma: Vma,
    address: number,
    flags: UnmapFlags,
  ) => Steps<boolean>;
  readonly setTlbUbcFlushPending: (w: World, mm: MmStruct) => Steps<void>;
  readonly flushTlbBatchedPending: (w: World, mm: MmStruct) => Steps<void>;
  readonly tryToUnmapFlush: (w: World) => Steps<void>;
  readonly folioReferenced: (w: World, folio: Folio) => Steps<number>;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const rmap: ReleaseTable<RmapOps> = {
  "6.18": {
    anonVmaPrepare,
    unlinkAnonVmas,
    unlinkFileVma,
    vmaLinkFile,
    rmapWalk,
    pageVmaMappedWalk,
    pageVmaMappedWalkDone,
    mapPte,
    lockWalkedPte,
    tryToUnmap,
    tryToUnmapOne,
    setTlbUbcFlushPending,
    flushTlbBatchedPending,
    tryToUnmapFlush,
    folioReferenced,
  },
  // Before 04965da7a4af (6.13).
  "6.12": { mapPte: mapPte_6_12, lockWalkedPte: lockWalkedPte_6_12 },
  "6.1": { lockWalkedPte: lockWalkedPte_6_1 },
};
