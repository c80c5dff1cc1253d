/** What a step costs in a bounded search over states. The costs are those of bounds.ts, told from who can run. */

import { UsageError } from "../assert.ts";
import { checkBound } from "../strategies/bounds.ts";

/** The thread that ran last, before any did. */
export const NOBODY = -1;

/** Costs of steps, and the highest sum of them. */
export interface Costs {
  readonly max: number;
  /** The thread that counts as having run last at the start. */
  readonly lastAtStart: number;
  /** @param enabled which threads can run, by id. @param last who ran last, `NOBODY` at the start. */
  readonly of: (
    enabled: readonly boolean[],
    isHardware: readonly boolean[],
    last: number,
    next: number,
  ) => number;
}

/** The costs that options name; none in an unbounded search. @throws {UsageError} when they make no sense. */
export function costsOf(
  preemptionsMax: number | undefined,
  delaysMax: number | undefined,
): Costs | undefined {
  if (preemptionsMax !== undefined && delaysMax !== undefined)
    throw new UsageError("searchStates: bound the preemptions or the delays, not both.");
  if (preemptionsMax !== undefined) {
    checkBound("searchStates: preemptionsMax", preemptionsMax);
    return { max: preemptionsMax, lastAtStart: NOBODY, of: preemptions };
  }
  if (delaysMax === undefined) return undefined;
  checkBound("searchStates: delaysMax", delaysMax);
  return { max: delaysMax, lastAtStart: 0, of: delays };
}

function preemptions(
  enabled: readonly boolean[],
  isHardware: readonly boolean[],
  last: number,
  next: number,
): number {
  return last !== next && enabled[last] === true && !isHardware[next] ? 1 : 0;
}

/** Threads passed over, counting round from the one that ran last. */
function delays(
  enabled: readonly boolean[],
  isHardware: readonly boolean[],
  last: number,
  next: number,
): number {
  if (isHardware[next]) return 0;
  let passed = 0;
  for (let id = last; id !== next; id = (id + 1) % enabled.length) {
    if (enabled[id] === true && !isHardware[id]) passed++;
  }
  return passed;
}
