/** What decides an execution besides its scenario and its schedule. */

import type { Ablation } from "./ablation.ts";

/**
 * Memory models: sequential consistency, or x86-TSO with one first-in-first-out store buffer per CPU. Sewell, Sarkar,
 * Owens, Zappa Nardelli and Myreen, "x86-TSO", CACM 53(7), 2010.
 */
export type MemoryModel = "sc" | "tso";

/** All memory models. */
export const MEMORY_MODELS: readonly MemoryModel[] = ["sc", "tso"];

/** How executions of a scenario are run. All of it stands in tokens. */
export interface RunSettings {
  /** Guards to remove. */
  readonly ablations?: readonly Ablation[];
  /** Default `sc`. */
  readonly memory?: MemoryModel;
  /**
   * Facts from other executions of the same exploration, in words that the model understands: lockdep takes lock orders
   * this way. A finding that only shows when executions are put together carries them in its token.
   */
  readonly given?: readonly string[];
}
