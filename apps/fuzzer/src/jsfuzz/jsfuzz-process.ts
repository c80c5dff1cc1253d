/** One run of the jsfuzz command, with everything around it that makes its result repeatable and never silent. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "@mmrace/scheduler";
import { TARGET_VARIABLE, type TargetReport, type TargetSettings } from "./protocol.ts";

/** Where and how to run it. */
export interface JsfuzzPlace {
  /** jsfuzz writes its coverage dump and crash files there. */
  readonly workDirectory: string;
  /** Read from and added to; `undefined` keeps the corpus in memory. */
  readonly corpus: string | undefined;
  readonly randomSeed: number;
}

/** What a worker without a word leaves: the input that it ran when somebody ended it. */
export class WorkerKilled extends Error {
  constructor(input: Uint8Array) {
    super(
      "The worker of jsfuzz was killed: it ran out of memory, it hung, or somebody did it. " +
        `It was running the input ${Buffer.from(input).toString("base64")} (base64).`,
    );
  }
}

const bundle = fileURLToPath(new URL("../../dist-fuzz/", import.meta.url));
/** Lines of jsfuzz's output that an error message shows. */
const SHOWN_LINES = 8;

/**
 * Runs jsfuzz until its target stops it.
 *
 * @param target the file of another target than ours, for tests; it must use the guard of dist-fuzz/guard.cjs.
 * @throws {UsageError} when jsfuzz or the bundled target is not installed. {WorkerKilled} when it can be tried again.
 */
export async function runJsfuzzProcess(
  settings: TargetSettings,
  place: JsfuzzPlace,
  target: string = join(bundle, "target.cjs"),
): Promise<TargetReport> {
  const reportFile = join(place.workDirectory, "report.json");
  for (const file of [reportFile, ...crashFiles(place)]) rmSync(file, { force: true });
  if (!existsSync(target))
    throw new UsageError(`The fuzz target ${target} is missing: build the package first.`);
  // jsfuzz joins the target's path to its working directory, so an absolute one would not be found.
  const args = [
    jsfuzzProgram(),
    relative(place.workDirectory, target),
    ...(place.corpus === undefined ? [] : [place.corpus]),
    "--versifier=false",
  ];
  const output = await runToEnd(args, place, {
    ...process.env,
    NODE_OPTIONS: `--require ${JSON.stringify(join(bundle, "seeded-random.cjs"))}`,
    MMRACE_RANDOM_SEED: String(place.randomSeed),
    [TARGET_VARIABLE]: JSON.stringify({ ...settings, reportFile }),
  });
  if (!existsSync(reportFile)) {
    const [crash] = crashFiles(place);
    if (crash !== undefined) throw new WorkerKilled(readFileSync(crash));
    // jsfuzz ends with exit code 0 and no artifact when a target does not load: never take that for "nothing found".
    throw new Error(`jsfuzz ended without a report of its target. It said:\n${tellingLines(output)}`);
  }
  return JSON.parse(readFileSync(reportFile, "utf8")) as TargetReport;
}

/** Where the first error stands, or else the last words. */
function tellingLines(output: string): string {
  const lines = output.trim().split("\n");
  const first = lines.findIndex((line) => line.includes("Error: "));
  const shown = first === -1 ? lines.slice(-SHOWN_LINES) : lines.slice(first, first + SHOWN_LINES);
  return shown.join("\n");
}

function crashFiles({ workDirectory }: JsfuzzPlace): readonly string[] {
  const names = readdirSync(workDirectory).filter((name) => name.startsWith("crash-"));
  return names.map((name) => join(workDirectory, name));
}

function jsfuzzProgram(): string {
  try {
    return createRequire(import.meta.url).resolve("jsfuzz/build/src/index.js");
  } catch {
    throw new UsageError("The package jsfuzz is not installed. Add it with: npm install jsfuzz@1.0.15");
  }
}

/** Two processes that play ping-pong are five times faster on one core (measured, docs/decisions/0006). */
function onOneCore(command: string, args: readonly string[]): readonly [string, readonly string[]] {
  const hasTaskset =
    process.platform === "linux" && spawnSync("taskset", ["--version"], { stdio: "ignore" }).status === 0;
  return hasTaskset ? ["taskset", ["-c", "0", command, ...args]] : [command, args];
}

function runToEnd(args: readonly string[], place: JsfuzzPlace, env: NodeJS.ProcessEnv): Promise<string> {
  const [command, commandArgs] = onOneCore(process.execPath, args);
  const child = spawn(command, commandArgs, {
    cwd: place.workDirectory,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  // Ctrl-C reaches jsfuzz too; its worker ends and reports, so this process only has to wait.
  const wait = (): void => {};
  process.on("SIGINT", wait);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => {
      process.removeListener("SIGINT", wait);
      resolve(output);
    });
  });
}
