/**
 * Which commit made a guard needed, or redundant: the step of the history at which its counterexample comes or goes, and the
 * parts of that step, one at a time put into the older state, and taken back from the newer one.
 */

import { historyBetween, type HistoryPart, type HistoryStep } from "@mmrace/mm";
import { kernelSpelling } from "@mmrace/scheduler";
import { answersTo } from "./answers.ts";
import { guardsOf } from "./guards.ts";
import { identityOf, kernelOf, type KernelSpec } from "./kernel-spec.ts";
import type { WhyFinding, WhyJob, WhyVerdict } from "./judge.ts";
import type { Question } from "./rows.ts";
import { sitesOf } from "./sites.ts";
import { subjectOfFinding, type SubjectIn } from "./subjects.ts";
import { isOpen } from "./verdicts.ts";

/** What becomes of a guard in one scenario. */
type State = "absent" | "needed" | "redundant" | "says nothing";

/** How it is known that a part is the cause. */
export type Evidence =
  /** Put into the older state alone, it changes the verdict. */
  | "enough alone"
  /** Taken back from the newer state, it undoes the change. */
  | "needed for it"
  /** The scenario comes to no other difference of that step. */
  | "only difference";

/** Why a verdict changed. */
export interface Cause {
  /** The last state before and the first after it; undefined where the states in between tell nothing. */
  readonly between: readonly [older: string, newer: string] | undefined;
  /** Undefined: it could not be said which part of the step it was. */
  readonly evidence: Evidence | undefined;
  /** The parts for which there is evidence; without any, those that the scenario comes to. */
  readonly parts: readonly HistoryPart[];
}

/**
 * Looks for the cause.
 *
 * @param site the guard.
 * @param finding the counterexample; what is asked about is its scenario.
 */
export async function causeOf(
  site: string,
  finding: WhyFinding,
  { older, newer }: { readonly older: string; readonly newer: string },
  question: Question,
): Promise<Cause> {
  const search = new CauseSearch(site, finding, question);
  const step = await search.stepOf(historyBetween(older, newer));
  if (step === undefined) return { between: undefined, evidence: undefined, parts: [] };
  return { between: [step.older, step.newer], ...(await search.partsOf(step)) };
}

class CauseSearch {
  readonly #site: string;
  readonly #subject: SubjectIn;
  readonly #question: Question;

  constructor(site: string, finding: WhyFinding, question: Question) {
    this.#site = site;
    this.#subject = subjectOfFinding(finding);
    this.#question = question;
  }

  /** The last step at which the state becomes what it is in the end. */
  async stepOf(steps: readonly HistoryStep[]): Promise<HistoryStep | undefined> {
    const last = await this.#stateOn({ kernel: steps.at(-1)!.newer });
    for (const step of steps.toReversed())
      if ((await this.#stateOn({ kernel: step.older })) !== last) return step;
    return undefined;
  }

  async partsOf(step: HistoryStep): Promise<Omit<Cause, "between">> {
    const { older, newer } = step;
    const before = await this.#stateOn({ kernel: older });
    const after = await this.#stateOn({ kernel: newer });
    const parts = this.#reached(step);
    const enough: HistoryPart[] = [];
    const needed: HistoryPart[] = [];
    for (const part of parts) {
      const { names } = part;
      if ((await this.#stateOn({ kernel: older, mixed: { release: newer, names } })) === after)
        enough.push(part);
      if ((await this.#stateOn({ kernel: newer, mixed: { release: older, names } })) === before)
        needed.push(part);
    }
    if (enough.length > 0) return { evidence: "enough alone", parts: enough };
    if (needed.length > 0) return { evidence: "needed for it", parts: needed };
    return { evidence: parts.length === 1 ? "only difference" : undefined, parts };
  }

  /** The parts with procedures that the scenario runs, in one state or the other; facts may always matter. */
  #reached({ older, newer, parts }: HistoryStep): readonly HistoryPart[] {
    const run = new Set(
      [older, newer].flatMap((kernel) =>
        sitesOf(
          this.#subject,
          kernelOf({ kernel }),
          identityOf({ kernel }),
          this.#question.cache,
        ).sites.flatMap(({ procedures }) => procedures),
      ),
    );
    return parts.filter(({ names }) =>
      names.some(
        (name) =>
          typeof kernelOf({ kernel: newer }).ops[name as never] !== "function" ||
          run.has(kernelSpelling(name)),
      ),
    );
  }

  async #stateOn(spec: KernelSpec): Promise<State> {
    const { bounds, cache, fuzz } = this.#question;
    const [guard] = guardsOf(this.#site, kernelOf(spec), {
      families: [this.#subject],
      identity: identityOf(spec),
      cache,
    });
    if (guard!.scenarios.length === 0) return "absent";
    const isRough = true as const;
    const job = { ...bounds, ...spec, sites: [this.#site], ...this.#subject.spec, isRough };
    const searched = await this.#answerTo(job);
    const isUndecided = isOpen(searched) && !searched.complete && searched.leftOut.length === 0;
    const { verdict, leftOut } =
      isUndecided && fuzz > 0 ? await this.#answerTo({ ...job, fuzzed: fuzz }) : searched;
    if (verdict === "needed") return "needed";
    return verdict === "not needed within bound" && leftOut.length === 0 ? "redundant" : "says nothing";
  }

  async #answerTo(job: WhyJob): Promise<WhyVerdict> {
    const { cache } = this.#question;
    const [answer] = await answersTo([job], { workers: 1, cache, onAnswer: () => {} });
    return answer!;
  }
}
