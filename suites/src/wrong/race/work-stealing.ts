/**
 * The work-stealing queues of SCTBench, one owner and one stealer who tries twice, four items. Those with a spin lock are
 * called interlocked there. WithState and StateWorkStealQueue have, as far as we read them, the queue without this bug:
 * what is wrong with them would be in their test; so here the last is only the owner who pushes all first and has two
 * stealers.
 */

import type { Memory, Program } from "../../program.ts";
import { workStealing } from "../../work-stealing.ts";

const SHAPE = { items: 4, stealers: 1, attempts: 2, fillsLastSlot: true, order: "by turns" } as const;

/** Those that a complete search can go through. */
export const workStealingQueues: readonly Program<Memory>[] = [
  workStealing(
    "wsq",
    { ...SHAPE, lock: "mutex" },
    {
      traces: 1_809,
      preemptions: [
        [2, 52, 849, 10_047],
        [0, 4, 144, 2_231],
      ],
      delays: [
        [1, 42, 496, 8_348],
        [0, 0, 84, 1_344],
      ],
    },
  ),
];

/** Those that are for sampling and for bounded searches. */
export const largeWorkStealingQueues: readonly Program<Memory>[] = [
  workStealing(
    "wsq + spin",
    { ...SHAPE, lock: "spin" },
    {
      preemptions: [
        [2, 69, 1_369],
        [0, 4, 169],
      ],
      delays: [
        [1, 59, 922],
        [0, 0, 84],
      ],
    },
  ),
  workStealing(
    "wsq all first + spin",
    { ...SHAPE, stealers: 2, lock: "spin", order: "all first" },
    {
      preemptions: [
        [6, 668],
        [0, 72],
      ],
      delays: [
        [1, 71, 2_056],
        [0, 0, 120],
      ],
    },
  ),
];
