/**
 * The engine that is running a model thread right now.
 *
 * Operations are made by free functions without a context argument, so that model code reads like the kernel's step
 * lists. They find their engine here. JavaScript runs one thing at a time: the variable is set while the engine drives
 * a thread and restored afterwards, so explorations may even be nested.
 */

import { UsageError } from "./assert.ts";
import type { Operation } from "./operation.ts";
import type { ModelThread } from "./thread.ts";
import type { Aside } from "./outcome.ts";

/** What operations and models may ask of the engine that drives them. */
export interface ActiveEngine {
  /** The thread whose code is running. */
  readonly currentThread: ModelThread;
  /** Tells the engine what the thread is about to do. True: perform it now. False: suspend the thread first. */
  announce(operation: Operation<unknown>): boolean;
  /** Performs an announced operation and gives its result. */
  perform(operation: Operation<unknown>): unknown;
  /** Asks the strategy for a data choice in 0 .. count-1. */
  chooseValue(count: number): number;
  /** Writes performed so far by threads other than `thread`. */
  foreignWrites(thread: ModelThread): number;
  /** Tells the engine that an operation could not finish and goes on as a wait. Answers like `announce`. */
  announceWait(operation: Operation<unknown>): boolean;
  /** Counts a write of `thread` that the engine does not see by itself: a buffered store that reaches memory. */
  noteWrite(thread: ModelThread): void;
  /** Ends the execution with a violation. Only the first one of an execution counts. */
  report(oracle: string, message: string, details?: readonly string[]): void;
  /** Notes a finding that shows only beside other executions of the exploration. Does not end the execution. */
  reportAside(aside: Aside): void;
  /** Tells executions of one exploration apart: 1, 2, ... */
  readonly runs: number;
  /** What a model remembers from one execution to the next: made once per exploration. */
  remember<T>(key: symbol, create: () => T): T;
  /** How often models have learned something that they remember; they count it up. Such executions are worth keeping. */
  learned: number;
  /** Facts from other executions that this one is run with; see `RunSettings`. */
  readonly given: readonly string[];
}

let active: ActiveEngine | undefined;

/** @throws {UsageError} when no exploration is running, for example when model code is iterated by hand. */
export function activeEngine(): ActiveEngine {
  if (active === undefined) {
    throw new UsageError(
      "An operation was performed outside an exploration. Run model threads with explore().",
    );
  }
  return active;
}

/** Makes `engine` the active one and returns the engine that was active before. */
export function setActiveEngine(engine: ActiveEngine | undefined): ActiveEngine | undefined {
  const before = active;
  active = engine;
  return before;
}

/**
 * Ends the running execution with a violation, from inside a model or an operation's `perform`: the model's `BUG_ON`.
 *
 * @param oracle the oracle that noticed, for example `kernel assertion`.
 * @param details further lines for a report: who holds what, in which order it came about.
 */
export function violate(oracle: string, message: string, details?: readonly string[]): void {
  activeEngine().report(oracle, message, details);
}
