/** `mmrace why`: what is needed is shown by a token that replays, what is not is said with its bound, and answers are kept. */

import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scenarioFamily } from "@mmrace/mm";
import { explore, iterativeBound, UsageError, without } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { answersTo } from "../../src/why/answers.ts";
import { judge, type WhyJob } from "../../src/why/judge.ts";
import { goesTheSameWay } from "../../src/why/same-way.ts";
import { mmrace, withoutTimes } from "../run.ts";

interface Site {
  readonly site: string;
  readonly kind: string;
  readonly verdict: string;
  readonly token?: string;
  readonly oracle?: string;
  readonly preemptions?: number;
}

const QUICK = [
  "--kernel",
  "6.12",
  "--preemptions",
  "1",
  "--executions",
  "500",
  "--fuzz",
  "100",
  "--no-cache",
];

async function sitesOf(...args: readonly string[]): Promise<readonly Site[]> {
  return (await mmrace("why", ...args, ...QUICK)).parsed["sites"] as readonly Site[];
}

const question: WhyJob = {
  kernel: "6.12",
  sites: ["retract_page_tables/spin_lock/pte_lock"],
  scenarios: ["retract-vs-uffdcopy"],
  preemptionsMax: 1,
  executionsMax: 500,
};

describe("why", () => {
  test("a procedure: its guards and those of what it calls, each with a verdict", async () => {
    const sites = await sitesOf("retract_page_tables", "--scenario", "retract-vs-uffdcopy");
    const kinds = Object.fromEntries(sites.map(({ site, kind }) => [site, kind]));
    expect(kinds).toMatchObject({
      "retract_page_tables/spin_lock/pmd_lock": "lock",
      "retract_page_tables/spin_lock/pte_lock": "lock",
      "retract_page_tables/read_once/anon_vma": "recheck",
      "retract_page_tables/read_once/vm_flags": "recheck",
      "retract_page_tables/mmu_notifier_invalidate_range_start/mmu_notifier": "notifier",
      "pmdp_collapse_flush/flush_tlb_mm_range/tlb": "flush",
      "pte_free_defer/grace_period/rcu": "grace period",
    });
    expect(Object.keys(kinds).filter((site) => site.includes("unlock"))).toEqual([]);
    const lock = sites.find(({ site }) => site === "retract_page_tables/spin_lock/pte_lock")!;
    expect(lock).toMatchObject({ verdict: "needed", preemptions: 1 });
    const replayed = await mmrace("replay", lock.token!);
    expect(replayed.exitCode).toBe(3);
    for (const { verdict, token } of sites) expect(token !== undefined).toBe(verdict === "needed");
  });

  test("a lock class in one scenario, for people: the counterexample as columns, and as Markdown", async () => {
    const only = [
      "--scenario",
      "retract-vs-uffdcopy",
      "--kernel",
      "6.12",
      "--no-cache",
      "--preemptions",
      "1",
    ];
    const site = "retract_page_tables/spin_lock/pte_lock";
    const { text } = await mmrace("why", site, ...only, "--columns");
    expect(text).toMatch(/needed: .*, 1 preemption, \d+ steps, retract-vs-uffdcopy/);
    expect(text).toContain("Replay: npx mmrace replay mmr1.");
    const table = (await mmrace("why", site, ...only, "--markdown")).text;
    expect(table).toMatch(/\| `retract_page_tables\/spin_lock\/pte_lock` \| lock \| needed: .* \| `mmr1\./);
  });

  test("guards that are redundant alone are taken out in pairs", async () => {
    const args = ["retract_page_tables", "--scenario", "mremap-vs-retract", "--pairs"];
    const run = await mmrace("why", ...args, ...QUICK);
    const sites = run.parsed["sites"] as readonly Site[];
    const redundant = sites.filter(({ verdict }) => verdict === "not needed within bound");
    const pairs = run.parsed["pairs"] as readonly { sites: string[]; verdict: string; token: string }[];
    for (const { sites: both, verdict, token } of pairs) {
      expect(verdict).toBe("needed");
      for (const site of both) expect(redundant.map((one) => one.site)).toContain(site);
      expect((await mmrace("replay", token)).exitCode).toBe(3);
    }
  });

  test("what nobody comes to, and what there is not", async () => {
    const [never] = await sitesOf(
      "retract_page_tables/spin_lock/folio_lock",
      "--scenario",
      "retract-vs-uffdcopy",
    );
    expect(never).toMatchObject({ verdict: "never executed", executions: 0 });
    const [second] = await sitesOf(
      "retract_page_tables/read_once/anon_vma/2",
      "--scenario",
      "poison-vs-retract",
    );
    expect(second).toMatchObject({ site: "retract_page_tables/read_once/anon_vma/2", verdict: "needed" });
    const misspelt = mmrace("why", "retract_page_table", "--scenario", "retract-vs-uffdcopy");
    await expect(misspelt).rejects.toThrow(UsageError);
  });

  test("twice the same, and a scenario that speaks with its guards in place says nothing", () => {
    expect(withoutTimes(judge(question))).toEqual(withoutTimes(judge(question)));
    const guilty = { ...question, kernel: "6.6-dev", scenarios: ["cpmt-vs-uffdcopy"] };
    expect(judge({ ...guilty, sites: ["mfill_atomic/read_once/mmap_changing"] })).toMatchObject({
      verdict: "not needed within bound",
      complete: false,
      leftOut: ["cpmt-vs-uffdcopy"],
    });
  });

  test("a finding that comes the same way with the guard in place is none of the guard's", () => {
    const found = (kernel: string, name: string, site: string) => {
      const scenario = scenarioFamily(name).on(kernel);
      const ablations = [without.site(site)];
      const { violations } = explore(scenario, iterativeBound({ preemptionsMax: 1 }), { ablations });
      return goesTheSameWay(scenario, violations[0]!, ablations);
    };
    const start = "collapse_pte_mapped_thp/mmu_notifier_invalidate_range_start/mmu_notifier";
    expect(found("6.6-dev", "cpmt-vs-uffdcopy", start)).toBe(true);
    expect(found("6.6-dev", "cpmt-vs-uffdcopy", "mfill_atomic/read_once/mmap_changing")).toBe(true);
    expect(found("6.12", "retract-vs-uffdcopy", question.sites[0]!)).toBe(false);
    expect(found("6.12", "retract-vs-uffd-wp", "__pte_offset_map_lock/read_once/pmd")).toBe(false);
  });

  test("answers are kept, damaged ones moved aside, and others given to another question", async () => {
    const cache = mkdtempSync(join(tmpdir(), "why-"));
    let asked = 0;
    const answer = (job: WhyJob) => answersTo([job], { workers: 1, cache, onAnswer: () => void asked++ });
    const [first] = await answer(question);
    expect(await answer(question)).toEqual([first]);
    expect(asked).toBe(1);
    const [file] = readdirSync(cache);
    writeFileSync(join(cache, file!), readFileSync(join(cache, file!), "utf8").slice(0, -9));
    expect(await answer(question)).toEqual([first]);
    expect(readdirSync(cache).toSorted()).toEqual([file!, `${file}.quarantine`]);
    await answer({ ...question, executionsMax: 400 });
    expect(asked).toBe(3);
  });
});
