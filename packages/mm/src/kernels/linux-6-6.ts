/** Linux v6.6. */

import { defineProcedures } from "@mmrace/scheduler";
import type { KernelOps } from "../kernel.ts";
import { mfillAtomic_6_6 } from "../ops/uffdio-copy.ts";
import { linux_6_11 } from "./linux-6-11.ts";

/** v6.11 but for the assertions of the userfaultfd fill (before 4828d207dc51). */
export const linux_6_6: KernelOps = { ...linux_6_11, ...defineProcedures({ mfillAtomic: mfillAtomic_6_6 }) };
