/** What releases can do, told from their procedures, for what a scenario must reach. */

import type { Kernel } from "../kernels/kernels.ts";
import { linux_6_12, linux_6_14 } from "../kernels/kernels.ts";

/** MADV_DONTNEED takes empty tables away: 6.14 and later. */
export function hasPtReclaim({ ops }: Kernel): boolean {
  return ops.zapPteRange !== linux_6_12.zapPteRange;
}

/** Guard markers in files: 6.15 and later. */
export function hasFileGuards({ ops }: Kernel): boolean {
  return ![linux_6_12, linux_6_14].some((old) => old.madviseGuardInstall === ops.madviseGuardInstall);
}
