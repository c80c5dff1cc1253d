/** Linux v6.11. */

import { defineProcedures } from "@mmrace/scheduler";
import type { KernelOps } from "../kernel.ts";
import { moveNormalPmd_6_6 } from "../ops/mremap.ts";
import { linux_6_12 } from "./linux-6-12.ts";

/** v6.12 but for the whole-table move of mremap (before 6fa1066fc5d0). */
export const linux_6_11: KernelOps = {
  ...linux_6_12,
  ...defineProcedures({ moveNormalPmd: moveNormalPmd_6_6 }),
};
