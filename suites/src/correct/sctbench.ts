/** Twins of the programs with a bug of SCTBench, without it: what is found there is not found in everything. */

import type { Memory, Program } from "../program.ts";
import { safeStack } from "../safe-stack.ts";
import { workStealing } from "../work-stealing.ts";

/** All of them. */
export const sctbench: readonly Program<Memory>[] = [
  workStealing(
    "wsq that leaves a slot free",
    { items: 4, stealers: 1, attempts: 2, fillsLastSlot: false, lock: "mutex", order: "by turns" },
    { traces: 1_224 },
  ),
  safeStack("safe_stack under a lock", { threads: 2, rounds: 1, isLocked: true }, {}),
];
