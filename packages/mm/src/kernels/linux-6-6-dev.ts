/** Linux at 1043173eb5eb: the development of v6.6, between the new locking of collapse and its fix. Never released. */

import { defineProcedures } from "@mmrace/scheduler";
import type { KernelOps } from "../kernel.ts";
import { collapsePteMappedThp_1043173eb5eb } from "../ops/collapse-pte-mapped-thp.ts";
import { linux_6_6 } from "./linux-6-6.ts";

/** v6.6 but for the collapse of PTE-mapped huge pages. */
export const linux_6_6_dev: KernelOps = {
  ...linux_6_6,
  ...defineProcedures({ collapsePteMappedThp: collapsePteMappedThp_1043173eb5eb }),
};
