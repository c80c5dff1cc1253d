/** Explorations: many executions of one scenario under one strategy. */

import type { Ablation } from "./ablation.ts";
import { Engine } from "./engine.ts";
import type { Observer } from "./observer.ts";
import { asideFindings, findingOf } from "./finding.ts";
import { modelFingerprint } from "./fingerprint.ts";
import type { Ending, Outcome, Violation } from "./outcome.ts";
import type { RunSettings } from "./run-settings.ts";
import type { Scenario } from "./scenario.ts";
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
  readonly #recorder = new TraceRecorder();
  readonly #violations = new Map<string, Violation>();
  #outcome: Outcome = { kind: "none" };
  #knownFingerprint: number | undefined;
  #executions = 0;
  #pruned = 0;
  #steps = 0;
  #isStopped = false;
  #wasCutOff = false;

  constructor(scenario: Scenario<W>, strategy: Strategy, options: ExploreOptions) {
    this.#scenario = scenario;
    this.#strategy = strategy;
    this.#options = options;
    const observers = [
      ...(options.observers ?? []),
      ...(options.checkDeterminism === true ? [this.#recorder] : []),
    ];
    this.#engine = new Engine(scenario, options, observers);
  }

  run(): Exploration {
    const { executionsMax = Infinity, onExecution } = this.#options;
    const watchesEveryState = this.#scenario.properties.some(({ kind }) => kind !== "atEnd");
    this.#strategy.beginExploration?.({ watchesEveryState });
    while (!this.#isStopped && this.#executions < executionsMax && this.#strategy.beginExecution()) {
      const ending = this.#engine.run(this.#strategy);
      this.#steps += this.#engine.sites.length;
      this.#fileAsides();
      if (ending.kind === "pruned") {
        this.#pruned++;
        continue;
      }
      this.#executions++;
      this.#note(ending);
      if (this.#options.checkDeterminism === true) this.#runAgain(ending);
      if (onExecution?.(this.#executions) === false) this.#isStopped = true;
    }
    // The loop may have stopped right before the strategy would have said that nothing is left; it says so now.
    const isExhausted = !this.#isStopped && this.#executions < executionsMax && this.#strategy.isComplete;
    const { matched } = this.#engine.ablations;
    return {
      outcome: this.#outcome,
      violations: [...this.#violations.values()],
      executions: this.#executions,
      pruned: this.#pruned,
      steps: this.#steps,
      complete: isExhausted && !this.#wasCutOff,
      preemptionsMax: this.#strategy.preemptionsMax,
      delaysMax: this.#strategy.delaysMax,
      unreached: this.#engine.properties.unreached,
      unmatched: (this.#options.ablations ?? []).filter((ablation) => !matched.has(ablation)),
    };
  }

  #note(ending: Ending): void {
    if (ending.kind === "stepLimit") {
      this.#wasCutOff = true;
      if (this.#outcome.kind === "none")
        this.#outcome = { kind: "stepLimit", steps: this.#engine.sites.length };
    }
    if ("oracle" in ending) this.#file(ending.kind, findingOf(this.#engine, ending, this.#fingerprint));
  }

  /** In pruned executions as well: what they have shown up to there is as true. */
  #fileAsides(): void {
    if (this.#engine.asides.length === 0) return;
    for (const finding of asideFindings(this.#engine, this.#fingerprint)) this.#file("violation", finding);
  }

  get #fingerprint(): number {
    return (this.#knownFingerprint ??= modelFingerprint(this.#scenario));
  }

  #file(kind: "violation" | "deadlock" | "livelock", violation: Violation): void {
    if (!("violation" in this.#outcome)) this.#outcome = { kind, violation };
    if (!this.#violations.has(violation.signature)) this.#violations.set(violation.signature, violation);
    const { stopWhen, stopAtFirst = true } = this.#options;
    if (stopWhen === undefined ? stopAtFirst : stopWhen(violation)) this.#isStopped = true;
  }

  #runAgain(ending: Ending): void {
    const first = this.#recorder.trace(ending);
    const schedule = encodeSchedule(this.#engine.choices, this.#engine.values);
    const difference = firstDifference(first, recordTrace(this.#scenario, schedule, this.#options));
    if (difference === undefined) return;
    this.#outcome = { kind: "notReproducible", message: difference };
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
