/** Hunts over generated programs: what is saved, and what a hunt that was ended goes on with. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { CommandResult } from "../../src/cli/output.ts";
import { CampaignJournal } from "../../src/engine/campaign-journal.ts";
import type { FuzzJob, FuzzOptions } from "../../src/engine/job.ts";
import type { SavedState } from "../../src/engine/saved-state.ts";
import type { HuntResult } from "../../src/programs/hunt-result.ts";
import type { HuntState } from "../../src/programs/hunt-state.ts";
import { ProgramHunt } from "../../src/programs/program-hunt.ts";
import { programRunners } from "../../src/programs/program-runners.ts";
import type { HuntSettings, ProgramRunner, Tell } from "../../src/programs/program-task.ts";
import { kernelOf } from "../../src/programs/run-task.ts";
import { CampaignStatus } from "../../src/report/campaign-status.ts";
import { ownFolder } from "../own-folder.ts";
import { mmrace } from "../run.ts";

let now = 0;
let stepMs = 0;
vi.mock("../../src/clock.ts", async (original) => ({
  ...(await original<object>()),
  // Every look at the clock takes a while, so that long programs are run in several slices.
  nowMs: () => (now += stepMs),
}));

const own = ownFolder("hunt");
beforeEach(() => {
  now = 0;
  stepMs = 2;
});

const FLUSH = "tlb_flush_mmu_tlbonly/flush_tlb_mm_range/tlb";
const SETTINGS: HuntSettings = {
  release: "6.18",
  changes: [],
  strategy: "coverage",
  ablations: [],
  memory: "sc",
  stopOnFirst: false,
};

/** Twelve programs of 50 executions. Some come upon what the flush is for. */
function job(out: string, more: Partial<FuzzOptions> = {}): FuzzJob {
  const options = {
    engine: "native",
    strategy: "coverage",
    programs: 12,
    executions: 600,
    workers: 1,
    seed: 1,
    out: join(own.folder, out),
    ablate: [FLUSH],
    with: [],
    program: [],
    memory: "sc",
    ...more,
  } as const;
  return { scenarios: [], ablations: [], changes: [], options, deadlineMs: Infinity };
}

/** What is announced. */
let announced: string[] = [];
beforeEach(() => {
  announced = [];
});

/** Hunts as a command would. @param wrap changes who runs the programs. */
async function hunt(
  of: FuzzJob,
  wrap: (runner: ProgramRunner) => ProgramRunner = (runner) => runner,
): Promise<HuntResult> {
  const settings = { ...SETTINGS, ablations: of.options.ablate };
  const journal = new CampaignJournal(of);
  const status = new CampaignStatus(1, (event) => {
    if (event["event"] === "finding") announced.push(String(event["signature"]));
  });
  const places = { journal, status, isInterrupted: () => false };
  const one = new ProgramHunt(of, kernelOf(settings), settings, places);
  const result = await one.run(programRunners(settings, 1).map(wrap));
  journal.close(false);
  return result;
}

/** A runner that lets time pass within programs and behind them, and ends without a word in the middle of one. */
function mortal(dies: number, msWithin: number, msBehind: number): (runner: ProgramRunner) => ProgramRunner {
  let begun = 0;
  return (runner) => ({
    ...runner,
    run: async (task, tell) => {
      const isLast = ++begun === dies;
      const tellLate: Tell = (progress, isUrgent) => {
        now += msWithin;
        const answer = tell(progress, isUrgent);
        if (isLast && progress !== undefined && progress().executions > 20) throw new Error("killed");
        return answer;
      };
      const result = await runner.run(task, tellLate);
      now += msBehind;
      return result;
    },
  });
}

/** What is compared: all that a hunt has come to, without places and times. */
function essence({ reports, programs, tried, kept }: HuntResult): unknown {
  const facts = reports.map(({ scenario, executions, steps, corpus, edges, violations }) => {
    const tokens = violations.map(({ token }) => token);
    return { name: scenario.name, executions, steps, corpus, edges, tokens };
  });
  return { facts, programs: [...programs.keys()], tried, kept };
}

function stateIn(out: string): SavedState & { readonly programs: HuntState } {
  const [name] = readdirSync(join(own.folder, out)).filter((file) => file.startsWith("campaign-"));
  return JSON.parse(readFileSync(join(own.folder, out, name!), "utf8")) as never;
}

const filesIn = (out: string): readonly string[] =>
  readdirSync(join(own.folder, out, "programs-6.18")).toSorted();

describe("a hunt that was killed", () => {
  test("comes to the same as one that was not, and announces each finding once", async () => {
    const undisturbed = await hunt(job("undisturbed"));
    const findings = announced.splice(0);
    expect(findings.length).toBeGreaterThan(0);
    expect(new Set(findings).size).toBe(findings.length);

    // Before the finding, and behind it.
    await expect(hunt(job("killed"), mortal(4, 0, 600))).rejects.toThrow("killed");
    const saved = stateIn("killed");
    expect(saved.state).toBe("running");
    expect(saved.programs.merged).toBeGreaterThan(0);
    await expect(hunt(job("killed"), mortal(7, 0, 600))).rejects.toThrow("killed");
    expect(stateIn("killed").programs.findings.length).toBeGreaterThan(0);
    const resumed = await hunt(job("killed"));
    expect(own.said.match(/Going on with the interrupted campaign/g)).toHaveLength(2);
    expect(essence(resumed)).toEqual(essence(undisturbed));
    expect(announced).toEqual(findings);
    expect(filesIn("killed")).toEqual(filesIn("undisturbed"));
    const findingsIn = (out: string): readonly string[] => readdirSync(join(own.folder, out, "findings"));
    expect(findingsIn("killed")).toEqual(findingsIn("undisturbed"));
    expect(stateIn("killed").state).toBe("done");
  }, 300_000);

  test("goes on in the middle of a program that takes long, and counts no execution twice", async () => {
    stepMs = 10;
    const long = job("long", { programs: 2, executions: 400 });
    await expect(hunt(long, mortal(1, 2000, 0))).rejects.toThrow("killed");
    const [task] = stateIn("long").programs.tasks;
    expect(task).toMatchObject({ at: 0, isWhole: false });
    const { executions, schedules } = task!.progress!;
    expect(executions).toBeGreaterThan(0);
    expect(schedules.length).toBeGreaterThan(0);
    const { reports, tried } = await hunt(long);
    expect(tried).toBe(2);
    expect(reports.at(-1)!.executions).toBe(400);
  });

  test("one that has ended begins anew", async () => {
    const small = job("small", { programs: 3, executions: 150 });
    const first = await hunt(small);
    expect(essence(await hunt(small))).toEqual(essence(first));
    expect(own.said).not.toMatch(/Going on/);
  });

  test("a damaged save is put aside, with a word", async () => {
    const small = job("damaged", { programs: 3, executions: 150 });
    await expect(hunt(small, mortal(2, 0, 600))).rejects.toThrow("killed");
    const [name] = readdirSync(join(own.folder, "damaged")).filter((file) => file.endsWith(".json"));
    writeFileSync(
      join(own.folder, "damaged", name!),
      JSON.stringify({ ...stateIn("damaged"), programs: { merged: "x" } }),
    );
    expect((await hunt(small)).tried).toBe(3);
    expect(own.said).toMatch(/The saved campaign was damaged and is now .*\.quarantine; starting anew/);
  });
});

describe("another model", () => {
  test("a saved hunt: kept programs are run again, and stay if they still show something", async () => {
    const old = job("old", { ablate: [] });
    await expect(hunt(old, mortal(6, 0, 600))).rejects.toThrow("killed");
    const saved = stateIn("old");
    const { kept } = saved.programs.plan;
    expect(kept.length).toBeGreaterThan(1);
    const [broken, ...others] = kept;
    const plan = {
      ...saved.programs.plan,
      kept: [{ ...broken!, program: "4.2;??" }, ...others.map((one) => ({ ...one, fingerprint: "0" }))],
    };
    const [name] = readdirSync(join(own.folder, "old")).filter((file) => file.startsWith("campaign-"));
    writeFileSync(
      join(own.folder, "old", name!),
      JSON.stringify({ ...saved, programs: { ...saved.programs, plan } }),
    );
    const resumed = await hunt(old);
    expect(own.said).toMatch(/A kept program cannot be run any more: .* Its packed form: 4\.2;\?\?/);
    expect(own.said).toMatch(
      new RegExp(
        `The model has changed .*: ${others.length} kept programs? of ${kept.length} are to be run again`,
      ),
    );
    expect(resumed.tried).toBe(12 + others.length);
    const now = stateIn("old").programs.plan.kept;
    expect(now.every(({ fingerprint }) => fingerprint !== "0")).toBe(true);
    expect(now.map(({ program }) => program)).toEqual(expect.arrayContaining([others[0]!.program]));
  });
});

test("the command line tells where programs are, and a misspelt guard", async () => {
  mkdirSync(join(own.folder, "told"));
  const run: CommandResult = await mmrace(
    ..."fuzz --programs 2 --executions 100 --ablate zap_pte_range/spin_lock/no_such --json --out".split(" "),
    join(own.folder, "told"),
  );
  expect(run.json).toMatchObject({
    programs: { tried: 2, folder: join(own.folder, "told", "programs-6.18") },
  });
  expect(own.said).toMatch(/--ablate zap_pte_range\/spin_lock\/no_such matched no operation of 2 programs/);
});
