/**
 * The matchers as functions, and their types for `expect`. Importing this file registers nothing: hand `matchers` to
 * `expect.extend`, or import `@mmrace/vitest`, which does.
 */

import { UsageError, type Scenario } from "@mmrace/scheduler";
import type { MatcherState } from "vitest";
import { deadlineOf, type RunningTest } from "./deadline.ts";
import { foundBy, type FoundByOptions, type StrategyChoice } from "./found-by.ts";
import { hold, type HoldOptions } from "./hold.ts";
import { replays } from "./replays.ts";
import { reportOf, type MatcherReport } from "./verdict.ts";

export type { FoundByOptions, StrategyChoice } from "./found-by.ts";
export type { HoldOptions } from "./hold.ts";
export type { MatcherReport } from "./verdict.ts";

/** What the matchers need of vitest's matcher state. */
export interface MatcherContext extends Pick<MatcherState, "isNot"> {
  /** The running test, whose time limit ends a search. */
  readonly task?: RunningTest;
}

function toHoldInEveryInterleaving(
  this: MatcherContext,
  received: unknown,
  options: HoldOptions = {},
): MatcherReport {
  const verdict = hold(scenarioOf(received), options, deadlineOf(this.task));
  return reportOf(verdict, this.isNot);
}

function toBeFoundBy(
  this: MatcherContext,
  received: unknown,
  strategy: StrategyChoice,
  options: FoundByOptions,
): MatcherReport {
  const verdict = foundBy(scenarioOf(received), strategy, options, deadlineOf(this.task));
  return reportOf(verdict, this.isNot);
}

function toReplay(this: MatcherContext, received: unknown, token: string, oracle?: string): MatcherReport {
  return reportOf(replays(scenarioOf(received), token, oracle), this.isNot);
}

/** All matchers, for `expect.extend`. */
export const matchers: {
  readonly toHoldInEveryInterleaving: typeof toHoldInEveryInterleaving;
  readonly toBeFoundBy: typeof toBeFoundBy;
  readonly toReplay: typeof toReplay;
} = { toHoldInEveryInterleaving, toBeFoundBy, toReplay };

declare module "vitest" {
  // The type parameter must be spelled as vitest spells it.
  interface Matchers<T = any> {
    /**
     * Searches every interleaving of a scenario. Fails when one breaks a property, deadlocks or livelocks, with the
     * counterexample and its token; and when the search does not show that none does: it was not complete, a `sometimes`
     * property was never reached, an ablation matched nothing, an execution hit the step limit, the scenario is not
     * reproducible, or the time limit of the test came first. In all of the latter cases `.not` fails as well.
     */
    toHoldInEveryInterleaving(options?: HoldOptions): void;
    /**
     * Fails unless a strategy finds a violation of a scenario within so many executions. With `.not`, it must have run all
     * of them, or every one there is, and found none: a negative control.
     */
    toBeFoundBy(strategy: StrategyChoice, options: FoundByOptions): void;
    /**
     * Replays a token of a scenario. Fails unless it shows a violation, of `oracle` if that is given. A replay that leaves
     * the recorded path shows nothing, so it fails with `.not` as well.
     */
    toReplay(token: string, oracle?: string): void;
  }
}

function scenarioOf(received: unknown): Scenario<unknown> {
  const { setup, threads, properties } = (received ?? {}) as Partial<Scenario<unknown>>;
  if (typeof setup !== "function" || typeof threads !== "object" || !Array.isArray(properties))
    throw new UsageError("expect() was given no scenario. Make one with defineScenario.");
  return received as Scenario<unknown>;
}
