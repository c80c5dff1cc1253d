/** userfaultfd, by release. */

import type { Steps } from "@mmrace/scheduler";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { Vma } from "../../state/vma.ts";
import type { UffdEvent } from "../../state/userfaultfd-ctx.ts";
import type { World } from "../../state/world.ts";
import type { FaultFlags } from "../faults/fault.ts";
import { handleUserfault } from "./handle-userfault.ts";
import {
  mfillAtomic,
  mfillAtomic_6_6,
  mfillAtomicInstallPte,
  mfillAtomicPteCopy,
  type Result,
} from "./uffdio-copy.ts";

/** The procedures of this area, under the kernel's names. */
export interface UserfaultfdOps {
  readonly mfillAtomic: (w: World, vma: Vma, address: number) => Steps<Result>;
  readonly mfillAtomicPteCopy: (w: World, vma: Vma, address: number) => Steps<Result>;
  readonly mfillAtomicInstallPte: (w: World, vma: Vma, address: number) => Steps<Result>;
  readonly handleUserfault: (
    w: World,
    vma: Vma,
    address: number,
    why: UffdEvent["why"],
    flags: FaultFlags,
  ) => Steps<"retry" | "sigbus">;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const userfaultfd: ReleaseTable<UserfaultfdOps> = {
  "6.18": { mfillAtomic, mfillAtomicPteCopy, mfillAtomicInstallPte, handleUserfault },
  // Before 4828d207dc51 (6.11).
  "6.9": { mfillAtomic: mfillAtomic_6_6 },
  "6.6": { mfillAtomic: mfillAtomic_6_6 },
};
