/** A user of @mmrace/mm: a race of the kernel's history, found on the release that had it and gone on the fix. */

import { bugById, kernelById, scenarioFamily } from "@mmrace/mm";
import { explore, iterativeBound } from "@mmrace/scheduler";
