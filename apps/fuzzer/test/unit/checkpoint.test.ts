/** Searches that end early and are gone on with: the same counts and findings in the end; nothing that does not fit. */

import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dpor, exhaustive, explore, iterativeBound, optimalDpor, type Strategy } from "@mmrace/scheduler";
import { scenarioFamily } from "@mmrace/mm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { explorationJson } from "../../src/cli/commands/explore.ts";
import { levelsOf } from "../../src/cli/explore-job.ts";
import { mmrace, withoutTimes, type Run } from "../run.ts";

let folder = "";
let file = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mmrace-checkpoint-"));
  file = join(folder, "search.json");
});
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
});
afterAll(() => rmSync(folder, { recursive: true }));

const search = (...more: readonly string[]): Promise<Run> =>
  mmrace("explore", "cpmt-vs-uffdcopy", "--checkpoint", file, ...more);

/** Runs a command until its search has come to its end. */
async function inTurns(
  ...command: readonly string[]
): Promise<{ readonly run: Run; readonly turns: number }> {
  for (let turns = 1; ; turns++) {
    const run = await search(...command);
    if (!existsSync(file)) return { run, turns };
  }
}

describe("turns of a few executions add up to the search in one piece", () => {
  const strategies: readonly (readonly [string, readonly string[], () => Strategy])[] = [
    ["dfs", [], () => exhaustive({ reduction: "sleep-sets" })],
    ["dpor", ["--strategy", "dpor"], () => dpor()],
    ["optimal-dpor", ["--strategy", "optimal-dpor"], () => optimalDpor()],
    ["bounded", ["--strategy", "bounded", "--preemptions", "1"], () => iterativeBound({ preemptionsMax: 1 })],
    ["bounded by delays", ["--strategy", "bounded", "--delays", "1"], () => iterativeBound({ delaysMax: 1 })],
  ];

  test.each(strategies)("%s", async (_name, command, makeStrategy) => {
    const { run, turns } = await inTurns("--all", "--executions", "7", ...command);
    const scenario = scenarioFamily("cpmt-vs-uffdcopy").on("6.6-dev");
    const whole = explore(scenario, makeStrategy(), { stopAtFirst: false });
    expect(turns).toBe(Math.floor(whole.executions / 7) + 1);
    expect(run.parsed).toMatchObject(JSON.parse(JSON.stringify(explorationJson(whole))) as object);
  });

  test("up to the first finding, after which nothing is left", async () => {
    const { run, turns } = await inTurns("--executions", "3");
    const whole = await mmrace("explore", "cpmt-vs-uffdcopy");
    expect(turns).toBeGreaterThan(1);
    expect(withoutTimes(run.parsed)).toEqual(withoutTimes(whole.parsed));
  });

  test("a turn says what there is so far, as the search in one piece with that budget", async () => {
    const { parsed } = await search("--all", "--executions", "9");
    const budget = await mmrace("explore", "cpmt-vs-uffdcopy", "--all", "--executions", "9");
    expect(withoutTimes(parsed)).toEqual(withoutTimes(budget.parsed));
  });

  test("time that is over before anything has run loses nothing", async () => {
    expect((await search("--all", "--time", "0ms")).parsed).toMatchObject({ executions: 0, complete: false });
    const whole = await mmrace("explore", "cpmt-vs-uffdcopy", "--all");
    expect(whole.parsed).toMatchObject({ executions: 42, complete: true });
    expect(withoutTimes((await search("--all")).parsed)).toEqual(withoutTimes(whole.parsed));
  });
});

describe("a checkpoint of another search is refused", () => {
  const saved = (): Promise<Run> => search("--all", "--executions", "5");

  test.each([
    [/set of ablations is none/, ["--all", "--ablate", "uffdio_copy/spin_lock/pte_lock"]],
    [/kernel release is 6\.6-dev, and here it is 6\.12/, ["--all", "--kernel", "6.12"]],
    [/memory model is sc, and here it is tso/, ["--all", "--memory", "tso"]],
    [/strategy is dfs, and here it is interleavings/, ["--all", "--strategy", "interleavings"]],
    [/end at the first finding is no, and here it is yes/, []],
  ])("%s", async (message, command) => {
    await saved();
    const before = readFileSync(file);
    await expect(search(...command)).rejects.toThrow(message);
    expect(readFileSync(file)).toEqual(before);
  });

  test("another scenario, level, model, version of mmrace or of the form", async () => {
    await saved();
    await expect(mmrace("explore", "fault-vs-retract", "--all", "--checkpoint", file)).rejects.toThrow(
      /scenario is cpmt-vs-uffdcopy/,
    );
    const text = readFileSync(file, "utf8");
    const outer = JSON.parse(text) as { formatVersion: number; sha256: string; checkpoint: string };
    writeFileSync(file, JSON.stringify({ ...outer, formatVersion: 99 }));
    await expect(search("--all")).rejects.toThrow(/format version 99/);
    for (const name of ["model fingerprint", "version of mmrace"]) {
      const inner = JSON.parse(outer.checkpoint) as { search: Record<string, string> };
      inner.search[name] = "0";
      writeFileSync(file, JSON.stringify(sealed(JSON.stringify(inner))));
      await expect(search("--all")).rejects.toThrow(`its ${name} is 0`);
    }
    rmSync(file);
    await search("--all", "--strategy", "bounded", "--executions", "5");
    await expect(search("--all", "--strategy", "bounded", "--preemptions", "3")).rejects.toThrow(
      /its levels/,
    );
  });

  function sealed(checkpoint: string): object {
    return { formatVersion: 1, sha256: createHash("sha256").update(checkpoint).digest("hex"), checkpoint };
  }
});

describe("a damaged checkpoint is moved aside, and the search begins anew", () => {
  test.each([
    ["cut short", (): void => truncateSync(file, 300)],
    ["empty", (): void => truncateSync(file, 0)],
    [
      "altered",
      (): void => writeFileSync(file, readFileSync(file, "utf8").replace("executions", "executionz")),
    ],
    ["something else", (): void => writeFileSync(file, "[1, 2]")],
  ])("%s", async (_name, damage) => {
    await search("--all", "--executions", "5");
    damage();
    const damaged = readFileSync(file);
    expect((await search("--all")).parsed).toMatchObject({ executions: 42, complete: true });
    expect(readFileSync(`${file}.quarantine`)).toEqual(damaged);
    expect(existsSync(file)).toBe(false);
  });

  test("half of a file that was being written does not matter", async () => {
    await search("--all", "--executions", "5");
    copyFileSync(file, `${file}.part`);
    truncateSync(`${file}.part`, 50);
    expect((await search("--all")).parsed).toMatchObject({ executions: 42, complete: true });
  });
});

test("dpor cannot be done in parts where no property watches every state, and says so by having no levels", () => {
  const scenario = scenarioFamily("cpmt-vs-uffdcopy").on("6.6-dev");
  const unwatched = { ...scenario, properties: scenario.properties.filter(({ kind }) => kind === "atEnd") };
  for (const strategy of ["dpor", "optimal-dpor"] as const) {
    expect(levelsOf({ strategy }, scenario)).toEqual([{ reduction: "sleep-sets" }]);
    expect(levelsOf({ strategy }, unwatched)).toBeUndefined();
  }
  expect(levelsOf({ strategy: "dfs" }, unwatched)).toEqual([{ reduction: "sleep-sets" }]);
});
