/** `mmrace explore`: exhaustive search of one scenario. */

import type { World } from "@mmrace/mm";
import { programScenario } from "@mmrace/mm/programs";
import {
  UsageError,
  type Exploration,
  type MemoryModel,
  type Scenario,
  type StateExploration,
} from "@mmrace/scheduler";
import type { Command } from "commander";
import type { Change } from "../../changes/change.ts";
import { changesJson, kernelWith, withChanges } from "../../changes/changed-kernels.ts";
import { readChanges } from "../../changes/read-changes.ts";
import { nowMs } from "../../clock.ts";
import { STATE_DIRECTORY } from "../../engine/saved-state.ts";
import { NEWEST } from "../../programs/newest.ts";
import { readProgram } from "../../programs/program-file.ts";
import { warn } from "../../report/warn.ts";
import { counted, violationText } from "../../report/violation-text.ts";
import { EXIT } from "../exit-code.ts";
import { PREEMPTIONS_MAX } from "../explore-job.ts";
import { search } from "../explore-search.ts";
import {
  ablateOption,
  duration,
  familyOf,
  jsonOption,
  kernelOption,
  memoryOption,
  refuseUnmatched,
  scenarioOn,
  wholeNumber,
  withOption,
} from "../options.ts";
import { violationJson, type CommandResult } from "../output.ts";
import { green } from "../../report/style.ts";

/** Options, as the command line gives them. */
export interface ExploreOptions {
  readonly kernel?: string;
  readonly program?: string;
  readonly strategy:
    | "dfs"
    | "dpor"
    | "optimal-dpor"
    | "interleavings"
    | "bounded"
    | "bounded-dpor"
    | "states";
  readonly preemptions?: number;
  readonly delays?: number;
  readonly ablate: readonly string[];
  readonly with: readonly string[];
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
        "fewest possible; bounded-dpor searches one bound with partial-order reduction; states looks at each state once, " +
        "breadth-first, so that its first finding has the fewest steps. The result does not depend on the number of " +
        "workers. Ctrl-C saves the search; the same command goes on with it.",
    )
    .argument("[scenario]", "scenario, or the id of a bug (see: mmrace list scenarios)")
    .option("--program <file>", "search a program of system calls instead (see: mmrace program)")
    .addOption(kernelOption())
    .option(
      "--strategy <name>",
      "dfs, dpor, optimal-dpor, interleavings, bounded, bounded-dpor or states",
      "dfs",
    )
    .option(
      "--preemptions <n>",
      `highest bound of bounded, bound of bounded-dpor (default: ${PREEMPTIONS_MAX}) and states (default: none)`,
      wholeNumber(0),
    )
    .option(
      "--delays <n>",
      "bound delays instead: threads passed over by a round robin that runs each until it blocks",
      wholeNumber(0),
    )
    .addOption(ablateOption())
    .addOption(withOption())
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
        "  mmrace explore cpmt-vs-uffdcopy --strategy states\n" +
        "  mmrace explore retract-vs-uffdcopy --kernel 6.12 --with my-retract.ts\n" +
        "  mmrace explore --program move.prog --kernel 6.11 --strategy bounded\n" +
        "  mmrace explore retract-vs-uffdcopy --ablate retract_page_tables/spin_lock/pte_lock\n" +
        "  mmrace explore cpmt-vs-uffdcopy --strategy interleavings --all --workers 2 --checkpoint search.json",
    );
}

/** Runs the command. */
export async function runExplore(name: string | undefined, options: ExploreOptions): Promise<CommandResult> {
  const changes = readChanges(options.with);
  const scenario = scenarioAsked(name, options, changes);
  const startMs = nowMs();
  const { exploration, isInterrupted, savedIn } = await search(scenario, options, changes, startMs);
  if (!isInterrupted) refuseUnmatched(exploration.unmatched, scenario.name);
  const { violations } = exploration;
  const findings = violations.map((violation) => violationText(scenario, violation));
  if (savedIn !== undefined) warn(`The search is saved in ${savedIn}; the same command goes on with it.`);
  return {
    exitCode: violations.length > 0 ? EXIT.violation : EXIT.clean,
    text: withChanges([...findings, summary(exploration)].join("\n\n"), changes),
    json: {
      scenario: scenario.name,
      kernel: scenario.variant,
      strategy: options.strategy,
      ablations: options.ablate,
      ...changesJson(changes),
      memory: options.memory,
      workers: options.workers,
      ...explorationJson(exploration),
      elapsedMs: Math.round(nowMs() - startMs),
    },
  };
}

/** @throws {UsageError} unless a scenario or a program is named, and not both. */
function scenarioAsked(
  name: string | undefined,
  { program, kernel }: ExploreOptions,
  changes: readonly Change[],
): Scenario<World> {
  if ((name === undefined) === (program === undefined))
    throw new UsageError("Name a scenario, or a program with --program FILE, and not both.");
  if (name !== undefined) return scenarioOn(familyOf(name), kernel, changes);
  return programScenario(readProgram(program!), kernelWith(kernel ?? NEWEST, changes));
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
