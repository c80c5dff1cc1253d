/** Page faults, by release. */

import type { Steps } from "@mmrace/scheduler";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { Folio } from "../../state/folio.ts";
import type { PageTable } from "../../state/page-table.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { doReadFault, doSetPmd, finishFault, handleMmFault } from "./read-fault.ts";

/** The procedures of this area, under the kernel's names. */
export interface FaultOps {
  readonly handleMmFault: (w: World, vma: Vma, address: number) => Steps<void>;
  readonly doReadFault: (w: World, vma: Vma, address: number) => Steps<void>;
  readonly finishFault: (
    w: World,
    vma: Vma,
    address: number,
    folio: Folio,
    prealloc: PageTable | null,
  ) => Steps<boolean>;
  readonly doSetPmd: (w: World, vma: Vma, address: number, folio: Folio) => Steps<boolean>;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const faults: ReleaseTable<FaultOps> = {
  "6.18": { handleMmFault, doReadFault, finishFault, doSetPmd },
};
