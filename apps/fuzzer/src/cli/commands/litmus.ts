/** `mmrace litmus`: runs litmus tests in herd's x86 formats. */

import { readFileSync } from "node:fs";
import { conditionText, litmusText, parseLitmus, runLitmus, type LitmusResult } from "@mmrace/litmus";
import { MEMORY_MODELS, type MemoryModel } from "@mmrace/scheduler";
import { Option, type Command } from "commander";
import { Progress } from "../../report/progress.ts";
import { counted } from "../../report/violation-text.ts";
import { EXIT } from "../exit-code.ts";
import { jsonOption } from "../options.ts";
import type { CommandResult } from "../output.ts";

interface LitmusOptions {
  readonly memory: MemoryModel;
}

/** Executions between two looks at the progress line. */
const PROGRESS_EVERY = 1024;

/** Describes the command. */
export function defineLitmus(program: Command): Command {
  return program
    .command("litmus")
    .summary("run litmus tests")
    .description(
      "Runs every execution of litmus tests in herd's format (X86_64, or X86 with the destination first) and prints final " +
        "states, witnesses and verdict the way herd does. Witnesses are candidate executions: what each read reads from, and " +
        "the order of the writes to each location. Exit code 3: a ~exists or forall does not hold. Whether an exists is " +
        "reached is an answer, not a violation.",
    )
    .argument("<file.litmus...>", "files")
    .addOption(
      new Option("--memory <model>", "memory model: sequential consistency, or x86-TSO with store buffers")
        .choices(MEMORY_MODELS)
        .default("tso"),
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  mmrace litmus suites/litmus/SB.litmus\n  mmrace litmus suites/litmus/*.litmus --memory sc --json",
    );
}

/** Runs the command. */
export function runLitmusFiles(files: readonly string[], { memory }: LitmusOptions): CommandResult {
  const tests = files.map((file) => parseLitmus(readFileSync(file, "utf8"), file));
  const progress = new Progress();
  const results = tests.map((test) =>
    runLitmus(test, {
      memory,
      onExecution: (executions) => {
        if (executions % PROGRESS_EVERY === 0)
          progress.show(() => `${test.name} under ${memory}: ${counted(executions, "execution")}`);
      },
    }),
  );
  progress.end();
  const broken = results.filter(({ test, isOk }) => test.condition.quantifier !== "exists" && !isOk);
  const total = (part: (result: LitmusResult) => number): number =>
    results.reduce((sum, result) => sum + part(result), 0);
  return {
    exitCode: broken.length > 0 ? EXIT.violation : EXIT.clean,
    text: results.map(litmusText).join("\n\n"),
    json: {
      memory,
      executions: total(({ executions }) => executions),
      steps: total(({ steps }) => steps),
      complete: true,
      violations: broken.map(violationOf),
      tests: results.map(testJson),
    },
  };
}

/** A condition that does not hold. It has no token: the command itself shows it again. */
function violationOf({ test, memory }: LitmusResult): Readonly<Record<string, unknown>> {
  const oracle = "litmus condition";
  const message = `${conditionText(test.condition)} does not hold under ${memory}`;
  return { oracle, message, signature: `${oracle} @ ${test.name}` };
}

function testJson(result: LitmusResult): Readonly<Record<string, unknown>> {
  const { test, states, positive, negative, observation, isOk, executions, steps, outcomes } = result;
  return {
    test: test.name,
    quantifier: test.condition.quantifier,
    ok: isOk,
    observation,
    positive,
    negative,
    states: states.map((state) => ({
      values: Object.fromEntries(state.values.map(({ place, value }) => [place, String(value)])),
      candidates: state.candidates,
      holds: state.holds,
    })),
    outcomes: outcomes.size,
    executions,
    steps,
  };
}
