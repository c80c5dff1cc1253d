/** `mmrace minimize`: the same finding with fewer preemptions, then fewer steps. */

import { scenarioOf } from "@mmrace/mm";
import { decodeToken, minimize, replayToken, UsageError } from "@mmrace/scheduler";
import type { Command } from "commander";
import { violationText } from "../../report/violation-text.ts";
import { EXIT } from "../exit-code.ts";
import { jsonOption } from "../options.ts";
import { violationJson, type CommandResult } from "../output.ts";
import { readToken } from "../token-argument.ts";

/** Describes the command. */
export function defineMinimize(program: Command): Command {
  return program
    .command("minimize")
    .summary("shrink a finding")
    .description(
      "Drops and moves blocks of a finding's schedule as long as it shows the same signature with fewer preemptions, or " +
        "with as many and fewer steps. Findings of fuzz are minimized already. Exit code 3: there is a finding, and this " +
        "is its smallest form found. For a proof that none is smaller, use explore --strategy bounded.",
    )
    .argument("<token|file>", "a token, or a file that contains one")
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  mmrace minimize finding.txt");
}

/** Runs the command. */
export function runMinimize(argument: string): CommandResult {
  const content = decodeToken(readToken(argument));
  const scenario = scenarioOf(content);
  const replayed = replayToken(scenario, content);
  if (replayed.kind === "diverged") {
    return {
      exitCode: EXIT.diverged,
      text: replayed.message,
      json: { replay: replayed.kind, violations: [] },
    };
  }
  if (replayed.kind === "clean")
    throw new UsageError("The token's schedule runs without a violation: nothing to minimize.");
  const { violation: before } = replayed;
  const after = minimize(scenario, before, content);
  const sizes = `${before.preemptions} preemptions and ${before.steps} steps before, ${after.preemptions} and ${after.steps} now`;
  return {
    exitCode: EXIT.violation,
    text: `${violationText(scenario, after)}\n\n${sizes}.`,
    json: { replay: replayed.kind, before: violationJson(before), violations: [violationJson(after)] },
  };
}
