/** The built program as a process: what reaches a shell, the real jsfuzz, Ctrl-C and resuming. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withoutTimes } from "../run.ts";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
let folder = "";
beforeAll(() => {
  if (!existsSync(program)) throw new Error("build the packages first: pnpm run build");
  folder = mkdtempSync(join(tmpdir(), "mmrace-e2e-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: readonly string[]): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  return spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: "utf8" });
}

test("exit codes and streams: one object on standard output, sentences on standard error", () => {
  const clean = run("explore", "mremap-vs-retract", "--kernel", "6.12", "--json");
  expect([clean.status, clean.stderr]).toEqual([0, ""]);
  expect(clean.stdout.trim().split("\n")).toHaveLength(1);
  expect(run("bug", "T1-02").status).toBe(3);
  const usage = run("replay", "mmr1.AAAA", "--json");
  expect(usage.status).toBe(2);
  expect(JSON.parse(usage.stdout)).toMatchObject({
    schemaVersion: 1,
    command: "replay",
    exitCode: 2,
    error: expect.any(String),
  });
  expect(usage.stderr).toMatch(/token/);
  const absent = run("decode", "--dump", "no-such-file", "--va", "0x0");
  expect(absent.status).toBe(2);
  expect(absent.stderr).toMatch(/^A file cannot be used\. ENOENT: .*no-such-file'\n$/);
  expect(run("replay", folder).status).toBe(2);
  expect(run("--version").status).toBe(0);
  expect(run("fuzz", "--help").stdout).toMatch(/Examples:/);
  expect(run().status).toBe(2);
});

test("two workers find both violations and agree with themselves; a budget is kept to the last execution", () => {
  const command = () =>
    run("fuzz", "T1-02", "--workers", "2", "--executions", "5001", "--seed", "4", "--json").stdout;
  const first = JSON.parse(command()) as { executions: number; violations: { oracle: string }[] };
  expect(first.executions).toBe(5001);
  expect(first.violations.map(({ oracle }) => oracle).toSorted()).toEqual(["kernel assertion", "lost entry"]);
  expect(withoutTimes(JSON.parse(command()))).toEqual(withoutTimes(first));
});

describe("jsfuzz", () => {
  const fuzz = (...more: readonly string[]) => run("fuzz", "T1-02", "--engine", "jsfuzz", "--json", ...more);

  test("the real package finds the race; the token replays; equal random seeds give equal objects", () => {
    const first = fuzz("--seed", "3", "--stop-on-first");
    expect(first.status).toBe(3);
    const object = JSON.parse(first.stdout) as {
      engine: string;
      executions: number;
      violations: { token: string; oracle: string }[];
    };
    expect(object.engine).toBe("jsfuzz");
    expect(object.executions).toBeGreaterThan(1);
    expect(run("replay", object.violations[0]!.token).status).toBe(3);
    expect(withoutTimes(JSON.parse(fuzz("--seed", "3", "--stop-on-first").stdout))).toEqual(
      withoutTimes(object),
    );
  });

  test("goes on after a finding and ends with its budget", () => {
    const both = JSON.parse(fuzz("--executions", "3000").stdout) as {
      executions: number;
      violations: { oracle: string }[];
    };
    expect(both.executions).toBe(3000);
    expect(both.violations.map(({ oracle }) => oracle).toSorted()).toEqual([
      "kernel assertion",
      "lost entry",
    ]);
  });

  test("on the fixed release it finds nothing, which is not the same as not having run", () => {
    const clean = run(
      "fuzz",
      "cpmt-vs-uffdcopy",
      "--kernel",
      "6.12",
      "--engine",
      "jsfuzz",
      "--executions",
      "500",
      "--json",
    );
    expect(clean.status).toBe(0);
    expect(JSON.parse(clean.stdout)).toMatchObject({ executions: 500, violations: [] });
  });
});

test("Ctrl-C saves the campaign, the same command goes on with it, and a damaged save is put aside", async () => {
  const out = join(folder, "out");
  const args = ["fuzz", "fault-vs-retract", "--executions", "30000", "--out", out, "--json"];
  const child = spawn(process.execPath, [program, ...args], { cwd: folder });
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  await new Promise((resolve) => setTimeout(resolve, 1200));
  child.kill("SIGINT");
  await new Promise((resolve) => child.on("close", resolve));
  const interrupted = JSON.parse(stdout) as { interrupted: boolean; executions: number };
  expect(interrupted.interrupted).toBe(true);
  expect(interrupted.executions).toBeLessThan(30_000);
  expect(readdirSync(out)).toHaveLength(1);

  const resumed = run(...args);
  expect(resumed.stderr).toMatch(/Going on with the interrupted campaign/);
  expect(JSON.parse(resumed.stdout)).toMatchObject({ interrupted: false, executions: 30_000 });
  expect(readdirSync(out)).toEqual([]);

  writeFileSync(join(out, "x"), "");
  const [file] = [...(await savedFile(args, out))];
  expect(file).toMatch(/\.quarantine$/);
});

/** Damages a save where the command looks for it, runs the command, and says what became of the file. */
async function savedFile(args: readonly string[], out: string): Promise<readonly string[]> {
  const child = spawn(process.execPath, [program, ...args], { cwd: folder });
  await new Promise((resolve) => setTimeout(resolve, 1200));
  child.kill("SIGINT");
  await new Promise((resolve) => child.on("close", resolve));
  const [saved] = readdirSync(out).filter((name) => name.startsWith("interrupted-"));
  writeFileSync(join(out, saved!), "{ damaged");
  const again = run(...args);
  expect(again.stderr).toMatch(/was damaged/);
  return readdirSync(out).filter((name) => name.startsWith("interrupted-"));
}
