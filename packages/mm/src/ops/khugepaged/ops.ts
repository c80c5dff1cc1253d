/** Collapsing small pages into huge ones, by release. */

import type { Steps } from "@mmrace/scheduler";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { AddressSpace } from "../../state/address-space.ts";
import type { Folio } from "../../state/folio.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { collapseFile } from "./collapse-file.ts";
import {
  collapsePteMappedThp,
  collapsePteMappedThp_1043173eb5eb,
  setHugePmd,
} from "./collapse-pte-mapped-thp.ts";
import { retractPageTables_4_12 } from "./retract-page-tables-4-12.ts";
import { findPmdOrThpOrNone, retractPageTables, type PmdState } from "./retract-page-tables.ts";

/** The procedures of this area, under the kernel's names. */
export interface KhugepagedOps {
  readonly findPmdOrThpOrNone: (w: World, slot: PmdSlot) => Steps<PmdState>;
  readonly collapseFile: (w: World, file: AddressSpace, folio: Folio) => Steps<void>;
  readonly retractPageTables: (w: World, file: AddressSpace) => Steps<void>;
  readonly collapsePteMappedThp: (w: World, vma: Vma, installPmd: boolean) => Steps<void>;
  readonly setHugePmd: (w: World, vma: Vma, address: number, folio: Folio) => Steps<void>;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const khugepaged: ReleaseTable<KhugepagedOps> = {
  "6.18": { findPmdOrThpOrNone, collapseFile, retractPageTables, collapsePteMappedThp, setHugePmd },
  // Before 18e77600f7a1 (5.9).
  "4.12": { retractPageTables: retractPageTables_4_12 },
  "6.6-dev": { collapsePteMappedThp: collapsePteMappedThp_1043173eb5eb },
};
