/** Observers: whoever wants to see every step, for coverage, traces or counts. */

import type { Operation } from "./operation.ts";
import type { ModelThread } from "./thread.ts";

/** Watches executions. Called on the hot path: keep it short. */
export interface Observer {
  beginExecution?(threads: readonly ModelThread[]): void;
  /** After the effect of an operation. `result` is what the model thread gets, or `MUST_WAIT`. */
  onStep?(thread: ModelThread, operation: Operation<unknown>, result: unknown): void;
}
