/**
 * What a worker does in a split search: it runs a slice of a part, and reports how many executions that were, where the
 * part stands now, and which executions are worth running again by whoever puts the parts together.
 */

import { Engine } from "../engine.ts";
import type { RunSettings } from "../run-settings.ts";
import type { Scenario } from "../scenario.ts";
import { exhaustive, type ExhaustiveOptions } from "../strategies/exhaustive.ts";
import type { SearchPosition } from "./position.ts";
import { Watch } from "./watch.ts";

/** What searches count. */
export interface Counts {
  /** Executions run to their end. */
  readonly executions: number;
  /** Executions cut off because they could show nothing new. */
  readonly pruned: number;
  /** Steps of all of them. */
  readonly steps: number;
}

/** An execution that has shown something its part had not shown before. */
export interface Notable {
  /** The thread of each step. A pruned execution ends with the last of them. */
  readonly choices: readonly number[];
  /** The data choices. */
  readonly values: readonly number[];
  /** What the part has counted up to there, this execution included. */
  readonly counts: Counts;
}

/** A slice to run. All of it is plain data. */
export interface SliceRequest {
  /** Tells parts apart. Slices of one part must be asked for in their order. */
  readonly part: number;
  readonly search: ExhaustiveOptions;
  readonly from: SearchPosition;
  /** Ends the slice after the execution that reaches so many steps. */
  readonly stepsMax: number;
  /** Ends the slice after so many executions. */
  readonly executionsMax: number;
  /** Whether a finding ends the part. */
  readonly stopAtFirst: boolean;
}

/** What came of a slice. */
export interface SliceResult {
  readonly part: number;
  readonly counts: Counts;
  /** In the order of the search; their counts begin with the slice. */
  readonly notables: readonly Notable[];
  readonly position: SearchPosition;
  /** Nothing is left of the part. */
  readonly isDone: boolean;
  /** A finding ended the part. */
  readonly isStopped: boolean;
}

export const NO_COUNTS: Counts = { executions: 0, pruned: 0, steps: 0 };

/** `a`, and `b` once or, for their difference, -1 times. */
export function added(a: Counts, b: Counts, times: 1 | -1 = 1): Counts {
  return {
    executions: a.executions + times * b.executions,
    pruned: a.pruned + times * b.pruned,
    steps: a.steps + times * b.steps,
  };
}

/** Runs slices of one scenario. */
export class SliceRunner<W> {
  readonly #scenario: Scenario<W>;
  readonly #settings: RunSettings;
  #part: number | undefined;
  /** Of one part only: what others have shown must not make an execution of this one look known. */
  #watch!: Watch<W>;

  constructor(scenario: Scenario<W>, settings: RunSettings) {
    this.#scenario = scenario;
    this.#settings = settings;
  }

  run({ part, search, from, stepsMax, executionsMax, stopAtFirst }: SliceRequest): SliceResult {
    if (part !== this.#part) this.#watch = new Watch(new Engine(this.#scenario, this.#settings));
    this.#part = part;
    const strategy = exhaustive(search, from);
    const { engine } = this.#watch;
    const notables: Notable[] = [];
    let counts = NO_COUNTS;
    let isStopped = false;
    while (!isStopped && counts.steps < stepsMax && counts.executions < executionsMax) {
      if (!strategy.beginExecution())
        return { part, counts, notables, position: strategy.position, isDone: true, isStopped };
      const ending = engine.run(strategy);
      const isPruned = ending.kind === "pruned";
      counts = added(counts, {
        executions: isPruned ? 0 : 1,
        pruned: isPruned ? 1 : 0,
        steps: engine.sites.length,
      });
      if (this.#watch.hasLearned(ending))
        notables.push({ choices: [...engine.choices], values: [...engine.values], counts });
      isStopped = stopAtFirst && ("oracle" in ending || engine.asides.length > 0);
    }
    return { part, counts, notables, position: strategy.position, isDone: false, isStopped };
  }
}
