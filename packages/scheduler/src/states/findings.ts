/** The findings of a search over states: one per signature, and when to stop. */

import type { Engine } from "../engine.ts";
import { asideFindings, type BadEnding } from "../finding.ts";
import { modelFingerprint } from "../fingerprint.ts";
import type { Outcome, Violation } from "../outcome.ts";
import type { Scenario } from "../scenario.ts";
import type { Judge } from "./judge.ts";
import type { StateSearchOptions } from "./options.ts";

/** Collects findings. */
export class Findings<W> {
  /** In the order in which they were found. */
  readonly violations: Violation[] = [];
  /** Whether one of them ends the search. */
  areEnough = false;
  readonly #kinds = new Map<Violation, BadEnding["kind"]>();
  readonly #scenario: Scenario<W>;
  readonly #options: StateSearchOptions;
  #knownFingerprint: number | undefined;

  constructor(scenario: Scenario<W>, options: StateSearchOptions) {
    this.#scenario = scenario;
    this.#options = options;
  }

  /** Files how the last run of the judge ended. */
  fileEnding(judge: Judge<W>, ending: BadEnding): void {
    this.#file(ending.kind, judge.finding(ending, this.#fingerprint));
  }

  /** Files what the last run of an engine showed only beside others. */
  fileAsides(engine: Engine<W>): void {
    if (engine.asides.length === 0) return;
    for (const finding of asideFindings(engine, this.#fingerprint)) this.#file("violation", finding);
  }

  /** The first finding, or the first of those with the fewest steps. */
  outcome(isShortest: boolean): Outcome | undefined {
    let best: Violation | undefined;
    for (const violation of this.violations) {
      if (best === undefined || (isShortest && violation.steps < best.steps)) best = violation;
    }
    return best === undefined ? undefined : { kind: this.#kinds.get(best)!, violation: best };
  }

  get #fingerprint(): number {
    return (this.#knownFingerprint ??= modelFingerprint(this.#scenario));
  }

  #file(kind: BadEnding["kind"], violation: Violation): void {
    const { stopWhen, stopAtFirst = true } = this.#options;
    if (!this.violations.some(({ signature }) => signature === violation.signature)) {
      this.violations.push(violation);
      this.#kinds.set(violation, kind);
    }
    if (stopWhen === undefined ? stopAtFirst : stopWhen(violation)) this.areEnough = true;
  }
}
