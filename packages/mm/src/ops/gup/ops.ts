/** Getting user pages without locks, by release. */

import type { Steps } from "@mmrace/scheduler";
import type { Entry } from "@mmrace/x86-paging";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { Folio } from "../../state/folio.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { World } from "../../state/world.ts";
import {
  gupFast,
  gupFastPmdLeaf,
  gupFastPteRange,
  gupFastPteRange_6_0,
  unpinUserPage,
  type Got,
  type GupFlags,
} from "./gup-fast.ts";

type GupEntry = (
  w: World,
  slot: PmdSlot,
  entry: Entry,
  address: number,
  flags: GupFlags,
) => Steps<Got | null>;

/** The procedures of this area, under the kernel's names. */
export interface GupOps {
  readonly gupFast: (w: World, mm: MmStruct, address: number, flags: GupFlags) => Steps<Folio | null>;
  readonly gupFastPteRange: GupEntry;
  readonly gupFastPmdLeaf: GupEntry;
  readonly unpinUserPage: (w: World, folio: Folio) => Steps<void>;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const gup: ReleaseTable<GupOps> = {
  "6.18": { gupFast, gupFastPteRange, gupFastPmdLeaf, unpinUserPage },
  // Before 70cbc3cc78a9 (6.1).
  "6.0": { gupFastPteRange: gupFastPteRange_6_0 },
};
