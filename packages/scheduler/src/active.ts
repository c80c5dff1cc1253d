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
  /** Ends the execution with a violation. Only the first one of an execution counts. */
  report(oracle: string, message: string): void;
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
 */
export function violate(oracle: string, message: string): void {
  activeEngine().report(oracle, message);
}
