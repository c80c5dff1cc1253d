/** The search that the options of `mmrace explore` ask for: in parts where it can be, else in one piece. */

import type { World } from "@mmrace/mm";
import {
  boundedDpor,
  dpor,
  exhaustive,
  explore,
  iterativeBound,
  optimalDpor,
  searchStates,
  UsageError,
  type IterativeBoundOptions,
  type Scenario,
  type Strategy,
} from "@mmrace/scheduler";
import type { ChangeSource } from "../changes/change.ts";
import { nowMs } from "../clock.ts";
import { runSearch, type SearchResult } from "../engine/exhaustive-search.ts";
import { watched } from "../report/search-progress.ts";
import type { ExploreOptions } from "./commands/explore.ts";
import { jobOf, levelsOf, PREEMPTIONS_MAX } from "./explore-job.ts";
import { ablationsOf } from "./options.ts";

/**
 * Searches a scenario.
 *
 * @throws {UsageError} when options do not fit together.
 */
export async function search(
  scenario: Scenario<World>,
  options: ExploreOptions,
  changes: readonly ChangeSource[],
  startMs: number,
): Promise<SearchResult> {
  if (options.strategy === "states") return statesInOnePiece(scenario, options, startMs);
  const strategy = strategyOf(options);
  const levels = levelsOf(options, scenario);
  if (levels === undefined) return inOnePiece(scenario, strategy, options, startMs);
  return await runSearch(scenario, jobOf(scenario, options, changes, levels, startMs));
}

function strategyOf({ strategy, preemptions, delays }: ExploreOptions): Strategy {
  const isBounded = strategy === "bounded" || strategy === "bounded-dpor";
  if (!isBounded && (preemptions ?? delays) !== undefined)
    throw new UsageError(
      `--preemptions and --delays go with --strategy bounded, bounded-dpor or states, not ${strategy}.`,
    );
  if (strategy === "dfs") return exhaustive({ reduction: "sleep-sets" });
  if (strategy === "dpor") return dpor();
  if (strategy === "optimal-dpor") return optimalDpor();
  if (strategy === "interleavings") return exhaustive();
  if (isBounded) {
    const bound = boundOf(preemptions, delays);
    return strategy === "bounded" ? iterativeBound(bound) : boundedDpor(bound);
  }
  throw new UsageError(
    `There is no strategy "${String(strategy)}" for explore. There are dfs, dpor, optimal-dpor, interleavings, bounded, ` +
      "bounded-dpor and states.",
  );
}

function boundOf(preemptions: number | undefined, delays: number | undefined): IterativeBoundOptions {
  if (delays === undefined) return { preemptionsMax: preemptions ?? PREEMPTIONS_MAX };
  if (preemptions !== undefined) throw new UsageError("Give --preemptions or --delays, not both.");
  return { delaysMax: delays };
}

function refuseParts({ workers, checkpoint }: ExploreOptions, why: string, instead: string): void {
  if (workers === 1 && checkpoint === undefined) return;
  throw new UsageError(
    `--workers and --checkpoint go with searches that can be done in parts. ${why}. Use --strategy ${instead}.`,
  );
}

/** For strategies whose search cannot be done in parts. */
function inOnePiece(
  scenario: Scenario<World>,
  strategy: Strategy,
  options: ExploreOptions,
  startMs: number,
): SearchResult {
  refuseParts(
    options,
    `${options.strategy} cannot on ${scenario.name}: executions add to what is left to do beside those before them`,
    options.strategy === "bounded-dpor" ? "bounded" : "dfs",
  );
  const { onExecution, end } = watched();
  const limit = timeLimit(options, startMs);
  const exploration = explore(scenario, strategy, {
    ...settingsOf(options),
    ...(options.executions === undefined ? {} : { executionsMax: options.executions }),
    onExecution: (executions) => onExecution(executions) && !limit.isOver(),
  });
  end();
  return { exploration, isInterrupted: limit.wasOver, savedIn: undefined };
}

function statesInOnePiece(scenario: Scenario<World>, options: ExploreOptions, startMs: number): SearchResult {
  const { executions, preemptions, delays } = options;
  refuseParts(options, "states cannot: one table tells which states are new", "dfs");
  if (executions !== undefined)
    throw new UsageError("--executions limits executions; --strategy states runs few, and has no limit.");
  const limit = timeLimit(options, startMs);
  const exploration = searchStates(scenario, {
    ...settingsOf(options),
    ...(preemptions === undefined ? {} : { preemptionsMax: preemptions }),
    ...(delays === undefined ? {} : { delaysMax: delays }),
    onStates: () => !limit.isOver(),
  });
  return { exploration, isInterrupted: limit.wasOver, savedIn: undefined };
}

function settingsOf({ ablate, memory, all }: ExploreOptions) {
  return { ablations: ablationsOf(ablate), memory, stopAtFirst: all !== true };
}

/** Whether the time of `--time` is over, and whether somebody was told so. */
function timeLimit({ time }: ExploreOptions, startMs: number) {
  const deadlineMs = time === undefined ? Infinity : startMs + time;
  return {
    wasOver: false,
    isOver(): boolean {
      return (this.wasOver = nowMs() >= deadlineMs);
    },
  };
}
