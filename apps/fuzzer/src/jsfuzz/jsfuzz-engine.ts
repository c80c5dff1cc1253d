/**
 * The jsfuzz engine: the real jsfuzz package makes the inputs, our bundled target runs them as schedules. jsfuzz ends at
 * its first crash, so it is started again, with what is known so far, until the budget is spent.
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { World } from "@mmrace/mm";
import type { Scenario } from "@mmrace/scheduler";
import { deadlineOf, type FuzzJob } from "../engine/job.ts";
import { nowMs } from "../clock.ts";
import { bytesOf } from "../corpus/base64.ts";
import { seedAfter } from "../engine/random-seeds.ts";
import { saveSchedule } from "../corpus/on-disk.ts";
import { corpusFolder, openCorpus } from "../corpus/open-corpus.ts";
import { CampaignJournal } from "../engine/campaign-journal.ts";
import { Fuzzer } from "../engine/fuzzer.ts";
import { roundOf } from "../engine/resumed.ts";
import { scenarioReport, type ScenarioReport } from "../report/scenario-report.ts";
import { warn } from "../report/warn.ts";
import { runJsfuzzProcess, WorkerKilled } from "./jsfuzz-process.ts";
import type { TargetReport } from "./protocol.ts";

/** Workers that are killed one after the other before that is an error. */
const KILLED_MAX = 3;

/** Runs the campaigns of a command, one scenario after the other. */
export async function runJsfuzz(job: FuzzJob): Promise<readonly ScenarioReport[]> {
  const workDirectory = mkdtempSync(join(tmpdir(), "mmrace-jsfuzz-"));
  const journal = new CampaignJournal(job, ({ oracle, message }, directory) =>
    warn(`Found ${oracle}: ${message} (${directory})`),
  );
  try {
    const reports: ScenarioReport[] = [];
    for (const [index, scenario] of job.scenarios.entries()) {
      const isInterrupted = reports.some((report) => report.isInterrupted);
      const campaign = new JsfuzzCampaign(job, scenario, journal, workDirectory);
      reports.push(await campaign.run(isInterrupted ? -Infinity : deadlineOf(job, index)));
    }
    const isInterrupted = reports.some((report) => report.isInterrupted);
    const trouble = journal.close(isInterrupted);
    if (trouble !== undefined) warn(`The campaign is not saved. ${trouble}`);
    return trouble === undefined ? reports : reports.map((report) => ({ ...report, isSaved: false }));
  } finally {
    rmSync(workDirectory, { recursive: true, force: true });
  }
}

/** One scenario's campaign. */
class JsfuzzCampaign {
  readonly #job: FuzzJob;
  readonly #scenario: Scenario<World>;
  readonly #journal: CampaignJournal;
  readonly #workDirectory: string;
  /** Knows what all processes together have shown. */
  readonly #triage: Fuzzer<World>;
  /** Processes so far; each gets a random seed of its own. */
  #processes = 0;
  /** Those that were killed since one ended by itself. */
  #killed = 0;

  constructor(job: FuzzJob, scenario: Scenario<World>, journal: CampaignJournal, workDirectory: string) {
    const { options, ablations } = job;
    this.#job = job;
    this.#scenario = scenario;
    this.#journal = journal;
    this.#workDirectory = workDirectory;
    this.#triage = new Fuzzer(scenario, {
      randomSeed: options.seed,
      strategy: "coverage",
      ablations,
      memory: options.memory,
      stopOnFirst: false,
    });
    const before = journal.before(scenario);
    if (before !== undefined) this.#triage.absorb(roundOf(before, []));
  }

  async run(deadlineMs: number): Promise<ScenarioReport> {
    const { options } = this.#job;
    const corpus = corpusDirectory(this.#job, this.#scenario);
    this.#journal.begin(this.#scenario);
    let end: TargetReport["end"] = deadlineMs === -Infinity ? "interrupted" : "violation";
    while (end === "violation" && this.#triage.executions < options.executions) {
      end = await this.#runWatched(corpus, deadlineMs);
      this.#journal.note(this.#scenario, { fuzzer: this.#triage, partial: [] });
      if (options.stopOnFirst === true && this.#triage.findings.size > 0) break;
    }
    this.#journal.end(this.#scenario, this.#triage);
    return scenarioReport(this.#scenario, this.#triage, end === "interrupted");
  }

  /** jsfuzz takes a worker that was killed from outside for a finding. It is none, and the campaign goes on. */
  async #runWatched(corpus: string | undefined, deadlineMs: number): Promise<TargetReport["end"]> {
    try {
      const end = await this.#runProcess(corpus, deadlineMs);
      this.#killed = 0;
      return end;
    } catch (error) {
      if (!(error instanceof WorkerKilled) || ++this.#killed === KILLED_MAX) throw error;
      warn(`${error.message} Starting another.`);
      return "violation";
    }
  }

  /** Runs jsfuzz until its target stops it, and takes in what it did. @returns why it stopped. */
  async #runProcess(corpus: string | undefined, deadlineMs: number): Promise<TargetReport["end"]> {
    const { options } = this.#job;
    const triage = this.#triage;
    const settings = {
      scenario: this.#scenario.name,
      kernel: this.#scenario.variant ?? "",
      ablations: options.ablate,
      memory: options.memory,
      known: [...triage.findings.keys()],
      executionsMax: options.executions - triage.executions,
      ...(deadlineMs === Infinity ? {} : { timeMs: Math.max(deadlineMs - nowMs(), 0) }),
    };
    const before = this.#journal.before(this.#scenario)?.executions ?? 0;
    const report = await runJsfuzzProcess(settings, {
      workDirectory: this.#workDirectory,
      corpus,
      randomSeed: seedAfter(options.seed + this.#processes++, before),
    });
    const { end, input = "", failure } = report;
    if (end === "violation") {
      file(triage, input);
      // jsfuzz itself does not keep what crashes.
      if (corpus !== undefined) this.#journal.attempt(() => saveSchedule(corpus, bytesOf(input)));
    }
    triage.absorb({ ...report, seeds: report.kept.map(bytesOf), findings: [] });
    if (end !== "failure") return end;
    this.#journal.end(this.#scenario, triage);
    throw new Error(`the target of jsfuzz failed with the input ${input} (base64): ${failure}`);
  }
}

/** Confirms a finding of jsfuzz in this process and minimizes it; that is no execution of the campaign. */
function file(triage: Fuzzer<World>, input: string): void {
  const { executions, steps } = triage;
  const before = triage.findings.size;
  triage.replay(bytesOf(input));
  if (triage.findings.size === before)
    throw new Error("a finding of jsfuzz did not show again in this process");
  triage.executions = executions;
  triage.steps = steps;
}

function corpusDirectory({ options, ablations }: FuzzJob, scenario: Scenario<World>): string | undefined {
  if (options.corpus === undefined) return undefined;
  const directory = resolve(options.corpus, corpusFolder(scenario));
  mkdirSync(directory, { recursive: true });
  // jsfuzz would take damaged files for seeds.
  openCorpus(directory, scenario, { ablations, memory: options.memory });
  return directory;
}
