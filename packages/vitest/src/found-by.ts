/** `toBeFoundBy`: whether a strategy finds what is wrong, within a number of executions. */

import {
  UsageError,
  type ExploreOptions,
  type SamplingOptions,
  type Scenario,
  type Strategy,
  type Violation,
} from "@mmrace/scheduler";
import type { Deadline } from "./deadline.ts";
import { doubtAbout, search, type Search } from "./search.ts";
import { counted, counterexampleText, countsText, nameOf, replayText } from "./texts.ts";
import { no, unknown, yes, type Verdict } from "./verdict.ts";

/** Options of `toBeFoundBy`. */
export interface FoundByOptions extends Pick<ExploreOptions, "ablations" | "memory"> {
  /** How many executions the strategy has; a positive integer. */
  readonly within: number;
  /** The oracle, or the sentence of the property, that must be the one to find it. Default: any. */
  readonly oracle?: string;
  /** The random seed of a strategy that is made here. Default 1. */
  readonly randomSeed?: number;
}

/** A strategy, or what makes one: `random`, `pos`, `(sampling) => pct({ ...sampling, depth: 3 })`. */
export type StrategyChoice = Strategy | ((sampling: SamplingOptions) => Strategy);

/** Lets a strategy look. */
export function foundBy<W>(
  scenario: Scenario<W>,
  choice: StrategyChoice,
  { within, oracle, randomSeed, ...settings }: FoundByOptions,
  deadline: Deadline | undefined,
): Verdict {
  const strategy = strategyOf(choice, within, randomSeed);
  const isWanted = (violation: Violation): boolean => isOf(violation, oracle);
  const options = { ...settings, executionsMax: within, stopWhen: isWanted };
  const done = search(scenario, strategy, options, deadline);
  const { title, exploration } = done;
  const wanted = oracle === undefined ? "anything wrong" : `"${oracle}" broken`;
  const violation = exploration.violations.find(isWanted);
  if (violation !== undefined) {
    const doubt = doubtAbout(done, violation);
    if (doubt !== undefined) return unknown(doubt);
    return yes(
      () =>
        `Strategy "${strategy.name}" should not find ${wanted} in ${title} within ${counted(within, "execution")}, but ` +
        `execution ${counted(exploration.executions)} broke ${nameOf(violation)}.\n` +
        counterexampleText(scenario, violation),
    );
  }
  const doubt = done.doubt ?? endedEarly(done, within);
  if (doubt !== undefined) return unknown(doubt);
  return no(
    () =>
      `Strategy "${strategy.name}" should find ${wanted} in ${title} within ${counted(within, "execution")}, but ` +
      `${countsText(exploration)} showed ${insteadText(exploration.violations)}.`,
  );
}

/** Whether a violation goes by a name: of its oracle, or of its property. */
export function isOf({ oracle, message }: Violation, name: string | undefined): boolean {
  return name === undefined || oracle === name || message === name;
}

function strategyOf(choice: StrategyChoice, within: number, randomSeed: number | undefined): Strategy {
  if (!Number.isInteger(within) || within < 1)
    throw new UsageError(`toBeFoundBy: within must be a positive integer, not ${within}.`);
  if (typeof choice === "function") return choice({ randomSeed: randomSeed ?? 1, executionsMax: within });
  if (randomSeed !== undefined) {
    throw new UsageError(
      `toBeFoundBy: strategy "${choice.name}" is made already, so randomSeed comes too late. ` +
        "Give it to the strategy, or name a function that makes one: toBeFoundBy(random, { within, randomSeed }).",
    );
  }
  return choice;
}

/** A strategy of fewer executions than asked for has not had its chance; unless there is nothing left to find. */
function endedEarly<W>({ title, strategy, exploration }: Search<W>, within: number): string | undefined {
  const { complete, executions } = exploration;
  if (complete || executions >= within) return undefined;
  return (
    `Strategy "${strategy.name}" ended after ${countsText(exploration)} of ${title}, and found nothing in them; ` +
    `${counted(within)} were asked for.`
  );
}

function insteadText(violations: readonly Violation[]): string {
  if (violations.length === 0) return "nothing";
  return violations.map((one) => `${nameOf(one)}\n  ${replayText(one.token)}`).join(";\n");
}
