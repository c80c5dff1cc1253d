/** Executions that follow a route and may go on from there, with names for all that they make on the way. */

import { assert } from "../assert.ts";
import { Engine } from "../engine.ts";
import type { Operation } from "../operation.ts";
import type { Ending } from "../outcome.ts";
import type { RunSettings } from "../run-settings.ts";
import type { Scenario } from "../scenario.ts";
import { watchCreation } from "../shared-object.ts";
import { PRUNE, type SchedulingPoint, type Strategy } from "../strategy.ts";
import type { ModelThread } from "../thread.ts";
import { collectTrackers, type Tracker } from "../tracked-state.ts";
import { Names, SETUP } from "./names.ts";

/** Choices that lead from the start to a state. */
export interface Route {
  readonly choices: readonly number[];
  readonly values: readonly number[];
}

/** Who decides what happens at the end of a route. */
export interface Traveller {
  /** The world is there, and no thread has started. */
  onSetUp(threads: readonly ModelThread[]): void;
  onStep(thread: ModelThread, operation: Operation<unknown>, result: unknown): void;
  /** At each scheduling point, when all that the last step has made has a name. */
  onSettled?(last: ModelThread | undefined): void;
  /** At the end of the route and after each step beyond it: who goes on; nobody ends the execution. */
  onPoint(threads: readonly ModelThread[]): ModelThread | undefined;
  /** The execution has ended by itself: nobody can go on, or a violation was reported. */
  onEnd(threads: readonly ModelThread[], ending: Ending): void;
}

/** Runs one route after the other. */
export class RouteRun<W> implements Strategy {
  readonly name = "states";
  readonly isComplete = false;
  readonly engine: Engine<W>;
  readonly names: Names = new Names();
  /** State outside shared objects that the world of the last execution has named. */
  trackers: readonly Tracker[] = [];
  /** How many answers each data choice beyond the route had. */
  arities: number[] = [];
  /** Steps of all executions. */
  steps = 0;
  readonly #traveller: Traveller;
  #world: W | undefined;
  #isSetUp = false;
  #route: Route = { choices: [], values: [] };
  #trial: number[] = [];
  #at = 0;
  #valueAt = 0;
  #last: ModelThread | undefined;

  constructor(scenario: Scenario<W>, settings: RunSettings, traveller: Traveller) {
    this.#traveller = traveller;
    const watched = { ...scenario, setup: () => (this.#world = scenario.setup()) };
    this.engine = new Engine(watched, settings, [
      {
        beginExecution: (threads) => this.#onSetUp(threads),
        onStep: (thread, operation, result) => traveller.onStep(thread, operation, result),
      },
    ]);
  }

  /** The world of the last execution. */
  get world(): W {
    assert(this.#world !== undefined, "no execution has begun");
    return this.#world;
  }

  /** Runs a route. @param trial answers to data choices beyond it; filled up with zeros. */
  along(route: Route, trial: number[]): Ending {
    this.names.restart();
    this.#route = route;
    this.#trial = trial;
    this.arities = [];
    this.#at = this.#valueAt = 0;
    this.#isSetUp = false;
    this.#last = undefined;
    const collected: Tracker[] = [];
    this.trackers = collected;
    const watcher = watchCreation((object) =>
      this.names.created(object, this.#isSetUp ? this.engine.currentThread.id : SETUP),
    );
    const trackers = collectTrackers(collected);
    try {
      return this.engine.run(this);
    } finally {
      watchCreation(watcher);
      collectTrackers(trackers);
      this.steps += this.engine.sites.length;
    }
  }

  beginExecution(): boolean {
    return true;
  }

  pickThread({ threads }: SchedulingPoint): number {
    this.#settle(threads);
    this.#last =
      this.#at < this.#route.choices.length
        ? threads[this.#route.choices[this.#at++]!]!
        : this.#traveller.onPoint(threads);
    return this.#last?.id ?? PRUNE;
  }

  pickValue(count: number): number {
    if (this.#valueAt < this.#route.values.length) return this.#route.values[this.#valueAt++]!;
    const at = this.arities.push(count) - 1;
    return (this.#trial[at] ??= 0);
  }

  endExecution(threads: readonly ModelThread[], ending: Ending): void {
    if (ending.kind === "pruned") return;
    assert(this.#at === this.#route.choices.length, "a route ended early");
    if (ending.kind !== "violation") this.#settle(threads);
    this.#traveller.onEnd(threads, ending);
  }

  #onSetUp(threads: readonly ModelThread[]): void {
    this.names.christen();
    for (const object of this.names.stateful.keys()) this.names.introduce(object.stateValue(), SETUP);
    this.names.introduceWorld(this.#world);
    this.#isSetUp = true;
    this.#traveller.onSetUp(threads);
  }

  /** Names what the last step has made, or what all threads have made before their first. */
  #settle(threads: readonly ModelThread[]): void {
    this.names.christen();
    if (this.#last !== undefined) this.names.introduce(this.#last.pending?.argument, this.#last.id);
    else for (const { pending, id } of threads) this.names.introduce(pending?.argument, id);
    this.#traveller.onSettled?.(this.#last);
  }
}

/** The next answers to data choices with so many answers each; false after the last. */
export function advance(trial: number[], arities: readonly number[]): boolean {
  trial.length = arities.length;
  while (trial.length > 0) {
    const at = trial.length - 1;
    if (++trial[at]! < arities[at]!) return true;
    trial.pop();
  }
  return false;
}
