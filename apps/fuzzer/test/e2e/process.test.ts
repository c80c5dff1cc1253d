/** The built program as a process: what reaches a shell, the real jsfuzz, Ctrl-C and resuming. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { edited, PTE_UNLOCK, withoutPteLock } from "../changes.ts";
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
  expect(absent.stderr).toMatch(
    /^The file no-such-file cannot be used: it does not exist\. \(ENOENT: .*no-such-file'\)\n$/,
  );
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

test("workers run a change of the user, and say what is wrong with it", () => {
  const path = withoutPteLock();
  const search = "explore guard-vs-retract --kernel 6.18 --strategy bounded --json --workers 2 --with".split(
    " ",
  );
  const found = run(...search, path);
  expect(found.status).toBe(3);
  expect(JSON.parse(found.stdout)).toMatchObject({ kernel: "6.18+retract_page_tables", violations: [{}] });
  const fuzz = [
    "fuzz",
    "guard-vs-retract",
    "--kernel",
    "6.18",
    "--workers",
    "2",
    "--executions",
    "3000",
    "--with",
  ];
  expect(run(...fuzz, path).status).toBe(3);
  const forgotten = edited([PTE_UNLOCK, "const undo = spinUnlock(table.ptl); void undo;"]);
  for (const command of [search, fuzz]) {
    const { status, stderr } = run(...command, forgotten);
    expect([status, stderr]).toEqual([2, expect.stringContaining("a yield* is missing")]);
  }
  const why = ["why", "retract_page_tables", "--own", "--kernel", "6.18", "--scenario", "guard-vs-retract"];
  const asked = run(...why, "--workers", "2", "--executions", "200", "--with", forgotten, "--json");
  expect(JSON.parse(asked.stdout)).toMatchObject({ exitCode: 2, error: expect.stringContaining("yield*") });
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
    const out = join(folder, "jsfuzz");
    const both = JSON.parse(fuzz("--executions", "3000", "--out", out).stdout) as {
      executions: number;
      violations: { oracle: string }[];
    };
    expect(both.executions).toBe(3000);
    expect(both.violations.map(({ oracle }) => oracle).toSorted()).toEqual([
      "kernel assertion",
      "lost entry",
    ]);
    // The campaign is on disk like any other: its growth, a point for each process, and its findings.
    expect(readdirSync(join(out, "findings"))).toHaveLength(2);
    const [state] = readdirSync(out).filter((name) => name.startsWith("campaign-"));
    expect(JSON.parse(readFileSync(join(out, state!), "utf8"))).toMatchObject({
      state: "done",
      scenarios: {
        "cpmt-vs-uffdcopy": {
          executions: 3000,
          growth: [{ findings: 1 }, { findings: 2 }, { executions: 3000 }],
        },
      },
    });
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

describe("Ctrl-C", () => {
  const campaign = (name: string): readonly string[] => {
    const places = ["--out", join(folder, name), "--corpus", join(folder, `${name}-corpus`)];
    return ["fuzz", "fault-vs-retract", "--executions", "4000", ...places, "--json"];
  };

  /** Starts a campaign and interrupts it once it has kept its first schedule, so that it certainly runs. */
  async function interrupt(name: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
    const child = spawn(process.execPath, [program, ...campaign(name)], { cwd: folder });
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
    const corpus = join(folder, `${name}-corpus`, "fault-vs-retract-6.12");
    const closed = new Promise((resolve) => child.on("close", resolve));
    while (!existsSync(corpus)) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    await closed;
    return output;
  }

  test("saves the campaign, and the same command goes on with it to its end", async () => {
    const interrupted = JSON.parse((await interrupt("resumed")).stdout) as {
      interrupted: boolean;
      executions: number;
    };
    expect(interrupted.interrupted).toBe(true);
    expect(interrupted.executions).toBeGreaterThan(0);
    expect(interrupted.executions).toBeLessThan(4000);
    const [saved] = readdirSync(join(folder, "resumed"));
    expect(saved).toMatch(/^campaign-[0-9a-f]{16}\.json$/);
    const state = () => JSON.parse(readFileSync(join(folder, "resumed", saved!), "utf8")) as object;
    expect(state()).toMatchObject({ state: "interrupted" });

    const resumed = run(...campaign("resumed"));
    expect(resumed.stderr).toMatch(/Going on with the interrupted campaign/);
    expect(JSON.parse(resumed.stdout)).toMatchObject({
      interrupted: false,
      executions: 4000,
      violations: [],
    });
    expect(state()).toMatchObject({ state: "done" });
  });

  test("a damaged save is put aside, with a word", async () => {
    await interrupt("damaged");
    const out = join(folder, "damaged");
    const [saved] = readdirSync(out);
    writeFileSync(join(out, saved!), "{ damaged");
    rmSync(join(folder, "damaged-corpus"), { recursive: true });
    expect((await interrupt("damaged")).stderr).toMatch(/was damaged/);
    expect(readdirSync(out).toSorted()).toEqual([saved, `${saved}.quarantine`]);
  });
});

test("after kill -9 the same command goes on with all that was saved", async () => {
  const places = ["--out", join(folder, "killed"), "--json", "--events"];
  const command = ["fuzz", "cpmt-vs-uffdcopy", "--kernel", "6.12", "--executions", "6000", ...places];
  const child = spawn(process.execPath, [program, ...command], { cwd: folder });
  const events: { readonly event: string; readonly executions?: number }[] = [];
  const closed = new Promise((resolve) => child.on("close", resolve));
  createInterface({ input: child.stderr }).on("line", (line) => events.push(JSON.parse(line) as never));
  // The directory is there before the file is.
  const stateFile = (): string | undefined =>
    existsSync(join(folder, "killed"))
      ? readdirSync(join(folder, "killed")).find((name) => name.endsWith(".json"))
      : undefined;
  const state = (): {
    readonly state: string;
    readonly scenarios: Readonly<Record<string, { readonly executions: number; readonly corpus: string[] }>>;
  } => {
    return JSON.parse(readFileSync(join(folder, "killed", stateFile()!), "utf8")) as never;
  };
  const saved = () => state().scenarios["cpmt-vs-uffdcopy"];
  while (stateFile() === undefined || (saved()?.corpus.length ?? 0) === 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGKILL");
  await closed;
  expect(events[0]).toEqual({ event: "begin", scenario: "cpmt-vs-uffdcopy", kernel: "6.12" });
  expect(events.some(({ event }) => event === "progress")).toBe(true);
  expect(state().state).toBe("running");
  const before = saved()!;
  expect(before.corpus.length).toBeGreaterThan(0);

  const resumed = run(...command);
  const [warning, begin, ...rest] = resumed.stderr.trim().split("\n");
  expect(warning).toMatch(/Going on with the interrupted campaign/);
  expect(JSON.parse(begin!)).toMatchObject({ event: "begin" });
  const after = rest.map((line) => JSON.parse(line) as (typeof events)[number]);
  for (const { executions = Infinity } of after) expect(executions).toBeGreaterThan(before.executions);
  expect(JSON.parse(resumed.stdout)).toMatchObject({ interrupted: false, executions: 6000 });
  expect(state().state).toBe("done");
});

test("a full disk, and a file in the way, are told in a sentence, with exit code 2", () => {
  writeFileSync(join(folder, "file"), "");
  const inTheWay = run("fuzz", "T1-02", "--out", join(folder, "file", "campaign"));
  expect(inTheWay.status).toBe(2);
  expect(inTheWay.stderr).toMatch(
    /^The file .*campaign.* cannot be used: a file stands where a directory should be\. Name another directory/,
  );
  if (!existsSync("/dev/full")) return;
  run("fuzz", "T1-02", "--executions", "50", "--out", join(folder, "small"));
  const full = run("report", join(folder, "small"), "--html", "/dev/full");
  expect(full.status).toBe(2);
  expect(full.stderr).toMatch(/cannot be used: the disk is full\. Make room/);
});
