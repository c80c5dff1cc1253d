/** What releases can do, told from their procedures, for what a scenario must reach. */

import type { Kernel } from "../kernels/kernels.ts";
import { linux_6_12 } from "../kernels/kernels.ts";

/** MADV_DONTNEED takes empty tables away: 6.14 and later. */
export function hasPtReclaim({ ops }: Kernel): boolean {
  return ops.zapPteRange !== linux_6_12.zapPteRange;
}
