/** `mmrace reproduce`: from a token to a program and a table of holds, for a real kernel. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kernelById } from "@mmrace/mm";
import { Option, type Command } from "commander";
import { changesJson, withChanges } from "../../changes/changed-kernels.ts";
import { counted } from "../../report/violation-text.ts";
import { reproducerOf } from "../../reproduce/reproducer.ts";
import { EXIT } from "../exit-code.ts";
import { jsonOption, withOption } from "../options.ts";
import { violationJson, type CommandResult } from "../output.ts";
import { divergedResult, replayedArgument } from "../token-argument.ts";

/** Describes the command. */
export function defineReproduce(program: Command): Command {
  return program
    .command("reproduce")
    .summary("force a finding on a real kernel")
    .description(
      "Writes what it takes to bring a token's execution about on a real kernel: a C program that makes the system calls " +
        "of each thread, and a table of the points in kernel functions at which a thread must be held up until another has " +
        "come so far. Exit code 3: the token shows its violation. 4: this model differs from the token's.",
    )
    .argument("<token|file>", "a token, or a file that contains one")
    .option("--out <directory>", "write reproduce.c and holds.md there; else both go to standard output")
    .addOption(
      new Option(
        "--kernel <release>",
        "the release to run on: says what it does not have; default: the token's",
      ),
    )
    .addOption(withOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  mmrace reproduce mmr1.ARBjcG10...\n  mmrace reproduce finding.txt --out race\n" +
        "  cc -std=gnu11 -Wall -Wextra -pthread -o race/reproduce race/reproduce.c && race/reproduce 1000\n" +
        "\nFewer preemptions make fewer holds: mmrace minimize.",
    );
}

interface ReproduceOptions {
  readonly out?: string;
  readonly kernel?: string;
  readonly with: readonly string[];
}

/** Runs the command. */
export function runReproduce(
  argument: string,
  { out, kernel, with: files }: ReproduceOptions,
): CommandResult {
  if (kernel !== undefined) kernelById(kernel);
  const { token, content, changes, scenario, replayed } = replayedArgument(argument, files);
  if (replayed.kind === "diverged") return divergedResult(replayed);
  const made = reproducerOf(scenario, { token, content, replayed }, kernel);
  const written = out === undefined ? [] : [join(out, "reproduce.c"), join(out, "holds.md")];
  if (out !== undefined) {
    mkdirSync(out, { recursive: true });
    writeFileSync(written[0]!, made.program);
    writeFileSync(written[1]!, `${made.markdown}\n`);
  }
  const rows = counted(made.rows.length, "point");
  const missing = made.lacks.map((line) => `\nBeware: ${line}.`).join("");
  return {
    exitCode: replayed.kind === "reproduced" ? EXIT.violation : EXIT.clean,
    text: withChanges(
      out === undefined
        ? `${made.markdown}\n\n## The program\n\n\`\`\`c\n${made.program}\`\`\`${missing}`
        : `Written: ${written.join(", ")} (${rows} to hold a thread at).${missing}`,
      changes,
    ),
    json: {
      ...changesJson(changes),
      scenario: content.scenario,
      kernel: content.variant,
      target: made.kernel,
      token,
      replay: replayed.kind,
      violations: replayed.kind === "reproduced" ? [violationJson(replayed.violation)] : [],
      holds: made.rows,
      needs: made.needs,
      differs: made.differs,
      lacks: made.lacks,
      files: written,
      program: made.program,
      markdown: made.markdown,
    },
  };
}
