/** What an exploration has found so far: one finding per signature, and the outcome that the first one makes. */

import type { Engine } from "./engine.ts";
import { asideFindings, findingOf } from "./finding.ts";
import { modelFingerprint } from "./fingerprint.ts";
import type { Ending, Outcome, Violation } from "./outcome.ts";

/** The findings of the executions that an engine runs. */
export class Findings<W> {
  /** The first finding, or that there is none. */
  outcome: Outcome = { kind: "none" };
  /** Whether a finding has been what the exploration was after. */
  isGoalReached = false;
  /** Whether an execution was cut off at the step limit. */
  wasCutOff = false;
  readonly #engine: Engine<W>;
  readonly #isGoal: (violation: Violation) => boolean;
  readonly #violations = new Map<string, Violation>();
  #knownFingerprint: number | undefined;

  constructor(engine: Engine<W>, isGoal: (violation: Violation) => boolean) {
    this.#engine = engine;
    this.#isGoal = isGoal;
  }

  /** One finding per signature, in the order found. */
  get violations(): readonly Violation[] {
    return [...this.#violations.values()];
  }

  /** Files what the execution that has just run has shown. */
  note(ending: Ending): void {
    // In pruned executions as well: what they have shown up to there is as true.
    if (this.#engine.asides.length > 0) {
      for (const finding of asideFindings(this.#engine, this.#fingerprint)) this.#file("violation", finding);
    }
    if (ending.kind === "stepLimit") {
      this.wasCutOff = true;
      if (this.outcome.kind === "none")
        this.outcome = { kind: "stepLimit", steps: this.#engine.sites.length };
    }
    if ("oracle" in ending) this.#file(ending.kind, findingOf(this.#engine, ending, this.#fingerprint));
  }

  get #fingerprint(): number {
    return (this.#knownFingerprint ??= modelFingerprint(this.#engine.scenario));
  }

  #file(kind: "violation" | "deadlock" | "livelock", violation: Violation): void {
    if (!("violation" in this.outcome)) this.outcome = { kind, violation };
    if (!this.#violations.has(violation.signature)) this.#violations.set(violation.signature, violation);
    if (this.#isGoal(violation)) this.isGoalReached = true;
  }
}
