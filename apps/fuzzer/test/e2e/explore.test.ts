/** Exhaustive search as a process: worker threads, Ctrl-C, being killed. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withoutTimes } from "../run.ts";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
let folder = "";
beforeAll(() => {
  if (!existsSync(program)) throw new Error("build the packages first: pnpm run build");
  folder = mkdtempSync(join(tmpdir(), "mmrace-e2e-explore-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The JSON object without times and the number of workers. */
function resultOf(stdout: string): unknown {
  return withoutTimes({ ...(JSON.parse(stdout) as object), workers: undefined });
}

function explore(...args: readonly string[]): { readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, [program, "explore", ...args, "--json"], {
    cwd: folder,
    encoding: "utf8",
  });
}

test.each([
  [["cpmt-vs-uffdcopy", "--all"]],
  [["cpmt-vs-uffdcopy"]],
  [["cpmt-vs-uffdcopy", "--all", "--executions", "40"]],
  [["mremap-vs-retract", "--strategy", "bounded", "--all"]],
])("%j: 1, 2 and 3 workers have one result", (command) => {
  const one = explore(...command, "--workers", "1");
  expect(JSON.parse(one.stdout)).toMatchObject({ exitCode: 3, workers: 1 });
  for (const workers of ["2", "3"])
    expect(resultOf(explore(...command, "--workers", workers).stdout)).toEqual(resultOf(one.stdout));
});

test("what workers refuse is refused with the same sentence", () => {
  const command = ["cpmt-vs-uffdcopy", "--ablate", "uffdio_copy/spin_lock/no_such_lock"];
  const { stdout } = explore(...command);
  expect(JSON.parse(stdout)).toMatchObject({
    exitCode: 2,
    error: expect.stringMatching(/matched no operation/),
  });
  expect(explore(...command, "--workers", "2").stdout).toBe(stdout);
});

const SEARCH = ["mremap-vs-retract", "--strategy", "bounded", "--preemptions", "3", "--all"];
let uninterrupted: { readonly result: unknown; readonly elapsedMs: number; readonly startMs: number };
beforeAll(() => {
  const startMs = performance.now();
  const { stdout } = explore(...SEARCH);
  const { elapsedMs } = JSON.parse(stdout) as { elapsedMs: number };
  uninterrupted = { result: resultOf(stdout), elapsedMs, startMs: performance.now() - startMs - elapsedMs };
}, 60_000);

/** Sessions begin with loading the program, which takes long on a busy machine. */
const PATIENCE = { timeout: 240_000 };

/** Runs a command until it has come to its end; each session gets a signal, the later the longer it goes on. */
async function inSessions(
  stepMs: number,
  signal: NodeJS.Signals,
  ...command: readonly string[]
): Promise<{ readonly stdout: string; readonly resumed: number }> {
  let resumed = 0;
  for (let session = 1; ; session++) {
    const child = spawn(process.execPath, [program, "explore", ...command, "--json"], { cwd: folder });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const timer = setTimeout(() => child.kill(signal), uninterrupted.startMs + stepMs * session);
    await new Promise((resolve) => child.on("close", resolve));
    clearTimeout(timer);
    if (stderr.includes("Going on with")) resumed++;
    if (stdout !== "" && !stderr.includes("is saved")) return { stdout, resumed };
  }
}

test.each(["1", "2"])(
  "Ctrl-C at several points, %s workers: the uninterrupted result",
  PATIENCE,
  async (workers) => {
    let resumed = 0;
    // How fast the machine is just now is not known: signals come more often until one comes in time.
    for (let stepMs = uninterrupted.elapsedMs / 2; resumed === 0; stepMs /= 2) {
      expect(stepMs).toBeGreaterThan(1);
      const sessions = await inSessions(stepMs, "SIGINT", ...SEARCH, "--workers", workers);
      expect(resultOf(sessions.stdout)).toEqual(uninterrupted.result);
      resumed = sessions.resumed;
    }
    expect(readdirSync(join(folder, "mmrace-out"))).toEqual([]);
  },
);

test("killed again and again: at most what the last second has done is lost", PATIENCE, async () => {
  const file = join(folder, "killed.json");
  const command = [...SEARCH, "--workers", "2", "--checkpoint", file];
  const { stdout } = await inSessions(Math.max(uninterrupted.elapsedMs / 2, 700), "SIGKILL", ...command);
  expect(resultOf(stdout)).toEqual(uninterrupted.result);
  expect(existsSync(file)).toBe(false);
});
