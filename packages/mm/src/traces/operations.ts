/** Traced operations by name: how the model runs each, or why it cannot. */

import type { Scenario } from "@mmrace/scheduler";
import type { World } from "../state/world.ts";
import { collapseOperations } from "./operations/collapse.ts";
import { exitOperations } from "./operations/exit.ts";
import { faultOperations } from "./operations/faults.ts";
import { unmappingOperations } from "./operations/unmapping.ts";
import { userfaultfdOperations } from "./operations/userfaultfd.ts";

/** Lines of a trace, one after the other, that the model cannot have as they stand: what they count as, and why. */
export interface Amendment {
  readonly lines: readonly string[];
  /** Default: nothing. */
  readonly as?: readonly string[];
  readonly reason: string;
}

/** An operation that the model runs as one thread named `op`. */
export interface ModelledOperation {
  readonly scenario: (kernel: string) => Scenario<World>;
  /** A secondary MMU was registered. */
  readonly hasNotifier?: boolean;
  /** Releases on which it cannot be compared, and why. */
  readonly notOn?: Readonly<Record<string, string>>;
  /** By release. The first such lines of the trace are meant. */
  readonly amended?: Readonly<Record<string, readonly Amendment[]>>;
}

/** An operation that the model cannot run. */
export interface LeftOutOperation {
  readonly reason: string;
}

/** Operations by the names that traces use. */
export type TracedOperations = Readonly<Record<string, ModelledOperation | LeftOutOperation>>;

/** By the names that traces use. */
export const tracedOperations: ReadonlyMap<string, ModelledOperation | LeftOutOperation> = new Map(
  Object.entries({
    ...faultOperations,
    ...collapseOperations,
    ...userfaultfdOperations,
    ...unmappingOperations,
    ...exitOperations,
  }),
);
