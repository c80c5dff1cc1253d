/** `mmrace explore`: exhaustive search of one scenario. */

import {
  boundedDpor,
  dpor,
  exhaustive,
  explore,
  iterativeBound,
  optimalDpor,
  UsageError,
  type Exploration,
  type IterativeBoundOptions,
  type MemoryModel,
  type Scenario,
  type Strategy,
} from "@mmrace/scheduler";
import type { World } from "@mmrace/mm";
import type { Command } from "commander";
import { nowMs } from "../../clock.ts";
import { runSearch, type SearchResult } from "../../engine/exhaustive-search.ts";
import { STATE_DIRECTORY } from "../../engine/saved-state.ts";
import { warn } from "../../report/warn.ts";
import { watched } from "../../report/search-progress.ts";
import { counted, violationText } from "../../report/violation-text.ts";
import { EXIT } from "../exit-code.ts";
import { jobOf, levelsOf, PREEMPTIONS_MAX } from "../explore-job.ts";
import {
  ablateOption,
  ablationsOf,
  duration,
  familyOf,
  jsonOption,
  kernelOption,
  memoryOption,
  refuseUnmatched,
  scenarioOn,
  wholeNumber,
} from "../options.ts";
import { violationJson, type CommandResult } from "../output.ts";
import { green } from "../../report/style.ts";

/** Options, as the command line gives them. */
export interface ExploreOptions {
  readonly kernel?: string;
  readonly strategy: "dfs" | "dpor" | "optimal-dpor" | "interleavings" | "bounded" | "bounded-dpor";
  readonly preemptions?: number;
  readonly delays?: number;
  readonly ablate: readonly string[];
  readonly memory: MemoryModel;
  readonly all?: boolean;
  readonly executions?: number;
  readonly time?: number;
  readonly workers: number;
  readonly checkpoint?: string;
}

/** Describes the command. */
export function defineExplore(program: Command): Command {
  return program
    .command("explore")
    .summary("search all schedules of a scenario")
    .description(
      "Searches every schedule of a scenario. dfs explores one execution of each class of executions that differ only " +
        "in the order of operations that commute (sleep sets); dpor does so too, and begins fewer in vain where no " +
        "property watches every state; optimal-dpor hardly any, for more memory; interleavings explores each " +
        "execution; bounded explores all schedules with 0, 1, ... preemptions, or delays, so that its first finding has the " +
        "fewest possible; bounded-dpor searches one bound with partial-order reduction. The result does not depend on the " +
        "number of workers. Ctrl-C saves the search; the same command goes on with it.",
    )
    .argument("<scenario>", "scenario, or the id of a bug (see: mmrace list scenarios)")
    .addOption(kernelOption())
    .option("--strategy <name>", "dfs, dpor, optimal-dpor, interleavings, bounded or bounded-dpor", "dfs")
    .option(
      "--preemptions <n>",
      `highest bound of bounded, bound of bounded-dpor (default: ${PREEMPTIONS_MAX})`,
      wholeNumber(0),
    )
    .option(
      "--delays <n>",
      "bound delays instead: threads passed over by a round robin that runs each until it blocks",
      wholeNumber(0),
    )
    .addOption(ablateOption())
    .addOption(memoryOption())
    .option("--all", "do not stop at the first finding; collect one per signature")
    .option("--executions <n>", "give up after so many executions", wholeNumber(1))
    .option("--time <duration>", "stop after this long, for example 60s; the search is saved", duration)
    .option("--workers <n>", "worker threads", wholeNumber(1), 1)
    .option(
      "--checkpoint <file>",
      `where the search is saved when it ends early (default: a file in ${STATE_DIRECTORY}, unless --executions ends it)`,
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  mmrace explore mremap-vs-retract --kernel 6.12\n" +
        "  mmrace explore cpmt-vs-uffdcopy --strategy bounded --preemptions 1\n" +
        "  mmrace explore retract-vs-uffdcopy --ablate retract_page_tables/spin_lock/pte_lock\n" +
        "  mmrace explore cpmt-vs-uffdcopy --strategy interleavings --all --workers 2 --checkpoint search.json",
    );
}

function strategyOf({ strategy, preemptions, delays }: ExploreOptions): Strategy {
  const isBounded = strategy === "bounded" || strategy === "bounded-dpor";
  if (!isBounded && (preemptions ?? delays) !== undefined)
    throw new UsageError(
      `--preemptions and --delays go with --strategy bounded or bounded-dpor, not ${strategy}.`,
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
    `There is no strategy "${String(strategy)}" for explore. There are dfs, dpor, optimal-dpor, interleavings, bounded and bounded-dpor.`,
  );
}

function boundOf(preemptions: number | undefined, delays: number | undefined): IterativeBoundOptions {
  if (delays === undefined) return { preemptionsMax: preemptions ?? PREEMPTIONS_MAX };
  if (preemptions !== undefined) throw new UsageError("Give --preemptions or --delays, not both.");
  return { delaysMax: delays };
}

/** Runs the command. */
export async function runExplore(name: string, options: ExploreOptions): Promise<CommandResult> {
  const scenario = scenarioOn(familyOf(name), options.kernel);
  const startMs = nowMs();
  // Refuses what does not fit together.
  const strategy = strategyOf(options);
  const levels = levelsOf(options, scenario);
  const result =
    levels === undefined
      ? inOnePiece(scenario, strategy, options, startMs)
      : await runSearch(scenario, jobOf(scenario, options, levels, startMs));
  const { exploration, isInterrupted, savedIn } = result;
  if (!isInterrupted) refuseUnmatched(exploration.unmatched, scenario.name);
  const { violations } = exploration;
  const findings = violations.map((violation) => violationText(scenario, violation));
  if (savedIn !== undefined) warn(`The search is saved in ${savedIn}; the same command goes on with it.`);
  return {
    exitCode: violations.length > 0 ? EXIT.violation : EXIT.clean,
    text: [...findings, summary(exploration)].join("\n\n"),
    json: {
      scenario: scenario.name,
      kernel: scenario.variant,
      strategy: options.strategy,
      ablations: options.ablate,
      memory: options.memory,
      workers: options.workers,
      ...explorationJson(exploration),
      elapsedMs: Math.round(nowMs() - startMs),
    },
  };
}

/** For strategies whose search cannot be done in parts. */
function inOnePiece(
  scenario: Scenario<World>,
  strategy: Strategy,
  options: ExploreOptions,
  startMs: number,
): SearchResult {
  if (options.workers > 1 || options.checkpoint !== undefined) {
    throw new UsageError(
      `--workers and --checkpoint go with searches that can be done in parts. ${options.strategy} cannot on ${scenario.name}: ` +
        `executions add to what is left to do beside those before them. Use --strategy ${options.strategy === "bounded-dpor" ? "bounded" : "dfs"}.`,
    );
  }
  const deadlineMs = options.time === undefined ? Infinity : startMs + options.time;
  const { onExecution, end } = watched();
  let isInterrupted = false;
  const exploration = explore(scenario, strategy, {
    ablations: ablationsOf(options.ablate),
    memory: options.memory,
    stopAtFirst: options.all !== true,
    ...(options.executions === undefined ? {} : { executionsMax: options.executions }),
    onExecution: (executions) => {
      isInterrupted = nowMs() >= deadlineMs;
      return onExecution(executions) && !isInterrupted;
    },
  });
  end();
  return { exploration, isInterrupted, savedIn: undefined };
}

/** The fields that every exploration has in JSON. */
export function explorationJson(exploration: Exploration): Record<string, unknown> {
  const { executions, pruned, steps, complete, preemptionsMax, delaysMax, unreached, violations } =
    exploration;
  return {
    executions,
    pruned,
    steps,
    complete,
    ...(preemptionsMax === undefined ? {} : { preemptionsMax }),
    ...(delaysMax === undefined ? {} : { delaysMax }),
    unreached,
    violations: violations.map(violationJson),
  };
}

/** One line: how far the search got and what that means. */
export function summary(exploration: Exploration): string {
  const { executions, pruned, steps, complete, violations, unreached } = exploration;
  const counts = `${counted(executions, "execution")} (${pruned.toLocaleString("en")} more pruned), ${counted(steps, "step")}`;
  const notes = unreached.map((what) => `\nNever reached: ${what}.`).join("");
  if (violations.length > 0) {
    const scope = complete ? "The search was complete." : "The search stopped there.";
    return `${counted(violations.length, "violation")} after ${counts}. ${scope}${notes}`;
  }
  if (complete) return `${green("Clean")}: every schedule was covered. ${counts}.${notes}`;
  return `Nothing found${boundText(exploration)}, but not every schedule was covered. ${counts}.${notes}`;
}

function boundText({ preemptionsMax, delaysMax }: Exploration): string {
  if (preemptionsMax !== undefined) return ` with at most ${counted(preemptionsMax, "preemption")}`;
  return delaysMax === undefined ? "" : ` with at most ${counted(delaysMax, "delay")}`;
}
