/** The contract of `mmrace explore`: exit codes, JSON fields, refusals. */

import { decodeToken, UsageError } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { mmrace, violationsOf } from "../run.ts";

describe("explore", () => {
  test("each state once: a clean release, a shortest counterexample, counts in JSON", async () => {
    const clean = await mmrace("explore", "fault-vs-retract", "--strategy", "states", "--json");
    expect(clean.parsed).toMatchObject({ exitCode: 0, strategy: "states", complete: true, violations: [] });
    expect(clean.parsed).toMatchObject({ states: 6828, transitions: 13_009, unreached: [] });
    const found = await mmrace("explore", "T1-01", "--strategy", "states");
    expect(found.exitCode).toBe(3);
    expect(found.text).toMatch(/1 violation after [\d,]+ states, [\d,]+ transitions, learned from/);
    const limited = mmrace("explore", "T1-01", "--strategy", "states", "--executions", "3");
    await expect(limited).rejects.toThrow(UsageError);
  });

  test("clean and complete", async () => {
    const run = await mmrace("explore", "fault-vs-retract", "--kernel", "6.12", "--json");
    expect(run.parsed).toMatchObject({
      command: "explore",
      exitCode: 0,
      complete: true,
      violations: [],
      unreached: [],
    });
    expect(run.parsed["executions"]).toBeGreaterThan(0);
    expect(run.parsed["steps"]).toBeGreaterThan(0);
  });

  test("an ablation, by site", async () => {
    const site = "retract_page_tables/spin_lock/pte_lock";
    const run = await mmrace("explore", "retract-vs-uffdcopy", "--ablate", site);
    expect(run.exitCode).toBe(3);
    const [violation] = violationsOf(run);
    expect(decodeToken(violation!.token).ablations.map((ablation) => ablation.site)).toEqual([site]);
    expect((await mmrace("replay", violation!.token)).exitCode).toBe(3);
  });

  test("dpor, optimal-dpor and dfs agree on a complete, clean search", async () => {
    const [dfs, dpor, optimal] = await Promise.all(
      ["dfs", "dpor", "optimal-dpor"].map((strategy) =>
        mmrace("explore", "fault-vs-retract", "--strategy", strategy, "--json"),
      ),
    );
    for (const run of [dfs!, dpor!, optimal!])
      expect(run.parsed).toMatchObject({ exitCode: 0, complete: true, unreached: [] });
    expect(dpor!.parsed["executions"]).toBe(dfs!.parsed["executions"]);
    expect(optimal!.parsed["executions"]).toBe(dfs!.parsed["executions"]);
  });

  test("bounded search says what its bound is", async () => {
    const run = await mmrace("explore", "T1-01", "--strategy", "bounded", "--preemptions", "0");
    expect(run.parsed).toMatchObject({ exitCode: 0, complete: false, preemptionsMax: 0, violations: [] });
  });

  test("a bound on delays instead", async () => {
    const run = await mmrace("explore", "T1-01", "--strategy", "bounded", "--delays", "0");
    expect(run.parsed).toMatchObject({ exitCode: 0, complete: false, delaysMax: 0, executions: 1 });
    expect(run.parsed["preemptionsMax"]).toBeUndefined();
    const found = await mmrace("explore", "T1-01", "--strategy", "bounded", "--delays", "2");
    expect(found.parsed).toMatchObject({ exitCode: 3, delaysMax: 2 });
    for (const wrong of [
      ["--strategy", "bounded", "--delays", "1", "--preemptions", "1"],
      ["--delays", "1"],
      ["--strategy", "dpor", "--preemptions", "1"],
    ])
      await expect(mmrace("explore", "T1-01", ...wrong)).rejects.toThrow(UsageError);
  });

  test("bounded dpor finds what the bounded search finds", async () => {
    const explore = (...bound: readonly string[]) =>
      mmrace("explore", "T1-01", "--all", "--strategy", "bounded-dpor", ...bound);
    const none = await explore("--preemptions", "0");
    expect(none.parsed).toMatchObject({ exitCode: 0, complete: false, preemptionsMax: 0, violations: [] });
    const found = await explore("--delays", "2");
    expect(found.parsed).toMatchObject({ exitCode: 3, delaysMax: 2 });
    const plain = await mmrace("explore", "T1-01", "--all", "--strategy", "bounded", "--delays", "2");
    const signatures = (run: typeof plain) => new Set(violationsOf(run).map(({ signature }) => signature));
    expect(signatures(found)).toEqual(signatures(plain));
    expect(found.parsed["executions"]).toBeLessThan(plain.parsed["executions"] as number);
  });

  test("a budget leaves the search incomplete", async () => {
    const run = await mmrace(
      "explore",
      "fault-vs-retract",
      "--strategy",
      "interleavings",
      "--executions",
      "10",
    );
    expect(run.parsed).toMatchObject({ executions: 10, complete: false });
  });

  test.each([
    ["states", /states cannot: .* Use --strategy dfs\./],
    ["bounded-dpor", /bounded-dpor cannot on .* Use --strategy bounded\./],
  ])("%s goes in one piece: neither workers nor checkpoints", async (strategy, why) => {
    const command = ["explore", "T1-01", "--strategy", strategy] as const;
    await expect(mmrace(...command, "--workers", "2")).rejects.toThrow(why);
    await expect(mmrace(...command, "--checkpoint", "none.json")).rejects.toThrow(why);
  });
});
