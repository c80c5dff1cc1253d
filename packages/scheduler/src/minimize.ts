/** Minimization: the same finding with the fewest preemptions, then the fewest steps, and whether that is proven. */

import { UsageError } from "./assert.ts";
import { Engine } from "./engine.ts";
import { blocksOf, findingOf, signatureOf } from "./finding.ts";
import { modelFingerprint } from "./fingerprint.ts";
import type { Ending, Violation } from "./outcome.ts";
import type { RunSettings } from "./run-settings.ts";
import type { Scenario } from "./scenario.ts";
import { encodeSchedule, replaySchedule } from "./schedule.ts";
import { SEARCHED_THREADS_MAX } from "./strategies/bounds.ts";
import { exhaustive, VALUES_MAX } from "./strategies/exhaustive.ts";
import type { SchedulingPoint, Strategy } from "./strategy.ts";

/** Options of `minimize`: the settings under which the finding was made, and an effort. */
export interface MinimizeOptions extends RunSettings {
  /**
   * How many executions the search for a proof may take, 0 or a positive integer. Default 10,000, and fewer for findings of more
   * than 400 steps: as many as have four million steps together.
   */
  readonly executionsMax?: number;
  /** Called after each execution. For progress. */
  readonly onExecution?: (executions: number) => void;
}

/** A finding made small. */
export interface Minimized {
  readonly violation: Violation;
  /** Every schedule with fewer preemptions was run, and none shows the signature. */
  readonly fewestPreemptionsProven: boolean;
  /** Every schedule with as many preemptions was run too, and none that shows the signature has fewer steps. */
  readonly fewestStepsProven: boolean;
  /** How many executions this took. */
  readonly executions: number;
}

const PROOF_EXECUTIONS_MAX = 10_000;
const PROOF_STEPS = 4_000_000;
/** Steps of all trials together: a livelock of thousands of blocks has millions of neighbours, each as long as itself. */
const TRIAL_STEPS_MAX = 5_000_000;

/** A schedule that shows the finding, as choices. */
interface Candidate {
  readonly choices: readonly number[];
  readonly values: readonly number[];
  readonly preemptions: number;
}

/**
 * Shrinks a finding. First by trial: a block of its schedule is dropped or moved past the next as long as that still
 * shows the same signature with fewer preemptions, or as many and fewer steps; five million steps of trials are the most.
 * Then by search: all schedules without a preemption, then with one, and so on (Musuvathi and Qadeer, PLDI 2007), up to as
 * many as the finding has by then. What a level shows has the fewest preemptions if the levels below were searched to
 * their end, and the fewest steps if it was searched to its own end. Two findings of one signature then come to the same
 * schedule, the first in the order of the search.
 *
 * Where the budget runs out, an execution is cut off at the step limit, or there are more threads or values of a data choice
 * than a search takes, the result is the smallest found and not proven.
 *
 * @throws {UsageError} unless `executionsMax` is 0 or a positive integer.
 */
export function minimize<W>(
  scenario: Scenario<W>,
  violation: Violation,
  options: MinimizeOptions = {},
): Minimized {
  return new Minimizer(scenario, violation, options).run();
}

class Minimizer<W> {
  readonly #scenario: Scenario<W>;
  readonly #violation: Violation;
  readonly #engine: Engine<W>;
  readonly #executionsMax: number;
  readonly #onExecution: ((executions: number) => void) | undefined;
  #executions = 0;
  #trialSteps = 0;

  constructor(scenario: Scenario<W>, violation: Violation, options: MinimizeOptions) {
    const affordable = Math.min(PROOF_EXECUTIONS_MAX, Math.ceil(PROOF_STEPS / violation.steps));
    const { executionsMax = affordable } = options;
    if (!Number.isInteger(executionsMax) || executionsMax < 0)
      throw new UsageError(`minimize: executionsMax must be 0 or a positive integer, not ${executionsMax}.`);
    this.#scenario = scenario;
    this.#violation = violation;
    this.#executionsMax = executionsMax;
    this.#onExecution = options.onExecution;
    this.#engine = new Engine(scenario, options);
  }

  run(): Minimized {
    const given = this.#attempt(this.#violation.schedule);
    if (given === undefined) return this.#result(this.#violation, 0);
    const { best, levels } = this.#search(this.#shrink(given));
    const smallest = this.#shrink(best);
    const ending = this.#replay(encodeSchedule(smallest.choices, smallest.values));
    if (!("oracle" in ending)) return this.#result(this.#violation, 0);
    return this.#result(findingOf(this.#engine, ending, modelFingerprint(this.#scenario)), levels);
  }

  /** @param levels how many levels, from the one without a preemption, were searched to their end. */
  #result(violation: Violation, levels: number): Minimized {
    return {
      violation,
      fewestPreemptionsProven: levels >= violation.preemptions,
      fewestStepsProven: levels > violation.preemptions,
      executions: this.#executions,
    };
  }

  /** Goes up the levels until one is not finished, or the finding cannot have fewer preemptions. */
  #search(given: Candidate): { readonly best: Candidate; readonly levels: number } {
    const budgetEnd = this.#executions + this.#executionsMax;
    let best = given;
    let levels = 0;
    if (this.#engine.threads.length > SEARCHED_THREADS_MAX) return { best, levels };
    for (; levels <= best.preemptions; levels++) {
      const search = new LevelSearch(levels);
      const found = this.#smallestOf(search, budgetEnd);
      if (found !== undefined && (search.isExhausted || isSmaller(found, best))) best = found;
      if (!search.isExhausted) break;
    }
    return { best, levels };
  }

  #smallestOf(search: LevelSearch, budgetEnd: number): Candidate | undefined {
    let smallest: Candidate | undefined;
    while (this.#executions < budgetEnd && search.beginExecution()) {
      const ending = this.#run(search);
      if (ending.kind === "stepLimit") search.isCut = true;
      const candidate = this.#candidate(ending);
      if (candidate !== undefined && (smallest === undefined || isSmaller(candidate, smallest)))
        smallest = candidate;
    }
    return smallest;
  }

  #shrink(given: Candidate): Candidate {
    for (let best = given; ;) {
      const smaller = this.#firstSmaller(best);
      if (smaller === undefined) return best;
      best = smaller;
    }
  }

  #firstSmaller(best: Candidate): Candidate | undefined {
    for (const choices of neighbours(best.choices)) {
      if (this.#trialSteps >= TRIAL_STEPS_MAX) return undefined;
      const candidate = this.#attempt(encodeSchedule(choices, best.values));
      this.#trialSteps += this.#engine.sites.length;
      if (candidate !== undefined && isSmaller(candidate, best)) return candidate;
    }
    return undefined;
  }

  #attempt(schedule: Uint8Array): Candidate | undefined {
    return this.#candidate(this.#replay(schedule));
  }

  #replay(schedule: Uint8Array): Ending {
    const strategy = replaySchedule(schedule);
    strategy.beginExecution();
    return this.#run(strategy);
  }

  #run(strategy: Strategy): Ending {
    this.#executions++;
    const ending = this.#engine.run(strategy);
    this.#onExecution?.(this.#executions);
    return ending;
  }

  /** The execution that has just run, if it shows the finding. */
  #candidate(ending: Ending): Candidate | undefined {
    const engine = this.#engine;
    if (!("oracle" in ending) || signatureOf(ending, engine) !== this.#violation.signature) return undefined;
    return {
      choices: [...engine.choices],
      values: [...engine.values],
      preemptions: engine.preemptions,
    };
  }
}

/** All schedules with at most so many preemptions. Knows whether it has seen them all. */
class LevelSearch implements Strategy {
  readonly name = "level";
  readonly isComplete = false;
  readonly #search: Strategy;
  #hasEnded = false;
  /** Something was left out: an execution did not run to its end, or a data choice was made for it. */
  isCut = false;

  constructor(preemptionsMax: number) {
    this.#search = exhaustive({ preemptionsMax });
  }

  get isExhausted(): boolean {
    return this.#hasEnded && !this.isCut;
  }

  beginExecution(): boolean {
    const hasBegun = this.#search.beginExecution();
    this.#hasEnded = !hasBegun;
    return hasBegun;
  }

  pickThread(point: SchedulingPoint): number {
    return this.#search.pickThread(point);
  }

  /** Of choices that are too wide for the search only the ordinary case is tried. */
  pickValue(count: number): number {
    if (count <= VALUES_MAX) return this.#search.pickValue(count);
    this.isCut = true;
    return 0;
  }
}

function isSmaller(a: Candidate, b: Candidate): boolean {
  if (a.preemptions !== b.preemptions) return a.preemptions < b.preemptions;
  return a.choices.length < b.choices.length;
}

/** The schedule without one block, and with one block moved past its successor. */
function* neighbours(choices: readonly number[]): Generator<number[]> {
  const parts = blocksOf(choices, []).map(({ start, length }) => choices.slice(start, start + length));
  for (let i = 0; i < parts.length; i++) yield parts.filter((_, at) => at !== i).flat();
  for (let i = 0; i + 1 < parts.length; i++) {
    yield [...parts.slice(0, i), parts[i + 1]!, parts[i]!, ...parts.slice(i + 2)].flat();
  }
}
