#!/usr/bin/env node
/** The `mmrace` command: runs the program and turns whatever happens into an exit code. */

import { UsageError } from "@mmrace/scheduler";
import { PagingError } from "@mmrace/x86-paging";
import { CommanderError } from "commander";
import { EXIT, type ExitCode } from "./cli/exit-code.ts";
import { jsonText, type CommandResult } from "./cli/output.ts";
import { createProgram } from "./cli/program.ts";
import { fileTrouble, isFileError } from "./engine/file-trouble.ts";

// A reader that has seen enough, such as `head`, closes the pipe: that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const isJson = process.argv.includes("--json");

function deliver(command: string, result: CommandResult, asJson: boolean): void {
  process.stdout.write(`${asJson ? jsonText(command, result) : result.text}\n`);
  process.exitCode = result.exitCode;
}

/** A sentence on standard error; with --json also an object on standard output. */
function fail(exitCode: ExitCode, message: string): void {
  process.stderr.write(`${message}\n`);
  if (isJson) deliver(process.argv[2] ?? "", { exitCode, text: message, json: { error: message } }, true);
  process.exitCode = exitCode;
}

try {
  await createProgram(deliver).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has already written its message, or the help that was asked for.
    process.exitCode = error.exitCode === 0 ? EXIT.clean : EXIT.usage;
    if (isJson && error.exitCode !== 0)
      deliver(
        process.argv[2] ?? "",
        { exitCode: EXIT.usage, text: "", json: { error: error.message } },
        true,
      );
  } else if (error instanceof UsageError || error instanceof PagingError) {
    fail(EXIT.usage, error.message);
  } else if (isFileError(error)) {
    fail(EXIT.usage, fileTrouble(error));
  } else {
    fail(
      EXIT.ourBug,
      `This is a bug of mmrace: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
}
