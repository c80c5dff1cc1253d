/** Iterative preemption bounding: all schedules with 0 preemptions, then with 1, and so on (PLDI 2007). */

import { UsageError } from "../assert.ts";
import type { Strategy } from "../strategy.ts";
import { exhaustive } from "./exhaustive.ts";

/**
 * Searches level by level, so the first counterexample has the fewest preemptions possible. Stops after `preemptionsMax`
 * or earlier, when a level cut nothing off and so was the whole search. Schedules of lower levels are run again on
 * higher ones; the counts include them.
 */
export function iterativeBound(options: { readonly preemptionsMax: number }): Strategy {
  const { preemptionsMax } = options;
  if (!Number.isInteger(preemptionsMax) || preemptionsMax < 0) {
    throw new UsageError(`bounded: preemptions must be 0 or a positive integer, not ${preemptionsMax}.`);
  }
  let level = 0;
  let search = exhaustive({ preemptionsMax: level });
  const beginExecution = (): boolean => {
    if (search.beginExecution()) return true;
    if (search.isComplete || level === preemptionsMax) return false;
    search = exhaustive({ preemptionsMax: ++level });
    return search.beginExecution();
  };
  return {
    name: "bounded",
    preemptionsMax,
    get isComplete() {
      return search.isComplete;
    },
    beginExecution,
    pickThread: (point) => search.pickThread(point),
    pickValue: (count) => search.pickValue(count),
  };
}
