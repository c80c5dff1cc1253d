/** Hunts over generated programs as processes: workers, Ctrl-C, kill -9. Needs a build. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withoutTimes } from "../run.ts";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
let folder = "";
beforeAll(() => {
  if (!existsSync(program)) throw new Error("build the packages first: pnpm run build");
  folder = mkdtempSync(join(tmpdir(), "mmrace-programs-e2e-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Result {
  readonly interrupted: boolean;
  readonly executions: number;
  readonly violations: readonly { readonly signature: string }[];
  readonly programs: { readonly tried: number; readonly kept: number; readonly folder: string };
}

interface Event {
  readonly event: string;
  readonly executions?: number;
  readonly signature?: string;
}

/** A guard without which generated programs soon show something. */
const ABLATED = ["--ablate", "tlb_flush_mmu_tlbonly/flush_tlb_mm_range/tlb"];
const COUNT = 16;

function hunt(out: string, workers: number): readonly string[] {
  const budget = ["--programs", String(COUNT), "--executions", String(50 * COUNT)];
  const how = ["--workers", String(workers), "--out", join(folder, out), "--json", "--events"];
  return [program, "fuzz", ...budget, "--kernel", "6.18", ...ABLATED, ...how];
}

/** Runs to the end. */
function whole(out: string, workers: number): { readonly result: Result; readonly events: readonly Event[] } {
  const { stdout, stderr } = spawnSync(process.execPath, hunt(out, workers), { encoding: "utf8" });
  return { result: JSON.parse(stdout) as Result, events: eventsIn(stderr.split("\n")) };
}

function eventsIn(lines: readonly string[]): readonly Event[] {
  return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Event);
}

interface Saved {
  readonly state: string;
  readonly programs?: {
    readonly merged: number;
    readonly executions: number;
    readonly findings: readonly { readonly token: string }[];
    readonly plan: { readonly kept: readonly unknown[] };
  };
}

function savedIn(out: string): Saved | undefined {
  const directory = join(folder, out);
  const name = existsSync(directory)
    ? readdirSync(directory).find((one) => one.endsWith(".json"))
    : undefined;
  return name === undefined ? undefined : (JSON.parse(readFileSync(join(directory, name), "utf8")) as Saved);
}

/** Runs until what is saved is as wanted, and sends a signal. @returns what it has said. */
async function until(
  isEnough: (saved: NonNullable<Saved["programs"]>) => boolean,
  signal: NodeJS.Signals,
  out: string,
  workers: number,
): Promise<{ readonly stdout: string; readonly events: readonly Event[] }> {
  const child = spawn(process.execPath, hunt(out, workers));
  const lines: string[] = [];
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  createInterface({ input: child.stderr }).on("line", (line) => lines.push(line));
  const closed = once(child, "close");
  for (;;) {
    const saved = savedIn(out)?.programs;
    if (saved !== undefined && isEnough(saved)) break;
    if (child.exitCode !== null) throw new Error(`it ended before that:\n${lines.join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  child.kill(signal);
  await closed;
  return { stdout, events: eventsIn(lines) };
}

const comparable = (result: Result): unknown => ({
  ...(withoutTimes(result) as Result),
  out: undefined,
  programs: { ...result.programs, folder: undefined },
});

const announcedIn = (events: readonly Event[]): readonly (string | undefined)[] =>
  events.filter(({ event }) => event === "finding").map(({ signature }) => signature);

test("workers share what is known, and two of them come to what one comes to", () => {
  const [one, two] = [whole("one", 1), whole("two", 2)];
  expect(one.result).toMatchObject({ executions: 50 * COUNT, programs: { tried: COUNT } });
  expect(one.result.violations.length).toBeGreaterThan(0);
  expect(comparable(two.result)).toEqual(comparable(one.result));
  expect(readdirSync(two.result.programs.folder)).toEqual(readdirSync(one.result.programs.folder));
  expect(readdirSync(two.result.programs.folder)).toHaveLength(one.result.programs.kept);
}, 300_000);

test.each([1, 2])(
  "after kill -9 the same command goes on: nothing is lost, nothing is found twice (%i workers)",
  async (workers) => {
    const out = `killed-${workers}`;
    const first = await until(({ findings }) => findings.length > 0, "SIGKILL", out, workers);
    const before = savedIn(out)!;
    expect(before.state).toBe("running");
    expect(before.programs!.merged).toBeLessThan(COUNT);

    const { result, events } = whole(out, workers);
    expect(result).toMatchObject({ interrupted: false, programs: { tried: COUNT } });
    expect(result.executions).toBe(50 * COUNT);
    expect(result.programs.kept).toBeGreaterThanOrEqual(before.programs!.plan.kept.length);
    expect(readdirSync(result.programs.folder)).toHaveLength(result.programs.kept);
    for (const { executions = Infinity } of events.filter(({ event }) => event === "progress"))
      expect(executions).toBeGreaterThanOrEqual(before.programs!.executions);

    const signatures = result.violations.map(({ signature }) => signature);
    expect(new Set(signatures).size).toBe(signatures.length);
    // Findings come to light in the order of the programs, in whichever process.
    expect([...announcedIn(first.events), ...announcedIn(events)]).toEqual(signatures);
    expect(readdirSync(join(folder, out, "findings"))).toHaveLength(signatures.length);
    expect(savedIn(out)!.state).toBe("done");
  },
  300_000,
);

test("Ctrl-C saves the hunt, and the same command goes on with it to its end", async () => {
  const { stdout } = await until(({ merged }) => merged > 1, "SIGINT", "interrupted", 2);
  const stopped = JSON.parse(stdout) as Result;
  expect(stopped.interrupted).toBe(true);
  expect(stopped.programs.tried).toBeLessThan(COUNT);
  expect(savedIn("interrupted")!.state).toBe("interrupted");
  const { result } = whole("interrupted", 2);
  expect(result).toMatchObject({ interrupted: false, executions: 50 * COUNT, programs: { tried: COUNT } });
}, 300_000);
