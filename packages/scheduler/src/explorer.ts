/** Explorations: many executions of one scenario under one strategy. */

import type { Ablation } from "./ablation.ts";
import { Engine } from "./engine.ts";
import type { Observer } from "./observer.ts";
import { Findings } from "./findings.ts";
import type { Ending, Outcome, Violation } from "./outcome.ts";
import type { RunSettings } from "./run-settings.ts";
import { watchesEveryState, type Scenario } from "./scenario.ts";
import { encodeSchedule } from "./schedule.ts";
import type { Strategy } from "./strategy.ts";
import { recordTrace, TraceRecorder, type Trace } from "./trace.ts";

/** Options of `explore`. */
export interface ExploreOptions extends RunSettings {
  /** Stop at the first finding (default), or go on and collect one per signature. */
  readonly stopAtFirst?: boolean;
  /** Stop once a finding satisfies this; others are collected on the way. Overrides `stopAtFirst`. */
  readonly stopWhen?: (violation: Violation) => boolean;
  /** Stop after this many executions whatever the strategy says. */
  readonly executionsMax?: number;
  readonly observers?: readonly Observer[];
  /** Run every execution twice and compare them step by step, values included. */
  readonly checkDeterminism?: boolean;
  /** Called after each execution; answer false to stop. For progress and Ctrl-C. */
  readonly onExecution?: (executions: number) => boolean;
}

/** What an exploration showed. */
export interface Exploration {
  /** The first finding, or that there is none. */
  readonly outcome: Outcome;
  /** One finding per signature, in the order found. */
  readonly violations: readonly Violation[];
  /** Executions run to their end. */
  readonly executions: number;
  /** Executions cut off because they could show nothing new. */
  readonly pruned: number;
  /** Steps of all executions, cut off ones included. */
  readonly steps: number;
  /** Every execution was covered: no schedule, within the bound if there is one, breaks a property. */
  readonly complete: boolean;
  /** The preemption bound of the search, when it had one. */
  readonly preemptionsMax: number | undefined;
  /** The delay bound of the search, when it had one. */
  readonly delaysMax: number | undefined;
  /** `sometimes` properties that were never seen: the scenario does not get where it claims to. */
  readonly unreached: readonly string[];
  /** Ablations that matched no operation; usually a misspelt site. */
  readonly unmatched: readonly Ablation[];
}

/** Explores a scenario under a strategy. */
export function explore<W>(
  scenario: Scenario<W>,
  strategy: Strategy,
  options: ExploreOptions = {},
): Exploration {
  return new Explorer(scenario, strategy, options).run();
}

class Explorer<W> {
  readonly #scenario: Scenario<W>;
  readonly #strategy: Strategy;
  readonly #options: ExploreOptions;
  readonly #engine: Engine<W>;
  readonly #findings: Findings<W>;
  readonly #recorder = new TraceRecorder();
  #difference: string | undefined;
  #executions = 0;
  #pruned = 0;
  #steps = 0;
  #isStopped = false;

  constructor(scenario: Scenario<W>, strategy: Strategy, options: ExploreOptions) {
    this.#scenario = scenario;
    this.#strategy = strategy;
    this.#options = options;
    const observers = [
      ...(options.observers ?? []),
      ...(options.checkDeterminism === true ? [this.#recorder] : []),
    ];
    this.#engine = new Engine(scenario, options, observers);
    const { stopWhen, stopAtFirst = true } = options;
    this.#findings = new Findings(this.#engine, stopWhen ?? (() => stopAtFirst));
  }

  run(): Exploration {
    const { executionsMax = Infinity, onExecution } = this.#options;
    this.#strategy.beginExploration?.({ watchesEveryState: watchesEveryState(this.#scenario) });
    while (!this.#isStopped && this.#executions < executionsMax && this.#strategy.beginExecution()) {
      const ending = this.#engine.run(this.#strategy);
      this.#steps += this.#engine.sites.length;
      this.#findings.note(ending);
      this.#isStopped = this.#findings.isGoalReached;
      if (ending.kind === "pruned") {
        this.#pruned++;
        continue;
      }
      this.#executions++;
      if (this.#options.checkDeterminism === true) this.#runAgain(ending);
      if (onExecution?.(this.#executions) === false) this.#isStopped = true;
    }
    // The loop may have stopped right before the strategy would have said that nothing is left; it says so now.
    const isExhausted = !this.#isStopped && this.#executions < executionsMax && this.#strategy.isComplete;
    return {
      outcome:
        this.#difference === undefined
          ? this.#findings.outcome
          : { kind: "notReproducible", message: this.#difference },
      violations: this.#findings.violations,
      executions: this.#executions,
      pruned: this.#pruned,
      steps: this.#steps,
      complete: isExhausted && !this.#findings.wasCutOff,
      preemptionsMax: this.#strategy.preemptionsMax,
      delaysMax: this.#strategy.delaysMax,
      unreached: this.#engine.properties.unreached,
      unmatched: this.#engine.ablations.unmatched,
    };
  }

  #runAgain(ending: Ending): void {
    const first = this.#recorder.trace(ending);
    const schedule = encodeSchedule(this.#engine.choices, this.#engine.values);
    const difference = firstDifference(first, recordTrace(this.#scenario, schedule, this.#options));
    if (difference === undefined) return;
    this.#difference = difference;
    this.#isStopped = true;
  }
}

/** Where two traces of one schedule part, in words; `undefined` when they do not. */
export function firstDifference(first: Trace, second: Trace): string | undefined {
  const show = (trace: Trace, step: number): string => {
    const event = trace.events[step];
    return event === undefined
      ? `the end (${trace.ending.kind})`
      : `${trace.threads[event.thread]!.name}: ${event.text}`;
  };
  for (let step = 0; step <= Math.max(first.events.length, second.events.length); step++) {
    if (show(first, step) === show(second, step)) continue;
    return (
      `Step ${step} was "${show(first, step)}" the first time and "${show(second, step)}" the second. ` +
      "Usual causes: state shared between executions, unordered iteration, a clock or a random number in the model."
    );
  }
  return undefined;
}
