/** Which searches `mmrace explore` can do in parts, and what makes two of them the same. */

import type { World } from "@mmrace/mm";
import {
  hashToHex,
  modelFingerprint,
  watchesEveryState,
  type ExhaustiveOptions,
  type Scenario,
} from "@mmrace/scheduler";
import type { SearchJob } from "../engine/exhaustive-search.ts";
import { STATE_DIRECTORY, stateFile } from "../engine/saved-state.ts";
import { version } from "../version.ts";
import type { ExploreOptions } from "./commands/explore.ts";
import { ablationsOf } from "./options.ts";

/** Most bugs need no more preemptions than these. */
export const PREEMPTIONS_MAX = 2;

/**
 * The searches that a strategy does one after another, for those that can be done in parts; undefined for a strategy that
 * learns from later executions what is left to do beside earlier ones.
 */
export function levelsOf<W>(
  { strategy, preemptions, delays }: Pick<ExploreOptions, "strategy" | "preemptions" | "delays">,
  scenario: Scenario<W>,
): readonly ExhaustiveOptions[] | undefined {
  if (strategy === "interleavings") return [{}];
  if (strategy === "bounded") {
    const levels = Array.from(
      { length: (delays ?? preemptions ?? PREEMPTIONS_MAX) + 1 },
      (_, level) => level,
    );
    return levels.map((level) => (delays === undefined ? { preemptionsMax: level } : { delaysMax: level }));
  }
  const isDpor = strategy === "dpor" || strategy === "optimal-dpor";
  if (strategy === "dfs" || (isDpor && watchesEveryState(scenario))) return [{ reduction: "sleep-sets" }];
  return undefined;
}

/** The job of a search in parts. Its identity is all that its course depends on, but for budgets and workers. */
export function jobOf(
  scenario: Scenario<World>,
  options: ExploreOptions,
  levels: readonly ExhaustiveOptions[],
  startMs: number,
): SearchJob {
  const identity = {
    "version of mmrace": version(),
    scenario: scenario.name,
    "kernel release": scenario.variant ?? "none",
    "set of ablations": options.ablate.join(", ") || "none",
    "memory model": options.memory,
    strategy: options.strategy,
    levels: JSON.stringify(levels),
    "end at the first finding": options.all === true ? "no" : "yes",
    "model fingerprint": hashToHex(modelFingerprint(scenario)),
  };
  return {
    levels,
    stopAtFirst: options.all !== true,
    ablations: ablationsOf(options.ablate),
    memory: options.memory,
    executions: options.executions,
    deadlineMs: options.time === undefined ? Infinity : startMs + options.time,
    workers: options.workers,
    identity,
    file:
      options.checkpoint ?? stateFile(STATE_DIRECTORY, "interrupted", { ...identity, command: "explore" }),
    keepsSpent: options.checkpoint !== undefined,
  };
}
