/** The journal of a campaign: never more than a second behind, whatever happens to its files. Time is what the test says. */

import { existsSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { scenarioFamily } from "@mmrace/mm";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { CampaignJournal } from "../../src/engine/campaign-journal.ts";
import { isFileError } from "../../src/engine/file-trouble.ts";
import { Fuzzer } from "../../src/engine/fuzzer.ts";
import { nextPointAfter } from "../../src/engine/growth.ts";
import type { FuzzJob } from "../../src/engine/job.ts";
import { schedulesOf } from "../../src/engine/resumed.ts";
import type { SavedState } from "../../src/engine/saved-state.ts";
import { ownFolder } from "../own-folder.ts";

let now = 0;
vi.mock("../../src/clock.ts", () => ({ nowMs: () => now, ageMs: (at: number) => Date.now() - at }));

const scenario = scenarioFamily("mremap-vs-retract").on("6.11");
const own = ownFolder("journal");
beforeEach(() => {
  now = 0;
});

function job(directory = own.folder): FuzzJob {
  const options = {
    engine: "native",
    strategy: "coverage",
    executions: 1000,
    workers: 1,
    seed: 1,
    out: directory,
    ablate: [],
    with: [],
    program: [],
    memory: "sc",
  } as const;
  return { scenarios: [scenario], ablations: [], changes: [], options, deadlineMs: Infinity };
}

function newFuzzer(): Fuzzer<never> {
  return new Fuzzer(scenario, {
    randomSeed: 1,
    strategy: "coverage",
    ablations: [],
    memory: "sc",
    stopOnFirst: false,
  }) as unknown as Fuzzer<never>;
}

const stateIn = (file: string): SavedState => JSON.parse(readFileSync(file, "utf8")) as SavedState;

test("what is on disk is never older than a second, and always whole", () => {
  const journal = new CampaignJournal(job());
  journal.begin(scenario);
  const fuzzer = newFuzzer();
  const history: { readonly atMs: number; readonly executions: number }[] = [];
  for (now = 0; now < 5000; now += 50) {
    fuzzer.run(3);
    journal.note(scenario, { fuzzer: fuzzer as never, partial: [] });
    history.push({ atMs: now, executions: fuzzer.executions });
    // If the process ended here:
    const saved = stateIn(journal.file);
    const aSecondAgo = history.findLast(({ atMs }) => atMs <= now - 1000)?.executions ?? 0;
    expect(saved.scenarios[scenario.name]?.executions ?? 0).toBeGreaterThanOrEqual(aSecondAgo);
    expect(saved.state).toBe("running");
  }
  journal.end(scenario, fuzzer as never);
  expect(journal.close(false)).toBeUndefined();
  const { state, scenarios } = stateIn(journal.file);
  expect(state).toBe("done");
  const { growth, executions, corpus } = scenarios[scenario.name]!;
  expect(executions).toBe(300);
  expect(growth.at(-1)).toMatchObject({ executions: 300, corpus: corpus.length, findings: 1 });
  for (const [at, point] of growth.slice(1, -1).entries())
    expect(point.executions).toBeGreaterThanOrEqual(nextPointAfter(growth[at]!.executions));
});

test("what workers have done in a round that is not over is on disk too", () => {
  const journal = new CampaignJournal(job());
  journal.begin(scenario);
  const fuzzer = newFuzzer();
  fuzzer.run(60);
  const finding = [...fuzzer.findings.values()][0]!;
  const partial = [3, 4].map((executions) => ({
    executions,
    steps: 100,
    seeds: [new Uint8Array([executions])],
    findings: [{ ...finding, signature: `found by ${executions}`, token: `token ${executions}` }],
    unreached: [],
    unmatched: [],
  }));
  now = 1000;
  journal.note(scenario, { fuzzer: fuzzer as never, partial });
  const saved = stateIn(journal.file).scenarios[scenario.name]!;
  expect(saved).toMatchObject({ executions: 67, steps: fuzzer.steps + 200 });
  expect(saved.corpus.slice(-2)).toEqual(["Aw==", "BA=="]);
  expect(saved.findings).toEqual([finding.token, "token 3", "token 4"]);
});

test("a finding that is being made small is on disk as the schedule that shows it", () => {
  const journal = new CampaignJournal(job());
  journal.begin(scenario);
  const fuzzer = newFuzzer();
  const shown: (readonly string[])[] = [];
  fuzzer.onFound = (schedule) => {
    expect(fuzzer.findings.size).toBe(0);
    journal.noteFound(scenario, fuzzer as never, schedule);
    // If the process ended here:
    const again = newFuzzer();
    for (const one of schedulesOf(stateIn(journal.file).scenarios[scenario.name]!)) again.replay(one);
    shown.push([...again.findings.keys()]);
  };
  fuzzer.run(60);
  expect(shown).toEqual([[...fuzzer.findings.keys()]]);
});

test("points of growth are few, however long a campaign runs", () => {
  let points = 0;
  for (let executions = 0; executions < 1e9; executions = nextPointAfter(executions)) points++;
  expect(points).toBeLessThan(400);
});

describe("going on", () => {
  /** Leaves a campaign as a process leaves it that is killed. */
  function killed(): string {
    const journal = new CampaignJournal(job());
    journal.begin(scenario);
    const fuzzer = newFuzzer();
    fuzzer.run(50);
    now += 1000;
    journal.note(scenario, { fuzzer: fuzzer as never, partial: [] });
    return journal.file;
  }

  test("a campaign that was killed goes on, and its findings are not announced again", () => {
    const found: string[] = [];
    killed();
    const journal = new CampaignJournal(job(), ({ oracle }) => void found.push(oracle));
    expect(own.said).toMatch(/Going on with the interrupted campaign/);
    expect(journal.before(scenario)).toMatchObject({ executions: 50 });
    journal.begin(scenario);
    const fuzzer = newFuzzer();
    fuzzer.run(60);
    journal.note(scenario, { fuzzer: fuzzer as never, partial: [] });
    expect(found).toEqual([]);
  });

  test("one that has ended begins anew", () => {
    const journal = new CampaignJournal(job());
    journal.close(false);
    expect(new CampaignJournal(job()).before(scenario)).toBeUndefined();
    expect(own.said).toBe("");
  });

  test("one that another process runs is left alone, unless that has long been silent", () => {
    const file = killed();
    // Our parent is certainly alive.
    writeFileSync(file, JSON.stringify({ ...stateIn(file), pid: process.ppid }));
    expect(() => new CampaignJournal(job())).toThrow(
      new RegExp(`Process ${process.ppid} runs this campaign already`),
    );
    utimesSync(file, new Date(0), new Date(0));
    expect(new CampaignJournal(job()).before(scenario)).toMatchObject({ executions: 50 });
  });
});

describe("trouble with files", () => {
  /** Makes every write of the journal's file fail as on a full disk. */
  function fillDisk(file: string): void {
    mkdirSync(dirname(file), { recursive: true });
    symlinkSync("/dev/full", `${file}.part`);
  }

  test.skipIf(!existsSync("/dev/full"))("a disk that is full at the start is an error", () => {
    const { file } = new CampaignJournal(job());
    fillDisk(file);
    expect.assertions(2);
    try {
      new CampaignJournal(job()).begin(scenario);
    } catch (error) {
      expect(isFileError(error)).toBe(true);
      expect(error).toMatchObject({ code: "ENOSPC", path: file });
    }
  });

  test.skipIf(!existsSync("/dev/full"))("one that becomes full does not end the campaign", () => {
    const journal = new CampaignJournal(job());
    journal.begin(scenario);
    const fuzzer = newFuzzer();
    for (let i = 0; i < 3; i++) {
      now += 1000;
      fillDisk(journal.file);
      fuzzer.run(10);
      journal.note(scenario, { fuzzer: fuzzer as never, partial: [] });
    }
    expect(own.said.match(/cannot be saved/g)).toHaveLength(1);
    expect(own.said).toMatch(/cannot be saved, and goes on\. The file .* the disk is full\. Make room/);
    journal.end(scenario, fuzzer as never);
    // There is room again.
    expect(journal.close(false)).toBeUndefined();
    expect(stateIn(journal.file).scenarios[scenario.name]).toMatchObject({ executions: 30 });
  });

  test("a file where a directory should be is an error at the start", () => {
    const file = join(own.folder, "file");
    writeFileSync(file, "");
    expect(() => new CampaignJournal(job(join(file, "campaign")))).toThrow(/ENOTDIR|EEXIST/);
  });
});
