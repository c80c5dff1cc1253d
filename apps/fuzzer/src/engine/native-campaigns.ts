/** The native engine: one campaign per scenario in turn, with corpus directories, Ctrl-C and resuming. */

import { join } from "node:path";
import type { World } from "@mmrace/mm";
import { decodeToken, replayToken, type Scenario, type Violation } from "@mmrace/scheduler";
import type { Change } from "../changes/change.ts";
import { scenarioOfToken } from "../changes/changed-kernels.ts";
import { deadlineOf, type FuzzJob } from "./job.ts";
import { loadCorpus, saveSchedule } from "../corpus/on-disk.ts";
import { Progress } from "../report/progress.ts";
import type { ScenarioReport } from "../report/scenario-report.ts";
import { warn } from "../report/warn.ts";
import { runCampaign } from "./campaign.ts";
import type { Fuzzer } from "./fuzzer.ts";
import {
  dropState,
  loadState,
  saveState,
  stateFile,
  type SavedState,
  type ScenarioState,
} from "./saved-state.ts";

/** The campaigns of one command. */
export class NativeCampaigns {
  readonly #job: FuzzJob;
  readonly #progress = new Progress();
  readonly #stateFile: string;
  #saved: SavedState["scenarios"] = {};
  #isInterrupted = false;

  constructor(job: FuzzJob) {
    this.#job = job;
    // How the result is put out does not make it another campaign.
    const changes = job.changes.map(({ sha256 }) => sha256);
    const settings = {
      ...job.options,
      json: undefined,
      with: changes.length === 0 ? undefined : changes,
      scenarios: job.scenarios.map(({ name }) => name),
    };
    this.#stateFile = stateFile(job.options.out, settings);
  }

  async run(): Promise<readonly ScenarioReport[]> {
    const { state, quarantined } = loadState(this.#stateFile);
    if (quarantined !== undefined)
      warn(`The saved campaign was damaged and is now ${quarantined}; starting anew.`);
    if (state !== undefined) {
      warn(`Going on with the interrupted campaign in ${this.#stateFile}.`);
      this.#saved = state.scenarios;
    }
    const onInterrupt = (): void => {
      this.#isInterrupted = true;
    };
    process.once("SIGINT", onInterrupt);
    try {
      return await this.#runAll();
    } finally {
      process.removeListener("SIGINT", onInterrupt);
    }
  }

  async #runAll(): Promise<readonly ScenarioReport[]> {
    const { scenarios } = this.#job;
    const reports: ScenarioReport[] = [];
    const states: Record<string, ScenarioState> = {};
    for (const [index, scenario] of scenarios.entries()) {
      const fuzzer = await this.#runOne(scenario, deadlineOf(this.#job, index));
      states[scenario.name] = stateOf(fuzzer);
      reports.push(reportOf(scenario, fuzzer, this.#isInterrupted));
    }
    this.#progress.end();
    if (this.#isInterrupted) saveState(this.#stateFile, { schemaVersion: 1, scenarios: states });
    else dropState(this.#stateFile);
    return reports;
  }

  async #runOne(scenario: Scenario<World>, deadlineMs: number): Promise<Fuzzer<World>> {
    const { options, ablations, changes } = this.#job;
    const saved = this.#saved[scenario.name];
    const directory =
      options.corpus === undefined ? undefined : join(options.corpus, `${scenario.name}-${scenario.variant}`);
    const fromDisk = directory === undefined ? { schedules: [], quarantined: [] } : loadCorpus(directory);
    for (const path of fromDisk.quarantined) warn(`A corpus file was damaged: moved to ${path}.`);
    return await runCampaign(scenario, {
      // A resumed campaign must not draw the numbers again that it has used up.
      randomSeed: options.seed + (saved === undefined ? 0 : 1_000_003 * saved.executions),
      strategy: options.strategy,
      ablations,
      changes,
      memory: options.memory,
      stopOnFirst: options.stopOnFirst === true,
      executionsMax: options.executions,
      workers: options.workers,
      deadlineMs,
      seeds: [
        ...fromDisk.schedules,
        ...(saved?.corpus ?? []).map((text) => new Uint8Array(Buffer.from(text, "base64"))),
      ],
      before:
        saved === undefined
          ? undefined
          : {
              ...saved,
              seeds: [],
              findings: saved.findings.flatMap((token) => findingOfToken(token, changes)),
            },
      onSeed: (schedule) => {
        if (directory !== undefined) saveSchedule(directory, schedule);
      },
      onProgress: (fuzzer) => {
        this.#progress.show(() => progressText(scenario, fuzzer, options.executions));
      },
      isInterrupted: () => this.#isInterrupted,
    });
  }
}

function progressText(scenario: Scenario<World>, fuzzer: Fuzzer<World>, executionsMax: number): string {
  const { executions, corpus, findings } = fuzzer;
  const share = `${executions.toLocaleString("en")}/${executionsMax.toLocaleString("en")}`;
  return `${scenario.name} on ${scenario.variant}: ${share} executions, corpus ${corpus.seeds.length}, ${findings.size} found`;
}

function stateOf(fuzzer: Fuzzer<World>): ScenarioState {
  return {
    executions: fuzzer.executions,
    steps: fuzzer.steps,
    corpus: fuzzer.corpus.seeds.map(({ schedule }) => Buffer.from(schedule).toString("base64")),
    findings: [...fuzzer.findings.values()].map(({ token }) => token),
    unreached: [...fuzzer.unreached],
    unmatched: fuzzer.unmatched.map(({ site }) => site),
  };
}

function reportOf(scenario: Scenario<World>, fuzzer: Fuzzer<World>, isInterrupted: boolean): ScenarioReport {
  return {
    scenario,
    executions: fuzzer.executions,
    steps: fuzzer.steps,
    corpus: fuzzer.corpus.seeds.length,
    edges: fuzzer.novelty.edges(),
    violations: [...fuzzer.findings.values()],
    unreached: fuzzer.unreached,
    unmatched: isInterrupted ? [] : fuzzer.unmatched,
    isInterrupted,
    isSaved: isInterrupted,
  };
}

/** The finding that a saved token shows; nothing when the model has changed since. */
function findingOfToken(token: string, changes: readonly Change[]): readonly Violation[] {
  const content = decodeToken(token);
  const replayed = replayToken(scenarioOfToken(content, changes), content);
  return replayed.kind === "reproduced" ? [replayed.violation] : [];
}
