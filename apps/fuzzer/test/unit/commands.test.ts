/** The contract of the command line: exit codes, JSON fields, refusals. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scenarioFamilies, scenarioOf } from "@mmrace/mm";
import { decodeToken, encodeToken, explore, replaySchedule } from "@mmrace/scheduler";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fuzzStrategies } from "../../src/arms/arms.ts";
import { mmrace, violationsOf, withoutTimes } from "../run.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mmrace-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("bug", () => {
  test.each([
    ["T1-01", "table shape", "6.11", "6.12"],
    ["T1-02", "lost entry", "6.6-dev", "6.11"],
  ])(
    "%s: found on the buggy release, complete and clean on the fixed one",
    async (id, oracle, buggy, fixed) => {
      const run = await mmrace("bug", id, "--json");
      expect(run.parsed).toMatchObject({
        schemaVersion: 1,
        command: "bug",
        exitCode: 3,
        complete: true,
        releases: [
          { kernel: buggy, role: "buggy" },
          { kernel: fixed, role: "fixed", complete: true, violations: [], unreached: [] },
        ],
      });
      expect(violationsOf(run).map((violation) => violation.oracle)).toContain(oracle);
      expect(run.text).toContain("| CPU1");
      expect(run.text).toMatch(/Replay: npx mmrace replay mmr1\./);
    },
  );

  test("on a release of one's own choice", async () => {
    expect((await mmrace("bug", "T1-01", "--kernel", "6.12")).exitCode).toBe(0);
    expect((await mmrace("bug", "mremap-vs-retract", "--kernel", "6.6")).exitCode).toBe(3);
  });
});

describe("fuzz", () => {
  test("finds T1-02, and the token replays to the same violation", async () => {
    const run = await mmrace("fuzz", "cpmt-vs-uffdcopy", "--executions", "2000", "--json");
    expect(run.parsed).toMatchObject({ command: "fuzz", exitCode: 3, complete: false, executions: 2000 });
    for (const violation of violationsOf(run)) {
      const replayed = await mmrace("replay", violation.token, "--json");
      expect(replayed.parsed).toMatchObject({
        exitCode: 3,
        replay: "reproduced",
        violations: [{ signature: violation.signature }],
      });
    }
    expect(violationsOf(run).map(({ oracle }) => oracle)).toContain("lost entry");
  });

  test.each(fuzzStrategies)(
    "%s: the same random seed gives the same object, another one another",
    async (strategy) => {
      const command = (seed: string) =>
        mmrace(
          "fuzz",
          "T1-01",
          "T1-07",
          "--strategy",
          strategy,
          "--executions",
          "300",
          "--seed",
          seed,
          "--json",
        );
      const first = withoutTimes((await command("5")).parsed);
      expect(withoutTimes((await command("5")).parsed)).toEqual(first);
      expect(withoutTimes((await command("6")).parsed)).not.toEqual(first);
    },
  );

  test("a time limit is shared by the scenarios, so that all of them run", async () => {
    const names = scenarioFamilies.slice(0, 2).map(({ name }) => name);
    const run = await mmrace(
      "fuzz",
      ...names,
      "--kernel",
      "6.12",
      "--executions",
      "1000000000",
      "--time",
      "4s",
    );
    const scenarios = run.parsed["scenarios"] as readonly { executions: number }[];
    expect(scenarios).toHaveLength(names.length);
    for (const { executions } of scenarios) expect(executions).toBeGreaterThan(0);
  });

  test("runs every scenario, and finds nothing on the newest release", async () => {
    const run = await mmrace("fuzz", "--kernel", "6.18", "--executions", "20");
    expect(run.exitCode).toBe(0);
    expect(run.parsed["scenarios"]).toHaveLength(scenarioFamilies.length);
  }, 180_000);

  test("stops on the first finding", async () => {
    const run = await mmrace("fuzz", "T1-01", "--stop-on-first");
    expect(run.parsed["executions"]).toBeLessThan(100);
    expect(violationsOf(run)).toHaveLength(1);
  });

  test("a corpus directory is filled, used, and its damaged files are put aside", async () => {
    const corpus = join(folder, "corpus");
    const edgesAfter = async (executions: string): Promise<Record<string, number>> => {
      const result = await mmrace("fuzz", "fault-vs-retract", "--executions", executions, "--corpus", corpus);
      return (result.parsed["scenarios"] as readonly { edges: Record<string, number> }[])[0]!.edges;
    };
    const first = await edgesAfter("500");
    const directory = join(corpus, "fault-vs-retract-6.12");
    const name = "0".repeat(64);
    writeFileSync(join(directory, name), "damaged");
    writeFileSync(join(directory, "my-own-seed"), Uint8Array.of(1, 5, 0, 3));
    // The seeds are run whatever the budget is, so one execution is enough to be where the first campaign ended.
    const second = await edgesAfter("1");
    for (const [map, count] of Object.entries(first)) expect(second[map]).toBeGreaterThanOrEqual(count);
    expect(readFileSync(join(`${directory}.quarantine`, name), "utf8")).toBe("damaged");
  });
});

describe("replay", () => {
  const token = async (): Promise<string> =>
    violationsOf(await mmrace("fuzz", "T1-01", "--stop-on-first"))[0]!.token;

  test("in every format, and from a file", async () => {
    const finding = await token();
    const file = join(folder, "finding.txt");
    writeFileSync(file, `see this:\n${finding}\n`);
    expect((await mmrace("replay", file)).text).toContain("CPU0 mremap");
    expect((await mmrace("replay", file, "--format", "steps")).text).toContain(
      "[move_normal_pmd/write_once/pmd]",
    );
    expect(JSON.parse((await mmrace("replay", file, "--format", "json")).text)).toMatchObject({
      replay: "reproduced",
    });
    expect((await mmrace("replay", file, "--format", "html")).text).toMatch(/^<!doctype html>[^]*<\/html>$/);
    const perfetto = JSON.parse((await mmrace("replay", file, "--format", "perfetto")).text) as {
      traceEvents: unknown[];
    };
    expect(perfetto.traceEvents.length).toBeGreaterThan(20);
    const out = join(folder, "out.html");
    await mmrace("replay", file, "--format", "html", "--out", out);
    expect(readFileSync(out, "utf8")).toContain("table shape");
  });

  test("a damaged token is refused", async () => {
    const finding = await token();
    await expect(mmrace("replay", finding.slice(0, -4))).rejects.toThrow(/damaged|cut short/);
    await expect(mmrace("replay", join(folder, "no-such-file"))).rejects.toThrow(/no token/);
  });

  test("a token of another model version diverges: exit code 4", async () => {
    const content = decodeToken(await token());
    const run = await mmrace(
      "replay",
      encodeToken({ ...content, fingerprint: content.fingerprint ^ 1 }),
      "--json",
    );
    expect(run.parsed).toMatchObject({ exitCode: 4, replay: "diverged", violations: [] });
    const elsewhere = await mmrace("replay", encodeToken({ ...content, variant: "6.12" }));
    expect(elsewhere.exitCode).toBe(4);
    expect(elsewhere.text).toMatch(/replay diverged: .*At step \d+, expected .*, found /);
  });
});

describe("minimize", () => {
  test("drops the preemptions that a noisy finding does not need, and stays put on its own result", async () => {
    const found = violationsOf(await mmrace("fuzz", "T1-01", "--stop-on-first"))[0]!;
    const content = decodeToken(found.token);
    const scenario = scenarioOf(content);
    const noisy = explore(scenario, replaySchedule(Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 1, 1, 60)))
      .violations[0]!;
    expect(noisy.preemptions).toBeGreaterThan(1);
    const run = await mmrace("minimize", noisy.token, "--json");
    expect(run.parsed).toMatchObject({
      exitCode: 3,
      before: { preemptions: noisy.preemptions },
      fewestPreemptionsProven: true,
      fewestStepsProven: true,
      violations: [{ preemptions: 1 }],
    });
    const unproven = await mmrace("minimize", noisy.token, "--executions", "0");
    expect(unproven.text).toContain("Not proven to be the fewest");
    expect(unproven.parsed).toMatchObject({ fewestPreemptionsProven: false, fewestStepsProven: false });
    const again = await mmrace("minimize", violationsOf(run)[0]!.token);
    expect(violationsOf(again)).toEqual(violationsOf(run));
  });
});

describe("refusals", () => {
  test.each<[string, readonly string[], RegExp]>([
    ["an unknown scenario", ["fuzz", "nope"], /There is no scenario "nope"/],
    ["an unknown kernel", ["explore", "T1-01", "--kernel", "5.0"], /no kernel "5.0"/],
    ["an unknown bug", ["bug", "T7-77"], /no bug "T7-77"/],
    ["an unknown option", ["fuzz", "--sed", "1"], /unknown option/],
    ["an unknown command", ["fuz"], /unknown command/],
    ["no number", ["fuzz", "--executions", "many"], /whole number/],
    ["no duration", ["fuzz", "--time", "soon"], /duration/],
    ["a site that is none", ["explore", "T1-01", "--ablate", "pte_lock"], /no site address/],
    [
      "a site that is not there",
      ["explore", "T1-01", "--kernel", "6.12", "--ablate", "a/b/c"],
      /matched no operation/,
    ],
    [
      "a site that cannot go",
      ["explore", "T1-01", "--ablate", "pmdp_collapse_flush/xchg/pmd"],
      /cannot be removed/,
    ],
    [
      "a memory model that is not there",
      ["explore", "T1-01", "--memory", "pso"],
      /Allowed choices are sc, tso/,
    ],
    [
      "a strategy for the wrong engine",
      ["fuzz", "--engine", "jsfuzz", "--strategy", "pct"],
      /jsfuzz makes its own/,
    ],
    ["an unknown strategy", ["explore", "T1-01", "--strategy", "bfs"], /no strategy "bfs"/],
  ])("%s", async (_name, args, message) => {
    await expect(mmrace(...args)).rejects.toThrow(message);
  });
});
