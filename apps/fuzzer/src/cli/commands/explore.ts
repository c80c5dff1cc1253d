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
  type Strategy,
} from "@mmrace/scheduler";
import type { Command } from "commander";
import { nowMs } from "../../clock.ts";
import { counted, violationText } from "../../report/violation-text.ts";
import { EXIT } from "../exit-code.ts";
import {
  ablateOption,
  ablationsOf,
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

/** Most bugs need no more preemptions than these. */
const PREEMPTIONS_MAX = 2;

interface ExploreOptions {
  readonly kernel?: string;
  readonly strategy: "dfs" | "dpor" | "optimal-dpor" | "interleavings" | "bounded" | "bounded-dpor";
  readonly preemptions?: number;
  readonly delays?: number;
  readonly ablate: readonly string[];
  readonly memory: MemoryModel;
  readonly all?: boolean;
  readonly executions?: number;
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
        "execution; bounded explores all schedules with 0, 1, ... preemptions, or delays, so that its first finding has the fewest possible; bounded-dpor searches one bound with partial-order reduction.",
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
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  mmrace explore mremap-vs-retract --kernel 6.12\n" +
        "  mmrace explore cpmt-vs-uffdcopy --strategy bounded --preemptions 1\n" +
        "  mmrace explore retract-vs-uffdcopy --ablate retract_page_tables/spin_lock/pte_lock",
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
export function runExplore(name: string, options: ExploreOptions): CommandResult {
  const scenario = scenarioOn(familyOf(name), options.kernel);
  const ablations = ablationsOf(options.ablate);
  const startMs = nowMs();
  const exploration = explore(scenario, strategyOf(options), {
    ablations,
    memory: options.memory,
    stopAtFirst: options.all !== true,
    ...(options.executions === undefined ? {} : { executionsMax: options.executions }),
  });
  refuseUnmatched(exploration.unmatched, scenario.name);
  const { violations } = exploration;
  const findings = violations.map((violation) => violationText(scenario, violation));
  return {
    exitCode: violations.length > 0 ? EXIT.violation : EXIT.clean,
    text: [...findings, summary(exploration)].join("\n\n"),
    json: {
      scenario: scenario.name,
      kernel: scenario.variant,
      strategy: options.strategy,
      ablations: options.ablate,
      memory: options.memory,
      ...explorationJson(exploration),
      elapsedMs: Math.round(nowMs() - startMs),
    },
  };
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
