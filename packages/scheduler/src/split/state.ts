/** What a search in parts consists of; as plain data, to be saved and gone on with. */

import { PRUNE, type Strategy } from "../strategy.ts";
import type { SearchPosition } from "./position.ts";
import { NO_COUNTS, type Counts, type Notable } from "./slice.ts";

/** A subtree, and what is known of it but not yet put together. */
export interface Part {
  readonly id: number;
  /** Where it stood when it was last put together, or when it was made. */
  start: SearchPosition;
  position: SearchPosition;
  /** What was run from `start` to `position`. */
  counts: Counts;
  notables: Notable[];
  isDone: boolean;
  isRunning: boolean;
}

/** A part of which nothing has been run yet. */
export function newPart(id: number, start: SearchPosition): Part {
  return {
    id,
    start,
    position: start,
    counts: NO_COUNTS,
    notables: [],
    isDone: false,
    isRunning: false,
  };
}

/** An execution, to be run again. */
export type Known = Pick<Notable, "choices" | "values">;

/** A split search as plain data. */
export interface SearchState {
  readonly level: number;
  /** Whether the level has cut something off in parts that are through. */
  readonly hasCut: boolean;
  readonly counts: Counts;
  /** What had been counted when the level began. */
  readonly countsBefore: Counts;
  /** The executions that have taught the search something, in its order. */
  readonly notables: readonly Known[];
  readonly parts: readonly Readonly<Pick<Part, "start" | "position" | "counts" | "notables" | "isDone">>[];
}

/** Runs one execution as it was run before, and no step further. */
export function following({ choices, values }: Known): Strategy {
  let step = 0;
  let value = 0;
  return {
    name: "following",
    isComplete: false,
    beginExecution: () => true,
    pickThread: () => choices[step++] ?? PRUNE,
    pickValue: () => values[value++] ?? 0,
  };
}
