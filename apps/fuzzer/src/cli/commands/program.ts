/** `mmrace program`: makes, checks, imports and shows programs. */

import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kernelById } from "@mmrace/mm";
import {
  generateProgram,
  isProgramName,
  programName,
  programOf,
  programText,
  type Program,
} from "@mmrace/mm/programs";
import { decodeToken, Prng, UsageError } from "@mmrace/scheduler";
import { Argument, type Command } from "commander";
import { readProgram, readSyz } from "../../programs/program-file.ts";
import { counted } from "../../report/violation-text.ts";
import { warn } from "../../report/warn.ts";
import { EXIT } from "../exit-code.ts";
import { jsonOption, wholeNumber } from "../options.ts";
import type { CommandResult } from "../output.ts";
import { readToken } from "../token-argument.ts";

const WHAT = ["generate", "check", "import", "show"] as const;

/** Options, as the command line gives them. */
export interface ProgramOptions {
  readonly seed: number;
  readonly count: number;
  readonly threads: number;
  readonly calls: number;
  readonly out?: string;
  readonly lenient?: boolean;
  readonly collide?: boolean;
}

/** Describes the command. */
export function defineProgramCommand(program: Command): Command {
  return program
    .command("program")
    .summary("generate, check and import small programs of system calls")
    .description(
      "generate: programs from a random seed. check: reads a program, says what is wrong with it, and puts it out as mmrace " +
        "writes it. import: a program of syzkaller (.syz) that makes modelled calls only. show: the program that a token " +
        "carries. Run a program with mmrace explore --program FILE or mmrace fuzz --program FILE. " +
        "The syntax is described in docs/reference/program-syntax.md.",
    )
    .addArgument(new Argument("<what>", "what to do").choices(WHAT))
    .argument("[file|token]", "the file to check or import; the token to show, or a file with one")
    .option("--seed <n>", "generate: random seed", wholeNumber(0), 1)
    .option("--count <n>", "generate: how many programs", wholeNumber(1), 1)
    .option("--threads <n>", "generate: threads at most", wholeNumber(2), 3)
    .option("--calls <n>", "generate: calls of each thread at most", wholeNumber(1), 2)
    .option("--lenient", "import: leave calls out that are not modelled, and say so on standard error")
    .option("--collide", "import: every call after the layout is a thread of its own, async or not")
    .option("--out <path>", "write to this file; of several generated programs, to files in this directory")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  mmrace program generate --seed 7 --count 20 --out programs\n  mmrace program check move.prog\n" +
        "  mmrace program import repro.syz --collide --out repro.prog\n  mmrace program show mmr1.AhBwcm9n...",
    );
}

/** Runs the command. */
export function runProgram(
  what: (typeof WHAT)[number],
  argument: string | undefined,
  options: ProgramOptions,
): CommandResult {
  if (what === "generate") return generate(argument, options);
  if (argument === undefined)
    throw new UsageError(`Name ${what === "show" ? "a token" : "a file"}: mmrace program ${what} ...`);
  if (what === "check") return resultOf([readProgram(argument)], options, { file: argument });
  if (what === "show") return show(argument, options);
  const { program, notes } = readSyz(argument, options);
  for (const note of notes) warn(`${argument}: ${note}`);
  return resultOf([program], options, { file: argument, notes });
}

function generate(argument: string | undefined, options: ProgramOptions): CommandResult {
  if (argument !== undefined) throw new UsageError(`generate reads no file: what is ${argument} for?`);
  const { seed, count, threads, calls } = options;
  const prng = new Prng(seed);
  const programs = Array.from({ length: count }, () =>
    generateProgram(prng, { threadsMax: threads, callsMax: calls }),
  );
  return resultOf(programs, options, { seed });
}

function show(argument: string, options: ProgramOptions): CommandResult {
  const token = decodeToken(readToken(argument));
  if (!isProgramName(token.scenario))
    throw new UsageError(`The token is of the scenario ${token.scenario}, and carries no program.`);
  return resultOf([programOf(token)], options, { kernel: kernelById(token.variant).id });
}

function resultOf(
  programs: readonly Program[],
  { out }: ProgramOptions,
  more: Readonly<Record<string, unknown>>,
): CommandResult {
  const files = out === undefined ? [] : writeAll(programs, out);
  const texts = programs.map(programText);
  return {
    exitCode: EXIT.clean,
    text:
      out === undefined
        ? texts.map((text) => text.trimEnd()).join("\n\n# --- the next program ---\n\n")
        : `${counted(files.length, "program")} written: ${files.join(", ")}`,
    json: {
      ...more,
      programs: programs.map((program, at) => ({
        scenario: programName(program),
        text: texts[at],
        ...(files[at] === undefined ? {} : { file: files[at] }),
      })),
    },
  };
}

function writeAll(programs: readonly Program[], out: string): string[] {
  const [only, ...others] = programs;
  if (others.length === 0 && only !== undefined && !existsAsDirectory(out)) {
    writeFileSync(out, programText(only));
    return [out];
  }
  mkdirSync(out, { recursive: true });
  return programs.map((program) => {
    const file = join(out, `${programName(program)}.prog`);
    writeFileSync(file, programText(program));
    return file;
  });
}

function existsAsDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
