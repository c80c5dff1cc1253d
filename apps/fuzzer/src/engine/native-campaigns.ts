/** The native engine: one campaign per scenario in turn, with corpus directories, Ctrl-C and resuming. */

import { join } from "node:path";
import type { World } from "@mmrace/mm";
import type { Scenario } from "@mmrace/scheduler";
import { campaignsOf, deadlineOf, type FuzzJob } from "./job.ts";
import { saveSchedule } from "../corpus/on-disk.ts";
import { corpusFolder, openCorpus } from "../corpus/open-corpus.ts";
import type { HuntResult } from "../programs/hunt-result.ts";
import { NEWEST } from "../programs/newest.ts";
import { ProgramHunt } from "../programs/program-hunt.ts";
import { programRunners } from "../programs/program-runners.ts";
import type { HuntSettings, ProgramRunner } from "../programs/program-task.ts";
import { kernelOf } from "../programs/run-task.ts";
import { CampaignStatus, type Standing } from "../report/campaign-status.ts";
import { scenarioReport, type ScenarioReport } from "../report/scenario-report.ts";
import { warn } from "../report/warn.ts";
import { runCampaign, type CampaignProgress } from "./campaign.ts";
import { CampaignJournal } from "./campaign-journal.ts";
import type { Fuzzer, FuzzerOptions } from "./fuzzer.ts";
import { onInterrupt } from "./interrupts.ts";
import { seedAfter } from "./random-seeds.ts";
import { roundOf, schedulesOf } from "./resumed.ts";
import type { RoundRunner } from "./worker-pool.ts";

/** Makes whoever does the work, if that is not this process. */
export interface Others {
  rounds(scenario: Scenario<World>, options: FuzzerOptions, deadlineMs: number): RoundRunner;
  programs(settings: HuntSettings): readonly ProgramRunner[];
}

/** What the campaigns of a command came to. */
export interface CampaignsResult {
  readonly reports: readonly ScenarioReport[];
  /** Of generated programs, if there were any. */
  readonly hunted?: HuntResult | undefined;
}

/** The campaigns of one command. */
export class NativeCampaigns {
  readonly #job: FuzzJob;
  readonly #others: Others | undefined;
  readonly #journal: CampaignJournal;
  readonly #status: CampaignStatus;
  #isInterrupted = false;

  constructor(job: FuzzJob, others?: Others) {
    this.#job = job;
    this.#others = others;
    this.#status = new CampaignStatus(campaignsOf(job), job.options.events === true ? putEvent : undefined);
    this.#journal = new CampaignJournal(job, (violation, directory) =>
      this.#status.found(violation, directory),
    );
  }

  async run(): Promise<CampaignsResult> {
    const forget = onInterrupt(() => (this.#isInterrupted = true));
    try {
      return await this.#runAll();
    } finally {
      forget();
    }
  }

  async #runAll(): Promise<CampaignsResult> {
    const { scenarios } = this.#job;
    const reports: ScenarioReport[] = [];
    for (const [index, scenario] of scenarios.entries()) {
      this.#journal.begin(scenario);
      this.#status.begin(scenario.name, scenario.variant ?? "");
      const fuzzer = await this.#runOne(scenario, deadlineOf(this.#job, index));
      this.#journal.end(scenario, fuzzer);
      this.#status.end(this.#standing(scenario, { fuzzer, partial: [], paces: [] }));
      reports.push(scenarioReport(scenario, fuzzer, this.#isInterrupted));
    }
    // Who was interrupted before goes on there first.
    const hunted = this.#isInterrupted ? undefined : await this.#hunt();
    const trouble = this.#journal.close(this.#isInterrupted);
    const all = [...reports, ...(hunted?.reports ?? [])];
    if (trouble === undefined) return { reports: all, hunted };
    warn(`The campaign is not saved. ${trouble}`);
    return { reports: all.map((report) => ({ ...report, isSaved: false })), hunted };
  }

  /** Hunts generated programs, if there are to be any. */
  async #hunt(): Promise<HuntResult | undefined> {
    const { options, changes } = this.#job;
    if (options.programs === undefined) return undefined;
    const settings: HuntSettings = {
      release: options.kernel ?? NEWEST,
      changes,
      strategy: options.strategy,
      ablations: options.ablate,
      memory: options.memory,
      stopOnFirst: options.stopOnFirst === true,
    };
    const hunt = new ProgramHunt(this.#job, kernelOf(settings), settings, {
      journal: this.#journal,
      status: this.#status,
      isInterrupted: () => this.#isInterrupted,
    });
    return await hunt.run(this.#others?.programs(settings) ?? programRunners(settings, options.workers));
  }

  async #runOne(scenario: Scenario<World>, deadlineMs: number): Promise<Fuzzer<World>> {
    const { options, ablations, changes } = this.#job;
    const saved = this.#journal.before(scenario);
    const directory = options.corpus === undefined ? undefined : join(options.corpus, corpusFolder(scenario));
    const { memory } = options;
    const fromDisk = directory === undefined ? [] : openCorpus(directory, scenario, { ablations, memory });
    const fuzzerOptions: FuzzerOptions = {
      randomSeed: seedAfter(options.seed, saved?.executions ?? 0),
      strategy: options.strategy,
      ablations,
      memory,
      stopOnFirst: options.stopOnFirst === true,
    };
    return await runCampaign(scenario, {
      ...fuzzerOptions,
      changes,
      others: this.#others?.rounds(scenario, fuzzerOptions, deadlineMs),
      executionsMax: options.executions,
      workers: options.workers,
      deadlineMs,
      seeds: [
        ...fromDisk.map(({ schedule }) => schedule),
        ...(saved === undefined ? [] : schedulesOf(saved)),
      ],
      before: saved === undefined ? undefined : { ...roundOf(saved, changes), seeds: [] },
      onSeed: (schedule) => {
        if (directory !== undefined) this.#journal.attempt(() => saveSchedule(directory, schedule));
      },
      onFound: (fuzzer, schedule) => this.#journal.noteFound(scenario, fuzzer, schedule),
      pauseAt: () => this.#journal.nextPoint,
      onProgress: (progress) => {
        this.#journal.note(scenario, progress);
        this.#status.note(() => this.#standing(scenario, progress));
      },
      isInterrupted: () => this.#isInterrupted,
    });
  }

  #standing(scenario: Scenario<World>, { fuzzer, partial, paces }: CampaignProgress): Standing {
    const { executions, steps, corpus, novelty, findings } = fuzzer;
    const signatures = partial.flatMap((one) => one.findings.map(({ signature }) => signature));
    return {
      scenario: scenario.name,
      kernel: scenario.variant ?? "",
      executions: partial.reduce((sum, one) => sum + one.executions, executions),
      executionsMax: this.#job.options.executions,
      steps: partial.reduce((sum, one) => sum + one.steps, steps),
      corpus: corpus.seeds.length,
      features: novelty.edges(),
      findings: new Set([...findings.keys(), ...signatures]).size,
      workers: paces,
    };
  }
}

/** One JSON object per line, on standard error. */
function putEvent(event: Readonly<Record<string, unknown>>): void {
  process.stderr.write(`${JSON.stringify(event)}\n`);
}
