/** An exploration inside a test: it ends in time, and says when nothing follows from it. */

import {
  ablationText,
  decodeToken,
  explore,
  modelFingerprint,
  replayToken,
  type Exploration,
  type ExploreOptions,
  type Scenario,
  type Strategy,
  type Violation,
} from "@mmrace/scheduler";
import { withDeadline, type Deadline } from "./deadline.ts";
import { countsText, counted, nameOf, titleOf } from "./texts.ts";

/** An exploration with what a matcher has to know about it. */
export interface Search<W> {
  readonly scenario: Scenario<W>;
  /** The scenario and the guards taken out of it, for texts. */
  readonly title: string;
  readonly strategy: Strategy;
  readonly options: ExploreOptions;
  readonly exploration: Exploration;
  /** Why nothing follows from finding nothing; `undefined` when something does. */
  readonly doubt: string | undefined;
}

/** Explores a scenario until a deadline. */
export function search<W>(
  scenario: Scenario<W>,
  strategy: Strategy,
  options: ExploreOptions,
  deadline: Deadline | undefined,
): Search<W> {
  const timed = withDeadline(strategy, deadline);
  const before = behaviourOf(scenario);
  const exploration = explore(scenario, timed, options);
  const title = titleOf(scenario, options);
  const doubt =
    (timed.isOutOfTime ? outOfTime(title, exploration, deadline!) : undefined) ??
    doubtOf(title, strategy, exploration) ??
    (behaviourOf(scenario) === before ? undefined : drift(title)) ??
    unmatchedText(title, exploration);
  return { scenario, title, strategy, options, exploration, doubt };
}

/** Why nothing follows from a finding; `undefined` when something does. */
export function doubtAbout<W>(
  { scenario, title, exploration }: Search<W>,
  violation: Violation,
): string | undefined {
  const again = replayToken(scenario, decodeToken(violation.token));
  if (again.kind === "reproduced" && again.violation.oracle === violation.oracle) {
    const unmatched = unmatchedText(title, exploration);
    return unmatched === undefined ? undefined : `${unmatched} It broke ${nameOf(violation)} without.`;
  }
  const instead = again.kind === "diverged" ? again.message : "The replay ended otherwise.";
  return `${title} broke ${nameOf(violation)}, but its token does not show that again. ${instead}`;
}

/** Executions of the fingerprint run outside of the strategy, and so past the deadline; some of them may never end. */
const FINGERPRINT_STEPS_MAX = 10_000;

/** A hash by which a scenario that remembers earlier executions gives itself away; one execution per thread. */
function behaviourOf<W>(scenario: Scenario<W>): number {
  const { stepsMax = FINGERPRINT_STEPS_MAX } = scenario;
  return modelFingerprint({ ...scenario, stepsMax: Math.min(stepsMax, FINGERPRINT_STEPS_MAX) });
}

function outOfTime(title: string, exploration: Exploration, { timeoutMs }: Deadline): string {
  return (
    `The search of ${title} was stopped, since the test may take ${counted(timeoutMs)} ms: ${countsText(exploration)}, ` +
    "nothing found, nothing proved. Give the test more time, test(name, body, milliseconds), or the scenario less to do."
  );
}

function doubtOf(title: string, strategy: Strategy, exploration: Exploration): string | undefined {
  const { outcome, executions } = exploration;
  if (outcome.kind === "notReproducible") return `${title} is not reproducible. ${outcome.message}`;
  if (outcome.kind === "stepLimit")
    return `An execution of ${title} was cut off after ${counted(outcome.steps, "step")}; raise its stepsMax.`;
  if (executions > 0) return undefined;
  return `Not one execution of ${title} was run. The strategy "${strategy.name}" may have been used before: make a new one.`;
}

function drift(title: string): string {
  return (
    `${title} is not reproducible: it behaved otherwise before the search than after it. ` +
    "Usual causes: state shared between executions, unordered iteration, a clock or a random number in the model."
  );
}

function unmatchedText(title: string, { unmatched }: Exploration): string | undefined {
  if (unmatched.length === 0) return undefined;
  const sites = unmatched.map((ablation) => ablationText(ablation)).join(", ");
  return `${sites} matched no operation of ${title}: a misspelt site, or code that never ran.`;
}
