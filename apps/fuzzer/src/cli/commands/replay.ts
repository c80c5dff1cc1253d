/** `mmrace replay`: shows again what a token or a file with a token says. */

import { writeFileSync } from "node:fs";
import type { World } from "@mmrace/mm";
import {
  columnsText,
  recordTrace,
  stepsText,
  type Replay,
  type Scenario,
  type TokenContent,
  type Trace,
} from "@mmrace/scheduler";
import { Option, type Command } from "commander";
import { changesJson, withChanges } from "../../changes/changed-kernels.ts";
import { tracePage } from "../../report/trace-html.ts";
import { perfettoTrace } from "../../report/trace-perfetto.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { jsonOption, withOption } from "../options.ts";
import { violationJson, type CommandResult } from "../output.ts";
import { replayedArgument } from "../token-argument.ts";

const FORMATS = ["columns", "steps", "json", "html", "perfetto"] as const;

interface ReplayOptions {
  readonly format: (typeof FORMATS)[number];
  readonly out?: string;
  readonly with: readonly string[];
  readonly json?: boolean;
}

/** Describes the command. */
export function defineReplay(program: Command): Command {
  return program
    .command("replay")
    .summary("replay a token")
    .description(
      "Runs the execution that a token stands for. Exit code 3: it shows its violation again. 4: this model behaves " +
        "differently from the one the token was made on. 2: the token is damaged.",
    )
    .argument("<token|file>", "a token, or a file that contains one")
    .addOption(
      new Option("--format <format>", "how to show the execution").choices(FORMATS).default("columns"),
    )
    .option("--out <file>", "write it to a file instead of standard output")
    .addOption(withOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  mmrace replay mmr1.ARBjcG10...\n  mmrace replay finding.txt --format html --out finding.html\n" +
        "  mmrace replay finding.txt --format perfetto --out finding.json   (open it in ui.perfetto.dev)\n" +
        "  mmrace replay --with my-retract.ts finding.txt",
    );
}

/** Runs the command. */
export function runReplay(argument: string, options: ReplayOptions): CommandResult {
  const { content, changes, scenario, replayed } = replayedArgument(argument, options.with);
  const trace = recordTrace(scenario, content.schedule, content);
  const exitCode = exitCodeOf(replayed);
  const json = { ...jsonOf(scenario, content, replayed, trace), ...changesJson(changes) };
  const body = render(options.format, scenario, trace, json);
  if (options.out !== undefined) writeFileSync(options.out, `${body}\n`);
  const shown = options.out === undefined ? body : `Written to ${options.out}.`;
  // A machine format stands alone; the verdict is in the exit code and in the JSON.
  const isForPeople = options.format === "columns" || options.format === "steps" || options.out !== undefined;
  return {
    exitCode,
    text: isForPeople ? withChanges(`${shown}\n\n${verdictText(replayed)}`, changes) : shown,
    json,
  };
}

function exitCodeOf({ kind }: Replay): ExitCode {
  if (kind === "diverged") return EXIT.diverged;
  return kind === "reproduced" ? EXIT.violation : EXIT.clean;
}

function jsonOf(
  scenario: Scenario<World>,
  content: TokenContent,
  replayed: Replay,
  trace: Trace,
): Readonly<Record<string, unknown>> {
  const events = trace.events.map(({ thread, site, text }, step) => ({
    step,
    thread: trace.threads[thread]!.name,
    site,
    text,
  }));
  return {
    scenario: scenario.name,
    kernel: content.variant,
    parameters: content.parameters,
    ablations: content.ablations.map(({ site }) => site),
    memory: content.memory,
    executions: 1,
    steps: trace.events.length,
    complete: false,
    replay: replayed.kind,
    ...(replayed.kind === "diverged" ? { diverged: { ...replayed, kind: undefined } } : {}),
    violations: replayed.kind === "reproduced" ? [violationJson(replayed.violation)] : [],
    threads: trace.threads,
    events,
  };
}

function render(
  format: ReplayOptions["format"],
  scenario: Scenario<World>,
  trace: Trace,
  json: Readonly<Record<string, unknown>>,
): string {
  switch (format) {
    case "columns":
      return columnsText(trace);
    case "steps":
      return stepsText(trace);
    case "json":
      return JSON.stringify(json);
    case "html":
      return tracePage(`${scenario.name} on ${scenario.variant ?? "?"}`, trace);
    case "perfetto":
      return perfettoTrace(trace);
  }
}

function verdictText(replayed: Replay): string {
  if (replayed.kind === "diverged") return replayed.message;
  if (replayed.kind === "clean") return "The schedule runs without a violation.";
  const { oracle, message, signature } = replayed.violation;
  return `Reproduced ${oracle}: ${message} (${signature}).`;
}
