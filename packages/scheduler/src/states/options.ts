/** What a search over states takes and gives. */

import type { Exploration, ExploreOptions } from "../explorer.ts";

/** Options of `searchStates`. */
export interface StateSearchOptions extends Pick<
  ExploreOptions,
  "ablations" | "memory" | "given" | "stopAtFirst" | "stopWhen"
> {
  /** `bfs` (default): states with fewer steps first. `dfs`: one execution to its end, then back; needs less memory. */
  readonly order?: "bfs" | "dfs";
  /**
   * Only states that schedules with at most so many preemptions reach; 0 is allowed. The first finding has the fewest
   * preemptions. A state is looked at once for each thread that may have run last. Default: no bound.
   */
  readonly preemptionsMax?: number;
  /** The same for delays, which are those of `exhaustive`. Not together with `preemptionsMax`. */
  readonly delaysMax?: number;
  /**
   * Looks at one of the states that differ only in which of the scenario's interchangeable threads is where, with the objects
   * and values that are theirs. That is checked, not believed: see `Interchangeable`. Not under `tso`, and not within a bound.
   */
  readonly symmetry?: boolean;
  /** Give up after so many states. Default: none. */
  readonly statesMax?: number;
  /** Called now and then; answer false to stop. For progress and Ctrl-C. */
  readonly onStates?: (states: number) => boolean;
}

/** What a search over states showed. `executions` and `steps` are those that were run to learn what threads can do. */
export interface StateExploration extends Exploration {
  /** States that were reached, those to start from included; in a bounded search, for each thread that ran last. */
  readonly states: number;
  /** Steps from one of these states to another, each counted once. */
  readonly transitions: number;
  /** The highest number of steps by which a state was reached first. */
  readonly depth: number;
  /** Bytes that the states took at most: the hashes of all, how each was reached, and those that waited in full. */
  readonly bytes: number;
}
