/** The native engine: one campaign per scenario in turn, with corpus directories, Ctrl-C and resuming. */

import { join } from "node:path";
import type { World } from "@mmrace/mm";
import type { Scenario } from "@mmrace/scheduler";
import { deadlineOf, type FuzzJob } from "./job.ts";
import { saveSchedule } from "../corpus/on-disk.ts";
import { corpusFolder, openCorpus } from "../corpus/open-corpus.ts";
import { CampaignStatus, type Standing } from "../report/campaign-status.ts";
import { scenarioReport, type ScenarioReport } from "../report/scenario-report.ts";
import { warn } from "../report/warn.ts";
import { runCampaign, type CampaignProgress } from "./campaign.ts";
import { CampaignJournal } from "./campaign-journal.ts";
import type { Fuzzer, FuzzerOptions } from "./fuzzer.ts";
import { onInterrupt } from "./interrupts.ts";
import { roundOf, schedulesOf } from "./resumed.ts";
import type { RoundRunner } from "./worker-pool.ts";

/** Makes whoever runs a scenario's rounds, if that is not this process. */
export type Others = (scenario: Scenario<World>, options: FuzzerOptions, deadlineMs: number) => RoundRunner;

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
    this.#status = new CampaignStatus(
      job.scenarios.length,
      job.options.events === true ? putEvent : undefined,
    );
    this.#journal = new CampaignJournal(job, (violation, directory) =>
      this.#status.found(violation, directory),
    );
  }

  async run(): Promise<readonly ScenarioReport[]> {
    const forget = onInterrupt(() => (this.#isInterrupted = true));
    try {
      return await this.#runAll();
    } finally {
      forget();
    }
  }

  async #runAll(): Promise<readonly ScenarioReport[]> {
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
    const trouble = this.#journal.close(this.#isInterrupted);
    if (trouble === undefined) return reports;
    warn(`The campaign is not saved. ${trouble}`);
    return reports.map((report) => ({ ...report, isSaved: false }));
  }

  async #runOne(scenario: Scenario<World>, deadlineMs: number): Promise<Fuzzer<World>> {
    const { options, ablations, changes } = this.#job;
    const saved = this.#journal.before(scenario);
    const directory = options.corpus === undefined ? undefined : join(options.corpus, corpusFolder(scenario));
    const { memory } = options;
    const fromDisk = directory === undefined ? [] : openCorpus(directory, scenario, { ablations, memory });
    const fuzzerOptions: FuzzerOptions = {
      // A resumed campaign must not draw the numbers again that it has used up.
      randomSeed: options.seed + (saved === undefined ? 0 : 1_000_003 * saved.executions),
      strategy: options.strategy,
      ablations,
      memory,
      stopOnFirst: options.stopOnFirst === true,
    };
    return await runCampaign(scenario, {
      ...fuzzerOptions,
      changes,
      others: this.#others?.(scenario, fuzzerOptions, deadlineMs),
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
