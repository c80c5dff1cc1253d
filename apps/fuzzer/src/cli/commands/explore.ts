/** `mmrace explore`: exhaustive search of one scenario. */

import {
  dpor,
  exhaustive,
  explore,
  iterativeBound,
  optimalDpor,
  searchStates,
  UsageError,
  type Exploration,
  type MemoryModel,
  type Scenario,
  type StateExploration,
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
  readonly strategy: "dfs" | "dpor" | "optimal-dpor" | "interleavings" | "bounded" | "states";
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
        "execution; bounded explores all schedules with 0, 1, ... preemptions, or delays, so that its first finding has the fewest possible; states looks at each state once, breadth-first, so that its first " +
        "finding has the fewest steps.",
    )
    .argument("<scenario>", "scenario, or the id of a bug (see: mmrace list scenarios)")
    .addOption(kernelOption())
    .option("--strategy <name>", "dfs, dpor, optimal-dpor, interleavings, bounded or states", "dfs")
    .option(
      "--preemptions <n>",
      `highest bound of the strategies bounded (default: ${PREEMPTIONS_MAX}) and states (default: none)`,
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
        "  mmrace explore cpmt-vs-uffdcopy --strategy states\n" +
        "  mmrace explore retract-vs-uffdcopy --ablate retract_page_tables/spin_lock/pte_lock",
    );
}

function strategyOf({ strategy, preemptions, delays }: ExploreOptions): Strategy {
  if (strategy !== "bounded" && (preemptions ?? delays) !== undefined)
    throw new UsageError(`--preemptions and --delays go with --strategy bounded or states, not ${strategy}.`);
  if (strategy === "dfs") return exhaustive({ reduction: "sleep-sets" });
  if (strategy === "dpor") return dpor();
  if (strategy === "optimal-dpor") return optimalDpor();
  if (strategy === "interleavings") return exhaustive();
  if (strategy === "bounded") return boundedStrategy(preemptions, delays);
  throw new UsageError(
    `There is no strategy "${String(strategy)}" for explore. There are dfs, dpor, optimal-dpor, interleavings, bounded and states.`,
  );
}

function boundedStrategy(preemptions: number | undefined, delays: number | undefined): Strategy {
  if (delays === undefined) return iterativeBound({ preemptionsMax: preemptions ?? PREEMPTIONS_MAX });
  if (preemptions !== undefined) throw new UsageError("Give --preemptions or --delays, not both.");
  return iterativeBound({ delaysMax: delays });
}

function explorationOf<W>(scenario: Scenario<W>, options: ExploreOptions): Exploration | StateExploration {
  const { executions, preemptions, delays, memory } = options;
  const settings = {
    ablations: ablationsOf(options.ablate),
    memory,
    stopAtFirst: options.all !== true,
  };
  if (options.strategy !== "states") {
    const limits = executions === undefined ? {} : { executionsMax: executions };
    return explore(scenario, strategyOf(options), { ...settings, ...limits });
  }
  if (executions !== undefined)
    throw new UsageError("--executions limits executions; --strategy states runs few, and has no limit.");
  return searchStates(scenario, {
    ...settings,
    ...(preemptions === undefined ? {} : { preemptionsMax: preemptions }),
    ...(delays === undefined ? {} : { delaysMax: delays }),
  });
}

/** Runs the command. */
export function runExplore(name: string, options: ExploreOptions): CommandResult {
  const scenario = scenarioOn(familyOf(name), options.kernel);
  const startMs = nowMs();
  const exploration = explorationOf(scenario, options);
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
export function explorationJson(exploration: Exploration | StateExploration): Record<string, unknown> {
  const { executions, pruned, steps, complete, preemptionsMax, delaysMax, unreached, violations } =
    exploration;
  return {
    executions,
    pruned,
    steps,
    complete,
    ...(preemptionsMax === undefined ? {} : { preemptionsMax }),
    ...(delaysMax === undefined ? {} : { delaysMax }),
    ...("states" in exploration
      ? { states: exploration.states, transitions: exploration.transitions, depth: exploration.depth }
      : {}),
    unreached,
    violations: violations.map(violationJson),
  };
}

/** One line: how far the search got and what that means. */
export function summary(exploration: Exploration | StateExploration): string {
  const { complete, violations, unreached } = exploration;
  const counts = countsText(exploration);
  const notes = unreached.map((what) => `\nNever reached: ${what}.`).join("");
  if (violations.length > 0) {
    const scope = complete ? "The search was complete." : "The search stopped there.";
    return `${counted(violations.length, "violation")} after ${counts}. ${scope}${notes}`;
  }
  if (complete && "states" in exploration)
    return `${green("Clean")}: every state was looked at. ${counts}.${notes}`;
  if (complete) return `${green("Clean")}: every schedule was covered. ${counts}.${notes}`;
  return `Nothing found${boundText(exploration)}, but not every schedule was covered. ${counts}.${notes}`;
}

function countsText(exploration: Exploration | StateExploration): string {
  const { executions, pruned, steps } = exploration;
  if ("states" in exploration) {
    const { states, transitions } = exploration;
    const learned = `learned from ${counted(executions, "execution")} of ${counted(steps, "step")}`;
    return `${counted(states, "state")}, ${counted(transitions, "transition")}, ${learned}`;
  }
  return `${counted(executions, "execution")} (${pruned.toLocaleString("en")} more pruned), ${counted(steps, "step")}`;
}

function boundText({ preemptionsMax, delaysMax }: Exploration): string {
  if (preemptionsMax !== undefined) return ` with at most ${counted(preemptionsMax, "preemption")}`;
  return delaysMax === undefined ? "" : ` with at most ${counted(delaysMax, "delay")}`;
}
