/** What executions and explorations come to. A finding is a value, never an exception. */

import type { Site } from "./site.ts";

/** A finding with all that is needed to show it again. */
export interface Violation {
  /** The oracle that noticed: a property's bundle, `deadlock`, `livelock`, or one reported by a model. */
  readonly oracle: string;
  /** What is wrong, in a sentence. */
  readonly message: string;
  /** Further lines for a report. */
  readonly details?: readonly string[];
  /** Two findings with one signature are one finding: the oracle and the site of the violating step. */
  readonly signature: string;
  /** Replays the finding: `mmr1.` and base64url. */
  readonly token: string;
  /** Switches away from a thread that could have gone on. */
  readonly preemptions: number;
  /** The names of the threads that performed a step. */
  readonly threads: readonly string[];
  /** Steps of the execution, the violating one included. */
  readonly steps: number;
  /** The schedule, in the byte form that `replaySchedule` takes. */
  readonly schedule: Uint8Array;
}

/** How one execution, or the exploration as a whole, ended. */
export type Outcome =
  | { readonly kind: "none" }
  | { readonly kind: "violation"; readonly violation: Violation }
  | { readonly kind: "deadlock"; readonly violation: Violation }
  | { readonly kind: "livelock"; readonly violation: Violation }
  | { readonly kind: "stepLimit"; readonly steps: number }
  | { readonly kind: "notReproducible"; readonly message: string };

/** How one execution ended, before it is put into words. */
export type Ending =
  | { readonly kind: "finished" }
  | { readonly kind: "pruned" }
  | { readonly kind: "stepLimit" }
  | {
      readonly kind: "violation" | "deadlock" | "livelock";
      readonly oracle: string;
      readonly message: string;
      readonly details?: readonly string[];
    };

/** What an engine remembers of an execution, or of its beginning. */
export interface Path {
  /** The thread of each step. */
  readonly choices: readonly number[];
  /** The data choices. */
  readonly values: readonly number[];
  /** The site of each step. */
  readonly sites: readonly Site[];
  readonly preemptions: number;
}

/** A path that stays as it is. */
export function copyOf({ choices, values, sites, preemptions }: Path): Path {
  return { choices: [...choices], values: [...values], sites: [...sites], preemptions };
}

/** A finding that shows only when executions are put together, such as two lock orders that never met in one. */
export interface Aside {
  readonly oracle: string;
  readonly message: string;
  readonly details?: readonly string[];
  /** What this execution must be told about the others to show the finding by itself; see `RunSettings.given`. */
  readonly given: readonly string[];
}
