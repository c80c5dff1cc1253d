/** Traced operations by name: how the model runs each, or why it cannot. */

import type { Scenario } from "@mmrace/scheduler";
import type { World } from "../state/world.ts";

/** An operation that the model runs as one thread named `op`. */
export interface ModelledOperation {
  readonly scenario: (kernel: string) => Scenario<World>;
  /** A secondary MMU was registered. */
  readonly hasNotifier?: boolean;
  /** Releases on which it cannot be compared, and why. */
  readonly notOn?: Readonly<Record<string, string>>;
}

/** An operation that the model cannot run. */
export interface LeftOutOperation {
  readonly reason: string;
}

/** By the names that traces use. */
export const tracedOperations: ReadonlyMap<string, ModelledOperation | LeftOutOperation> = new Map();
