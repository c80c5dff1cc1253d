/** From folios to the entries that map them, by release. */

import type { Steps } from "@mmrace/scheduler";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { anonVmaPrepare } from "./anon-vma.ts";

/** The procedures of this area, under the kernel's names. */
export interface RmapOps {
  readonly anonVmaPrepare: (w: World, vma: Vma) => Steps<void>;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const rmap: ReleaseTable<RmapOps> = { "6.18": { anonVmaPrepare } };
