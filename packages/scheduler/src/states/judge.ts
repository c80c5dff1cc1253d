/** Runs single schedules with the plain engine: properties, endings and findings come from nowhere else. */

import { Engine } from "../engine.ts";
import { findingOf, type BadEnding } from "../finding.ts";
import type { Ending, Violation } from "../outcome.ts";
import type { RunSettings } from "../run-settings.ts";
import type { Scenario } from "../scenario.ts";
import { PRUNE, type SchedulingPoint, type Strategy } from "../strategy.ts";
import type { Route } from "./route-run.ts";

/** Looks at what a search has found with the eyes of the reference. */
export class Judge<W> implements Strategy {
  readonly name = "states";
  readonly isComplete = false;
  readonly engine: Engine<W>;
  /** Steps of all executions. */
  steps = 0;
  #route: Route = { choices: [], values: [] };
  #at = 0;
  #valueAt = 0;

  constructor(scenario: Scenario<W>, settings: RunSettings) {
    this.engine = new Engine(scenario, settings);
  }

  /** Goes a way, and no further. `pruned` means that nothing is wrong with it and somebody can go on. */
  run(route: Route): Ending {
    this.#route = route;
    this.#at = this.#valueAt = 0;
    const ending = this.engine.run(this);
    this.steps += this.engine.sites.length;
    return ending;
  }

  /** Goes a way. @returns the oracle that finds something wrong with it. */
  oracleAfter(route: Route): string | undefined {
    return oracleOf(this.run(route));
  }

  /** The last run as a finding. */
  finding(ending: BadEnding, fingerprint: number): Violation {
    return findingOf(this.engine, ending, fingerprint);
  }

  beginExecution(): boolean {
    return true;
  }

  pickThread(_point: SchedulingPoint): number {
    return this.#at < this.#route.choices.length ? this.#route.choices[this.#at++]! : PRUNE;
  }

  pickValue(): number {
    return this.#route.values[this.#valueAt++] ?? 0;
  }
}

/** The oracle whose finding an ending is. */
export function oracleOf(ending: Ending): string | undefined {
  return "oracle" in ending ? ending.oracle : undefined;
}
