/** Time limits: what a test may take, and a strategy that ends there. */

import { PRUNE, type Strategy } from "@mmrace/scheduler";
import { nowMs } from "./clock.ts";

/** When a search has to end, and the time limit of the test that says so. */
export interface Deadline {
  readonly atMs: number;
  readonly timeoutMs: number;
}

/** What is needed of vitest's description of a running test. */
export interface RunningTest {
  /** The time limit in milliseconds. */
  readonly timeout: number;
  readonly result?: { readonly retryCount?: number; readonly repeatCount?: number } | undefined;
}

/** How much of its time limit a test may spend in searches. The rest is for what else it does. */
const SHARE = 0.9;

/** One deadline for all matchers of a test; an attempt that retries or repeats it has the whole time again. */
const deadlines = new WeakMap<RunningTest, { readonly attempt: string; readonly deadline: Deadline }>();

/**
 * When the matchers of a test have to end. The time runs from its first matcher, since vitest does not tell when the
 * hooks before the test ended; what the test did earlier is its own affair.
 *
 * @returns `undefined` outside of a test, and for a test without a time limit.
 */
export function deadlineOf(test: RunningTest | undefined): Deadline | undefined {
  if (test === undefined || !(test.timeout > 0 && test.timeout < Infinity)) return undefined;
  const { retryCount = 0, repeatCount = 0 } = test.result ?? {};
  const attempt = `${repeatCount}/${retryCount}`;
  const known = deadlines.get(test);
  if (known?.attempt === attempt) return known.deadline;
  const deadline = { atMs: nowMs() + test.timeout * SHARE, timeoutMs: test.timeout };
  deadlines.set(test, { attempt, deadline });
  return deadline;
}

/** A strategy that can run out of time. */
export interface TimedStrategy extends Strategy {
  /** Whether the deadline ended it. */
  readonly isOutOfTime: boolean;
}

/** How many choices are made between two looks at the clock. An execution can be long. */
const CHOICES_PER_LOOK = 1024;

/**
 * Ends a strategy at a deadline. It stands around the strategy, and does not use `onExecution` of `explore`, since a
 * search can cut off any number of executions before it completes one.
 */
export function withDeadline(strategy: Strategy, deadline: Deadline | undefined): TimedStrategy {
  let isOutOfTime = false;
  let choices = 0;
  const look = (): boolean => (isOutOfTime ||= deadline !== undefined && nowMs() >= deadline.atMs);
  return {
    name: strategy.name,
    preemptionsMax: strategy.preemptionsMax,
    get isOutOfTime() {
      return isOutOfTime;
    },
    get isComplete() {
      return !isOutOfTime && strategy.isComplete;
    },
    beginExploration: (facts) => strategy.beginExploration?.(facts),
    beginExecution: () => !look() && strategy.beginExecution(),
    pickThread: (point) =>
      ++choices % CHOICES_PER_LOOK === 0 && look() ? PRUNE : strategy.pickThread(point),
    pickValue: (count) => strategy.pickValue(count),
    endExecution: (threads, ending) => strategy.endExecution?.(threads, ending),
  };
}
