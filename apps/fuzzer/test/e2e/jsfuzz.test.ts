/** The real jsfuzz: what it loses by itself and not with us, one corpus for both engines, and its own command line. */

import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { runJsfuzzProcess, WorkerKilled } from "../../src/jsfuzz/jsfuzz-process.ts";
import type { TargetReport } from "../../src/jsfuzz/protocol.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, "dist", "main.js");
const jsfuzz = createRequire(import.meta.url).resolve("jsfuzz/build/src/index.js");
let folder = "";
beforeAll(() => {
  for (const built of [program, join(root, "dist-fuzz", "guard.cjs")])
    if (!existsSync(built)) throw new Error("build the packages first: pnpm run build");
  folder = mkdtempSync(join(tmpdir(), "mmrace-jsfuzz-e2e-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const planted = (name: string): string => join(root, "test", "jsfuzz-targets", `${name}.cjs`);

/** Runs jsfuzz as a user would. @returns its exit code, and how many crash files it has left. */
function plainly(target: string, loss = ""): { readonly status: number | null; readonly crashes: number } {
  const place = mkdtempSync(join(folder, "plain-"));
  const { status } = spawnSync(process.execPath, [jsfuzz, relative(place, target), "--versifier=false"], {
    cwd: place,
    env: { ...process.env, PLANTED: loss },
  });
  return { status, crashes: readdirSync(place).filter((name) => name.startsWith("crash-")).length };
}

async function adapted(target: string, loss = ""): Promise<TargetReport> {
  vi.stubEnv("PLANTED", loss);
  const settings = { scenario: "", kernel: "", ablations: [], memory: "sc", known: [], executionsMax: 0 };
  const place = { workDirectory: mkdtempSync(join(folder, "adapted-")), corpus: undefined, randomSeed: 1 };
  try {
    return await runJsfuzzProcess({ ...settings, memory: "sc" }, place, target);
  } finally {
    vi.unstubAllEnvs();
  }
}

describe("what jsfuzz loses", () => {
  test.each([
    ["rejected promise", /^Error: planted/],
    ["process.exit", /^the target ended its process, with exit code 0$/],
    ["error in a timer", /^outside of an execution: Error: planted/],
    ["unhandled rejection", /^outside of an execution: Error: planted/],
    ["error while nothing is instrumented", /^Error: planted/],
  ])("%s", async (loss, failure) => {
    expect(plainly(planted("plain"), loss)).toEqual({ status: 0, crashes: 0 });
    expect(plainly(planted("planted"), loss)).toEqual({ status: 1, crashes: 1 });
    const report = await adapted(planted("planted"), loss);
    expect(report).toMatchObject({
      end: "failure",
      executions: expect.any(Number),
      input: expect.any(String),
    });
    expect(report.executions).toBeGreaterThanOrEqual(3);
    expect(report.failure).toMatch(failure);
  });

  test("a target that does not load, with the guard already there, and before it is", async () => {
    expect(plainly(planted("does-not-load-early"))).toEqual({ status: 0, crashes: 0 });
    expect(plainly(planted("does-not-load"))).toEqual({ status: 1, crashes: 1 });
    expect(await adapted(planted("does-not-load"))).toMatchObject({
      end: "failure",
      executions: 0,
      failure: expect.stringMatching(/no-such-module/),
    });
    await expect(adapted(planted("does-not-load-early"))).rejects.toThrow(
      /without a report.*Cannot find module/s,
    );
    await expect(adapted(planted("no-such-target"))).rejects.toThrow(/no-such-target\.cjs is missing/);
  });

  test("and what it takes for a finding: a worker that was killed from outside", async () => {
    expect(plainly(planted("plain"), "killed")).toEqual({ status: 1, crashes: 1 });
    await expect(adapted(planted("planted"), "killed")).rejects.toThrow(WorkerKilled);
  });

  test.runIf(process.platform === "linux")("a campaign goes on when its worker is killed", async () => {
    const args = [
      "fuzz",
      "cpmt-vs-uffdcopy",
      "--kernel",
      "6.12",
      "--engine",
      "jsfuzz",
      "--executions",
      "1500",
    ];
    const child = spawn(process.execPath, [program, ...args, "--json"], { cwd: folder });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const closed = new Promise((resolve) => child.on("close", resolve));
    // This program starts jsfuzz, and that its worker.
    let worker: number | undefined;
    while (worker === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      worker = childrenOf(child.pid!).flatMap(childrenOf).find(isWorker);
    }
    process.kill(worker, "SIGKILL");
    expect(await closed).toBe(0);
    expect(stderr).toMatch(/The worker of jsfuzz was killed: .* \(base64\)\. Starting another\./);
    expect(JSON.parse(stdout)).toMatchObject({ executions: 1500, violations: [], interrupted: false });
  });
});

function childrenOf(pid: number): readonly number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8").split(" ").filter(Boolean).map(Number);
}

function isWorker(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("worker.js");
}

interface Result {
  readonly executions: number;
  readonly violations: readonly { readonly oracle: string }[];
}

describe("one corpus for both engines", () => {
  const fuzz = (corpus: string, ...more: readonly string[]): Result => {
    const place = ["--corpus", join(folder, corpus), "--out", join(folder, `${corpus}-${more.join("")}`)];
    const run = ["fuzz", "T1-02", ...place, "--json", ...more];
    const { status, stdout } = spawnSync(process.execPath, [program, ...run], { encoding: "utf8" });
    expect(status).toBe(3);
    return JSON.parse(stdout) as Result;
  };
  const files = (corpus: string) => readdirSync(join(folder, corpus, "cpmt-vs-uffdcopy-6.6-dev"));

  test("jsfuzz begins with what the native engine has kept", () => {
    fuzz("native", "--executions", "600");
    const seeds = files("native");
    const { executions } = fuzz("native", "--engine", "jsfuzz", "--stop-on-first", "--executions", "5000");
    // It runs the seeds before anything else, and one of them shows the race.
    expect(executions).toBeLessThanOrEqual(seeds.length);
    expect(files("native")).toEqual(expect.arrayContaining(seeds));
  });

  test("the native engine begins with what jsfuzz has kept", () => {
    fuzz("jsfuzz", "--engine", "jsfuzz", "--executions", "1500");
    const seeds = files("jsfuzz");
    expect(seeds.length).toBeGreaterThan(10);
    for (const name of seeds) expect(name).toMatch(/^[0-9a-f]{64}$/);
    // All are taken, none is damaged, and one of them shows what jsfuzz has seen.
    expect(fuzz("jsfuzz", "--executions", "1").executions).toBe(seeds.length);
    expect(existsSync(join(folder, "jsfuzz", "cpmt-vs-uffdcopy-6.6-dev.quarantine"))).toBe(false);
  });
});

test("the documented command line: plain jsfuzz finds the race, and the native engine makes a finding of it", () => {
  const page = readFileSync(join(root, "..", "..", "docs", "reference", "jsfuzz.md"), "utf8");
  const lines = /```sh\n(.*?)```/s.exec(page)![1]!.trim().split("\n");
  expect(lines.shift()).toBe("npm install mmrace jsfuzz@1.0.15");
  const project = join(folder, "project");
  const bin = join(project, "node_modules", ".bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(root, join(project, "node_modules", "mmrace"));
  symlinkSync(join(dirname(jsfuzz), "..", ".."), join(project, "node_modules", "jsfuzz"));
  symlinkSync(jsfuzz, join(bin, "jsfuzz"));
  writeFileSync(join(bin, "mmrace"), `#!/bin/sh\nexec node "${program}" "$@"\n`, { mode: 0o755 });
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env["PATH"]}`,
    // As the page says: else it would be another run each time.
    NODE_OPTIONS: "--require ./node_modules/mmrace/dist-fuzz/seeded-random.cjs",
    MMRACE_RANDOM_SEED: "3",
  };
  const results = lines.map((line) => {
    // What npx adds is a look into a registry for what is not installed.
    const { status, stdout } = spawnSync("sh", ["-c", line.replace(/^npx /, "")], {
      cwd: project,
      env,
      encoding: "utf8",
    });
    return { status, stdout };
  });
  expect(results.map(({ status }) => status)).toEqual([0, 1, 0, 3]);
  expect(results[1]!.stdout).toMatch(/(lost entry|kernel assertion): .*crash was written to crash-/s);
  expect(results[3]!.stdout).toMatch(/mmr1\./);
});
