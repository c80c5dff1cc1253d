/** Several answers about the same guards, taken together: from scenarios, from generated programs, from fuzzing. */

import type { WhyVerdict } from "./judge.ts";

/** What answers must say so that they can be taken together. */
type Answer = Pick<WhyVerdict, "executions" | "complete" | "leftOut"> & { readonly verdict: string };

/** Answers taken together. */
export type Joined<A extends Answer> = A & {
  /** Executions of campaigns, besides those of the search. */
  readonly fuzzed: number;
};

/** A verdict on guards. */
export type RowVerdict = Joined<WhyVerdict>;

/** One answer is where it begins. */
export function verdictOf<A extends Answer>(answer: A): Joined<A> {
  return { ...answer, fuzzed: 0 };
}

/** Whether nothing has been found that the guards are for, so that it makes sense to go on. */
export function isOpen({ verdict }: Answer): boolean {
  return verdict === "not needed within bound" || verdict === "never executed";
}

/** What an open verdict becomes with one more answer. */
export function joined<A extends Answer>(
  before: Joined<A>,
  answer: A,
  { fuzzed }: { readonly fuzzed?: number | undefined },
): Joined<A> {
  const isSearch = fuzzed === undefined;
  const { executions } = answer;
  return {
    ...answer,
    executions: before.executions + (isSearch ? executions : 0),
    fuzzed: before.fuzzed + (isSearch ? 0 : executions),
    complete: (before.complete || before.verdict === "never executed") && answer.complete,
    leftOut: [...before.leftOut, ...answer.leftOut],
  };
}
