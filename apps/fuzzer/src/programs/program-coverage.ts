/**
 * What programs are told apart by: which site wrote before which other one read or wrote, across threads. Programs with
 * something new in that are kept, and changed.
 */

import {
  Engine,
  replaySchedule,
  type Observer,
  type Operation,
  type RunSettings,
  type Scenario,
} from "@mmrace/scheduler";
import type { ModelThread, SharedObject } from "@mmrace/scheduler";

/** Counts edges that were not seen before. */
export class ProgramCoverage {
  readonly #seen = new Set<string>();

  /** Distinct edges so far. */
  get size(): number {
    return this.#seen.size;
  }

  /** Runs schedules of a scenario again. Says whether they show anything new. */
  learn<W>(scenario: Scenario<W>, schedules: readonly Uint8Array[], settings: RunSettings): boolean {
    const before = this.#seen.size;
    const engine = new Engine(scenario, settings, [new EdgeObserver(this.#seen)]);
    for (const schedule of schedules) {
      const strategy = replaySchedule(schedule);
      strategy.beginExecution();
      engine.run(strategy);
    }
    return this.#seen.size > before;
  }
}

class EdgeObserver implements Observer {
  readonly #seen: Set<string>;
  readonly #last = new Map<SharedObject, { readonly thread: ModelThread; readonly site: string }>();

  constructor(seen: Set<string>) {
    this.#seen = seen;
  }

  beginExecution(): void {
    this.#last.clear();
  }

  onStep(thread: ModelThread, { object, site }: Operation<unknown>): void {
    const here = site?.address ?? "";
    const before = this.#last.get(object);
    if (before !== undefined && before.thread !== thread) this.#seen.add(`${before.site} ${here}`);
    this.#last.set(object, { thread, site: here });
  }
}
