/** `mmrace minimize`: the same finding with fewer preemptions, then fewer steps. */

import { minimize, UsageError, type Minimized } from "@mmrace/scheduler";
import type { Command } from "commander";
import { changesJson, withChanges } from "../../changes/changed-kernels.ts";
import { watched } from "../../report/search-progress.ts";
import { counted, violationText } from "../../report/violation-text.ts";
import { EXIT } from "../exit-code.ts";
import { jsonOption, wholeNumber, withOption } from "../options.ts";
import { violationJson, type CommandResult } from "../output.ts";
import { divergedResult, replayedArgument } from "../token-argument.ts";

/** Describes the command. */
export function defineMinimize(program: Command): Command {
  return program
    .command("minimize")
    .summary("shrink a finding")
    .description(
      "Drops and moves blocks of a finding's schedule as long as it shows the same signature with fewer preemptions, or " +
        "with as many and fewer steps; then searches all schedules with 0, 1, ... preemptions up to that. Says whether " +
        "the search came to its end, which proves that no schedule is smaller. Findings of fuzz are minimized already. " +
        "Exit code 3: there is a finding, and this is its smallest form found.",
    )
    .argument("<token|file>", "a token, or a file that contains one")
    .option("--executions <n>", "give up the proof after so many executions", wholeNumber(0), 100_000)
    .addOption(withOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  mmrace minimize finding.txt");
}

/** Runs the command. */
export function runMinimize(
  argument: string,
  {
    executions: executionsMax,
    with: files,
  }: { readonly executions: number; readonly with: readonly string[] },
): CommandResult {
  const { content, changes, scenario, replayed } = replayedArgument(argument, files);
  if (replayed.kind === "diverged") return divergedResult(replayed);
  if (replayed.kind === "clean")
    throw new UsageError("The token's schedule runs without a violation: nothing to minimize.");
  const { violation: before } = replayed;
  const { onExecution, end } = watched();
  const minimized = minimize(scenario, before, { ...content, executionsMax, onExecution });
  end();
  const { violation: after, executions, fewestPreemptionsProven, fewestStepsProven } = minimized;
  const sizes = `${before.preemptions} preemptions and ${before.steps} steps before, ${after.preemptions} and ${after.steps} now`;
  return {
    exitCode: EXIT.violation,
    text: withChanges(`${violationText(scenario, after)}\n\n${sizes}. ${proofText(minimized)}`, changes),
    json: {
      ...changesJson(changes),
      replay: replayed.kind,
      before: violationJson(before),
      executions,
      fewestPreemptionsProven,
      fewestStepsProven,
      violations: [violationJson(after)],
    },
  };
}

function proofText({ fewestPreemptionsProven, fewestStepsProven, executions }: Minimized): string {
  const effort = `(${counted(executions, "execution")})`;
  if (fewestStepsProven) return `No schedule has fewer preemptions, nor as many and fewer steps ${effort}.`;
  if (fewestPreemptionsProven)
    return `No schedule has fewer preemptions; not all with as many were tried ${effort}.`;
  return `Not proven to be the fewest: not every schedule with fewer preemptions was tried ${effort}.`;
}
