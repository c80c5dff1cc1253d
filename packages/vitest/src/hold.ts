/** `toHoldInEveryInterleaving`: a search of all schedules. */

import { exhaustive, type ExploreOptions, type Scenario, type Strategy } from "@mmrace/scheduler";
import type { Deadline } from "./deadline.ts";
import { doubtAbout, search, type Search } from "./search.ts";
import { counted, counterexampleText, countsText, nameOf } from "./texts.ts";
import { no, unknown, yes, type Verdict } from "./verdict.ts";

/** Options of `toHoldInEveryInterleaving`. */
export interface HoldOptions extends Pick<
  ExploreOptions,
  "ablations" | "checkDeterminism" | "executionsMax" | "memory"
> {
  /**
   * The search; it must be one that can be complete. Default: `exhaustive({ reduction: "sleep-sets" })`, one execution of
   * each class of executions that differ in the order of commuting operations only. A strategy serves one search.
   */
  readonly strategy?: Strategy;
}

/** Searches every interleaving. */
export function hold<W>(
  scenario: Scenario<W>,
  { strategy = exhaustive({ reduction: "sleep-sets" }), ...options }: HoldOptions,
  deadline: Deadline | undefined,
): Verdict {
  const done = search(scenario, strategy, options, deadline);
  const { title, exploration } = done;
  const [violation] = exploration.violations;
  // Where a second run differed, the finding of the first one is no more than that.
  if (violation !== undefined && exploration.outcome.kind !== "notReproducible") {
    const doubt = doubtAbout(done, violation);
    if (doubt !== undefined) return unknown(doubt);
    const where = `in execution ${counted(exploration.executions)}, with ${counted(violation.preemptions, "preemption")}`;
    return no(
      () =>
        `${title} does not hold in every interleaving: it broke ${nameOf(violation)} ${where}.\n` +
        counterexampleText(scenario, violation),
    );
  }
  const doubt = done.doubt ?? incomplete(done) ?? unreached(done);
  if (doubt !== undefined) return unknown(doubt);
  return yes(() => `${title} holds in every interleaving: ${countsText(exploration)}, none of them wrong.`);
}

function incomplete<W>({ title, strategy, options, exploration }: Search<W>): string | undefined {
  if (exploration.complete) return undefined;
  const { executionsMax = Infinity } = options;
  const counts = `${countsText(exploration)}, nothing found, nothing proved`;
  if (exploration.executions >= executionsMax)
    return `The search of ${title} is not complete: it stopped at executionsMax ${counted(executionsMax)}: ${counts}. Raise it.`;
  const bound =
    exploration.preemptionsMax === undefined
      ? "it does not cover every interleaving"
      : `its bound of ${counted(exploration.preemptionsMax, "preemption")} left interleavings out`;
  return `The search of ${title} is not complete: strategy "${strategy.name}" ended, and ${bound}: ${counts}.`;
}

function unreached<W>({ title, exploration }: Search<W>): string | undefined {
  if (exploration.unreached.length === 0) return undefined;
  return (
    `${title} never got there: ${exploration.unreached.join("; ")}. ` +
    `Nothing was wrong in ${countsText(exploration)}, but they do not show what the scenario is about.`
  );
}
