/** The strategy interface: the oracle that makes every choice of an execution. */

import type { Ending } from "./outcome.ts";
import type { ModelThread } from "./thread.ts";

/** A moment at which the engine asks who runs next. The object and its arrays are reused: do not keep them. */
export interface SchedulingPoint {
  /** All threads, by id. Each unfinished one has announced its next operation in `pending`. */
  readonly threads: readonly ModelThread[];
  /** The threads whose pending operation can run now, by ascending id; never empty. */
  readonly enabled: readonly ModelThread[];
  /** The thread that performed the last step, if it is enabled; staying with it is no preemption. */
  readonly current: ModelThread | undefined;
}

/** The answer of a strategy that knows that going on cannot show anything new. */
export const PRUNE = -1;

/** What a strategy may know about an exploration before it starts. */
export interface ExplorationFacts {
  /**
   * Whether somebody looks at states in the middle of executions: an `always`, `never` or `sometimes` property. A
   * reduction that leaves states out must then not leave any out.
   */
  readonly watchesEveryState: boolean;
}

/** Makes all choices of an exploration. It sees threads and pending operations, never the world. */
export interface Strategy {
  readonly name: string;
  /** Called by `explore` once, before the first execution. A strategy that wraps others passes it on. */
  beginExploration?(facts: ExplorationFacts): void;
  /** Starts the next execution; false when there is none. */
  beginExecution(): boolean;
  /** The id of one of `point.enabled`, or `PRUNE`. */
  pickThread(point: SchedulingPoint): number;
  /** A data choice in 0 .. count-1. */
  pickValue(count: number): number;
  /**
   * Whether the execution is still on the way that an earlier one of the same exploration has gone: the same choices have
   * led there, so properties need not be looked at again. A strategy that cannot tell leaves it out.
   */
  readonly isRetracing?: boolean;
  /**
   * Called by the engine after each execution. `threads` shows what each thread was about to do; like a scheduling
   * point, it is only valid during the call. A strategy that wraps others passes it on.
   */
  endExecution?(threads: readonly ModelThread[], ending: Ending): void;
  /**
   * Whether, after `beginExecution` answered false, every execution of the scenario has been covered. A strategy that
   * samples answers false; a bounded search answers true only when its bound cut nothing off.
   */
  readonly isComplete: boolean;
  /** The bound within which the search was exhaustive, for reports; `undefined` when unbounded or sampling. */
  readonly preemptionsMax?: number | undefined;
  /** The same for a bound on delays. */
  readonly delaysMax?: number | undefined;
}
