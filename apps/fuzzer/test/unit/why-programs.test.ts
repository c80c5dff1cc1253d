/** `mmrace why` beyond the scenarios of the model: generated programs, and campaigns where the search does not end. */

import { mkdirSync, mkdtempSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kernelById, scenarioOf } from "@mmrace/mm";
import {
  isProgramName,
  parseProgram,
  packProgram,
  programScenario,
  unpackProgram,
} from "@mmrace/mm/programs";
import { decodeToken, explore, random, replayToken, UsageError, type Operation } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { sourcesOf } from "../../src/changes/change.ts";
import { loadChanges, scenarioOfToken } from "../../src/changes/changed-kernels.ts";
import { whyAnswers } from "../../src/report/why-answers.ts";
import { judge, type WhyFinding, type WhyJob } from "../../src/why/judge.ts";
import { PER_SITE, programPool } from "../../src/why/program-pool.ts";
import { copy, file } from "../changes.ts";
import { mmrace, withoutTimes } from "../run.ts";

/** No scenario of the model has a secondary MMU where a file is collapsed; half of this program is beside the point. */
const SECONDARY = packProgram(
  parseProgram(`program ptes=4 pmds=2:
r0 = memfd_create(&AUTO='shmem\\x00', 0x0)

process 1:
mmap(&(0x7f0000000000/0x200000)=nil, 0x200000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, r0, 0x0)
page_table(&(0x7f0000002000))

thread t0:
load(&(0x7f0000001000))

kthread k1:
kvm_page_fault(0x1, &(0x7f0000000000))
hpage_collapse_scan_file(r0)
`),
);

const inProgram: WhyJob = {
  kernel: "6.18",
  sites: ["retract_page_tables/write_lock/mmu_lock"],
  scenarios: [],
  programs: [SECONDARY],
  preemptionsMax: 1,
  executionsMax: 300,
};

/** A search this short finds nothing. */
const cut: WhyJob = {
  kernel: "6.12",
  sites: ["retract_page_tables/spin_lock/pte_lock"],
  scenarios: ["retract-vs-uffdcopy", "cpmt-vs-retract"],
  preemptionsMax: 1,
  executionsMax: 6,
};

function replays({ token }: WhyFinding): string {
  const content = decodeToken(token);
  return replayToken(scenarioOf(content), content).kind;
}

describe("generated programs", () => {
  test("a guard is needed in a program, which is made small and goes with the token", () => {
    const { verdict, finding } = judge(inProgram);
    expect(verdict).toBe("needed");
    expect(isProgramName(finding!.scenario)).toBe(true);
    expect(replays(finding!)).toBe("reproduced");
    const { parameters } = decodeToken(finding!.token);
    expect(unpackProgram(parameters["program"] as string).threads.map(({ name }) => name)).toEqual(["k1"]);
  });

  test("on a release with a change, and the token says so", () => {
    const changes = loadChanges([file(copy)]);
    const { finding } = judge({ ...inProgram, changes: sourcesOf(changes) });
    const content = decodeToken(finding!.token);
    expect(content.variant).toBe("6.18+retract_page_tables");
    expect(replayToken(scenarioOfToken(content, changes), content).kind).toBe("reproduced");
  });

  test("those of a release: always the same, and each comes to its sites", () => {
    const kernel = kernelById("6.18");
    const pool = programPool(kernel, [], undefined, 30);
    expect(programPool(kernel, [], undefined, 30)).toEqual(pool);
    const lock = pool.sites.find(({ address }) => address === "__pte_offset_map_lock/read_once/pmd")!;
    const numbers = lock.within["__pte_offset_map_lock"]!;
    expect(numbers.length).toBeGreaterThan(1);
    expect(numbers.length).toBeLessThanOrEqual(PER_SITE);
    for (const at of numbers) {
      const seen = new Set<string>();
      const onStep = (_: unknown, { site }: Operation<unknown>): void => void seen.add(site!.address);
      const scenario = programScenario(unpackProgram(pool.programs[at]!), kernel);
      explore(scenario, random({ randomSeed: 1, executionsMax: 4 }), { observers: [{ onStep }] });
      expect(seen).toContain(lock.address);
    }
  });

  test(
    "by command: guards that only programs come to are asked about too",
    { timeout: 240_000 },
    async () => {
      const args = ["retract_page_tables", "--own", "--kernel", "6.18", "--scenario", "stale-ptl-filemap"];
      const effort = ["--preemptions", "1", "--executions", "100", "--fuzz", "0", "--programs", "1"];
      const run = await mmrace("why", ...args, ...effort);
      const sites = run.parsed["sites"] as readonly (WhyFinding & {
        site: string;
        verdict: string;
        program?: string;
        scenarios: readonly string[];
        programs: readonly string[];
        bound: object;
      })[];
      const only = sites.find(({ scenarios }) => scenarios.length === 0)!;
      expect(only.programs.every(isProgramName)).toBe(true);
      const lock = sites.find(({ site }) => site === "retract_page_tables/write_lock/mmu_lock")!;
      expect(lock).toMatchObject({ verdict: "needed", scenarios: [], bound: { programsMax: 1, fuzzMax: 0 } });
      expect(lock.program).toMatch(/^program ptes=4/);
      expect(run.text).toContain("kvm_page_fault(");
      expect((await mmrace("replay", lock.token)).exitCode).toBe(3);
      await expect(mmrace("why", ...args, "--programs", "9")).rejects.toThrow(UsageError);
    },
  );
});

describe("fuzzing", () => {
  test("goes on where the search does not end, and finds what that has missed", { timeout: 180_000 }, () => {
    expect(judge(cut)).toMatchObject({ verdict: "not needed within bound", complete: false });
    const fuzzed = judge({ ...cut, fuzzed: 400 });
    expect(fuzzed).toMatchObject({ verdict: "needed", finding: { scenario: "retract-vs-uffdcopy" } });
    expect(replays(fuzzed.finding!)).toBe("reproduced");
    expect(withoutTimes(judge({ ...cut, fuzzed: 400 }))).toEqual(withoutTimes(fuzzed));
  });

  test("its budget is dealt out to the last execution, and what it does not find is not claimed", () => {
    const harmless = { ...cut, sites: ["retract_page_tables/read_once/pmd"], fuzzed: 31 };
    expect(judge(harmless)).toEqual({
      verdict: "not needed within bound",
      executions: 31,
      complete: false,
      leftOut: [],
    });
  });

  test("a scenario with findings of its own says nothing when it is fuzzed either", () => {
    const sites = ["mfill_atomic/read_once/mmap_changing"];
    const guilty = { ...cut, kernel: "6.6-dev", sites, scenarios: ["cpmt-vs-uffdcopy"], fuzzed: 600 };
    expect(judge(guilty)).toMatchObject({
      verdict: "not needed within bound",
      leftOut: ["cpmt-vs-uffdcopy"],
    });
  });

  test("by command: what was searched, what was fuzzed, and the budget of both", async () => {
    const site = "retract_page_tables/read_once/pmd";
    const args = [
      "--scenario",
      "retract-vs-uffdcopy",
      "--kernel",
      "6.12",
      "--executions",
      "20",
      "--no-cache",
    ];
    const fuzzed = await mmrace("why", site, ...args, "--fuzz", "50");
    expect(fuzzed.parsed["sites"]).toMatchObject([
      {
        verdict: "not needed within bound",
        complete: false,
        fuzzed: 50,
        bound: { preemptionsMax: 2, executionsMax: 20, programsMax: 0, fuzzMax: 50 },
        programs: [],
      },
    ]);
    expect(fuzzed.text).toMatch(/executions in 1 scenario, not all schedules; 50 executions more fuzzed/);
    const { text } = await mmrace("why", site, ...args, "--fuzz", "50", "--markdown");
    expect(text).toContain("then fuzzed for 50 executions where not all schedules were searched.");
    const without = await mmrace("why", site, ...args, "--fuzz", "0");
    expect(without.parsed["sites"]).toMatchObject([{ fuzzed: 0 }]);
    expect(without.text).not.toContain("fuzzed");
  });
});

test("the report takes the answers about a guard together, the newest of each kind", () => {
  const folder = join(mkdtempSync(join(tmpdir(), "why-")), "why");
  mkdirSync(folder);
  const asked = { kernel: "6.12", sites: ["a/b/c"], scenarios: ["one", "two"], preemptionsMax: 2 };
  const none = { verdict: "not needed within bound", complete: false, leftOut: [] };
  const answers = [
    { ...none, executions: 7, asked: { ...asked, scenarios: ["one"] } },
    { ...none, executions: 100, asked },
    { ...none, executions: 20, asked: { ...asked, scenarios: [], programs: ["p", "q"] } },
    { ...none, executions: 5, asked: { ...asked, programs: ["p", "q"], fuzzed: 5 } },
  ];
  answers.forEach((answer, at) => {
    const path = join(folder, `${at}.json`);
    writeFileSync(path, JSON.stringify(answer));
    utimesSync(path, at, at);
  });
  expect(readdirSync(folder).length).toBe(4);
  expect(whyAnswers(folder)).toEqual([
    {
      kernel: "6.12",
      sites: ["a/b/c"],
      verdict: "not needed within bound",
      executions: 120,
      fuzzed: 5,
      complete: false,
      preemptionsMax: 2,
      scenarios: ["one", "two"],
      programs: 2,
    },
  ]);
});
