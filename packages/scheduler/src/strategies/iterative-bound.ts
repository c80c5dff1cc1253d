/**
 * Iterative bounding: all schedules with 0 preemptions, then with 1, and so on (Musuvathi and Qadeer, PLDI 2007); or the
 * same with delays (Emmi, Qadeer and Rakamaric, POPL 2011).
 */

import { UsageError } from "../assert.ts";
import type { Strategy } from "../strategy.ts";
import { checkBound } from "./bounds.ts";
import { exhaustive } from "./exhaustive.ts";

/** The last level of `iterativeBound`, and what its levels count. */
export type IterativeBoundOptions = { readonly preemptionsMax: number } | { readonly delaysMax: number };

/**
 * Searches level by level, so the first counterexample has the fewest preemptions, or delays, possible. Stops after the
 * last level or earlier, when a level cut nothing off and so was the whole search. Schedules of lower levels are run
 * again on higher ones; the counts include them.
 *
 * Delays are the cheaper bound where there are many threads: k of them leave O(n^k) schedules of n steps however many
 * threads there are. But a bug may need more of them: preempting in favour of the j-th thread costs j delays.
 *
 * @throws {UsageError} unless the options name one bound, 0 or a positive integer.
 */
export function iterativeBound(options: IterativeBoundOptions): Strategy {
  const { preemptionsMax, delaysMax } = options as { preemptionsMax?: number; delaysMax?: number };
  if ((preemptionsMax === undefined) === (delaysMax === undefined))
    throw new UsageError("bounded: name preemptionsMax or delaysMax, one of them.");
  const levelMax = (preemptionsMax ?? delaysMax)!;
  const isOfDelays = delaysMax !== undefined;
  checkBound(isOfDelays ? "bounded: delays" : "bounded: preemptions", levelMax);
  const searchOf = (bound: number): Strategy =>
    exhaustive(isOfDelays ? { delaysMax: bound } : { preemptionsMax: bound });
  let level = 0;
  let search = searchOf(level);
  const beginExecution = (): boolean => {
    if (search.beginExecution()) return true;
    if (search.isComplete || level === levelMax) return false;
    search = searchOf(++level);
    return search.beginExecution();
  };
  return {
    name: isOfDelays ? "delay bounded" : "bounded",
    preemptionsMax,
    delaysMax,
    get isComplete() {
      return search.isComplete;
    },
    get isRetracing() {
      return search.isRetracing === true;
    },
    beginExecution,
    pickThread: (point) => search.pickThread(point),
    pickValue: (count) => search.pickValue(count),
  };
}
