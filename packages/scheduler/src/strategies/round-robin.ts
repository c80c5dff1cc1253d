/** Round robin: the schedule of a machine with one CPU and a timer. A baseline, and no search. */

import { UsageError } from "../assert.ts";
import type { Strategy } from "../strategy.ts";

/** Options of `roundRobin`. */
export interface RoundRobinOptions {
  /** How many steps a thread runs before the next one's turn; a positive integer. A thread that blocks loses the rest. */
  readonly quantum: number;
}

/**
 * Runs the one execution in which threads take turns in the order of their numbers. Data choices are 0.
 *
 * @throws {UsageError} when `quantum` is not a positive integer.
 */
export function roundRobin({ quantum }: RoundRobinOptions): Strategy {
  if (!Number.isInteger(quantum) || quantum < 1) {
    throw new UsageError(`roundRobin: quantum must be a positive number of steps, not ${quantum}.`);
  }
  let executionsLeft = 1;
  let last = -1;
  let stepsLeft = 0;
  return {
    name: "round robin",
    isComplete: false,
    beginExecution: () => {
      last = -1;
      stepsLeft = 0;
      return executionsLeft-- > 0;
    },
    pickThread: ({ enabled, current }) => {
      if (current === undefined || stepsLeft === 0) {
        last = (enabled.find(({ id }) => id > last) ?? enabled[0]!).id;
        stepsLeft = quantum;
      }
      stepsLeft--;
      return last;
    },
    pickValue: () => 0,
  };
}
