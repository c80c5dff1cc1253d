/** Portfolio: several strategies take turns, since none is best on every kind of bug. */

import { UsageError } from "../assert.ts";
import type { Strategy } from "../strategy.ts";

/**
 * Gives each strategy one execution in turn, in the order of the list. One that has none left drops out; the portfolio
 * ends when all have, or as soon as one has covered every execution.
 *
 * @param strategies at least one, each used nowhere else: they keep what they have learnt.
 * @throws {UsageError} when there is none.
 */
export function portfolio(strategies: readonly Strategy[]): Strategy {
  if (strategies.length === 0) throw new UsageError("portfolio: name at least one strategy.");
  const left = [...strategies];
  let turn = -1;
  let running = left[0]!;
  let isComplete = false;
  const beginExecution = (): boolean => {
    turn++;
    while (!isComplete && left.length > 0) {
      turn %= left.length;
      running = left[turn]!;
      if (running.beginExecution()) return true;
      isComplete = running.isComplete;
      left.splice(turn, 1);
    }
    return false;
  };
  return {
    name: "portfolio",
    get isComplete() {
      return isComplete;
    },
    get isRetracing() {
      return running.isRetracing === true;
    },
    beginExploration: (facts) => {
      for (const strategy of strategies) strategy.beginExploration?.(facts);
    },
    beginExecution,
    pickThread: (point) => running.pickThread(point),
    pickValue: (count) => running.pickValue(count),
    endExecution: (threads, ending) => running.endExecution?.(threads, ending),
  };
}
