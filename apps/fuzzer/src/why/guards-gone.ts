/**
 * What shows when guards are gone. A scenario that has a finding with its guards in place says nothing about them, and is left
 * out. The program of a finding is made small, as nobody chose what is in it.
 */

import type { Kernel } from "@mmrace/mm";
import { minimize, without, type Ablation, type Violation } from "@mmrace/scheduler";
import { shrinkFinding, type Shrunk } from "../programs/shrink.ts";
import { searchLevel, type WhyBounds } from "./bounded-search.ts";
import { kernelOf } from "./kernel-spec.ts";
import { goesTheSameWay } from "./same-way.ts";
import type { Subject } from "./subjects.ts";
import type { WhyFinding, WhyJob, WhyVerdict } from "./judge.ts";

/** Executions that minimizing may take. */
const MINIMIZE_MAX = 2000;
/** What is longer is a livelock, which goes on until the step limit: thousands of blocks to try without, and none to miss. */
const STEPS_MAX = 2000;

/** A finding, and what showed it. */
interface Shown {
  readonly subject: Subject;
  readonly violation: Violation;
}

/** Evidence about the guards of one question. */
export class GuardsGone {
  readonly ablations: readonly Ablation[];
  executions = 0;
  isComplete = true;
  readonly #bounds: WhyBounds;
  readonly #kernel: Kernel;
  readonly #isRough: boolean;
  readonly #leftOut: string[] = [];
  #shown: Shown[] = [];

  constructor(job: WhyJob) {
    this.#bounds = job;
    this.#kernel = kernelOf(job);
    this.#isRough = job.isRough === true;
    this.ablations = job.sites.map((site) => without.site(site));
  }

  /** Takes a finding in, unless its scenario has one with the guards in place too, by the same search or by `sameEffort`. */
  take(
    subject: Subject,
    violation: Violation,
    preemptionsMax: number,
    sameEffort: () => Violation | undefined = () => undefined,
  ): void {
    if (this.#speaksAnyway(subject, violation, preemptionsMax) || sameEffort() !== undefined)
      this.#leftOut.push(subject.scenario.name);
    else this.#shown.push({ subject, violation });
  }

  /** The shortest of what was taken in: the one with the fewest preemptions and steps, with its steps minimized. */
  shortest(): WhyFinding | undefined {
    const [first] = this.#shown.toSorted(
      (a, b) => a.violation.preemptions - b.violation.preemptions || a.violation.steps - b.violation.steps,
    );
    if (first === undefined) return undefined;
    const staysAsItIs = this.#isRough || first.violation.steps > STEPS_MAX;
    const { scenario, violation } = staysAsItIs ? { ...first, ...first.subject } : this.#madeSmall(first);
    const { oracle, message, signature, token, preemptions, steps } = violation;
    return { scenario: scenario.name, oracle, message, signature, token, preemptions, steps };
  }

  verdict(verdict: WhyVerdict["verdict"], finding?: WhyFinding): WhyVerdict {
    const leftOut = this.#leftOut;
    const complete = this.isComplete && leftOut.length === 0 && verdict === "not needed within bound";
    const known = { verdict, executions: this.executions, complete, leftOut };
    return finding === undefined ? known : { ...known, finding };
  }

  #madeSmall({ subject, violation }: Shown): Pick<Shrunk, "scenario" | "violation"> {
    const { scenario, program } = subject;
    const { ablations } = this;
    if (program !== undefined) {
      const shrunk = shrinkFinding(program, this.#kernel, violation, { ablations, memory: "sc" });
      if (!this.#speaksAnyway(shrunk, shrunk.violation, this.#bounds.preemptionsMax)) return shrunk;
    }
    return {
      scenario,
      violation: minimize(scenario, violation, { ablations, executionsMax: MINIMIZE_MAX }).violation,
    };
  }

  /** Whether there are findings with the guards in place: this one, or another, as far as the same search shows. */
  #speaksAnyway(
    { scenario }: Pick<Subject, "scenario">,
    violation: Violation,
    preemptionsMax: number,
  ): boolean {
    if (goesTheSameWay(scenario, violation, this.ablations)) return true;
    return searchLevel(scenario, { ...this.#bounds, preemptionsMax }, []).violation !== undefined;
  }
}
