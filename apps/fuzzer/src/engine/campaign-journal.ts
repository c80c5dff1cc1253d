/**
 * Keeps a command's campaigns on disk while they run, so that neither Ctrl-C nor an end without warning loses more than
 * the last second, and what they have found.
 */

import { statSync } from "node:fs";
import type { World } from "@mmrace/mm";
import { UsageError, type Scenario, type Violation } from "@mmrace/scheduler";
import { ageMs, nowMs } from "../clock.ts";
import { base64Of } from "../corpus/base64.ts";
import { saveFinding } from "../report/finding-directory.ts";
import { warn } from "../report/warn.ts";
import type { HuntState } from "../programs/hunt-state.ts";
import { fileTrouble, isFileError } from "./file-trouble.ts";
import type { CampaignProgress } from "./campaign.ts";
import type { Fuzzer, RoundResult } from "./fuzzer.ts";
import { Growth } from "./growth.ts";
import type { FuzzJob } from "./job.ts";
import { loadState, saveState, stateFile, type SavedState, type ScenarioState } from "./saved-state.ts";

/** How often the state is written. With what runs between two looks at the clock, it stays within a second. */
const SAVE_EVERY_MS = 500;
/** A running campaign whose file has not changed for so long is not running any more. */
const SILENT_MS = 5000;

/** The journal of one command. */
export class CampaignJournal {
  readonly file: string;
  readonly #job: FuzzJob;
  readonly #onFinding: (violation: Violation, directory: string) => void;
  readonly #state: SavedState;
  /** What was saved before this process came. */
  readonly #before: SavedState["scenarios"];
  readonly #huntBefore: HuntState | undefined;
  /** Signatures that have been written, by scenario. */
  readonly #written = new Map<string, Set<string>>();
  #growth = new Growth();
  #startMs = nowMs();
  #savedMs = nowMs();
  #trouble: string | undefined;

  /**
   * @param onFinding called for each finding that was not known before, with its directory.
   * @throws {UsageError} when another process runs the campaign. An error of the file system, when nothing can be saved.
   */
  constructor(job: FuzzJob, onFinding: (violation: Violation, directory: string) => void = () => {}) {
    const { options, changes } = job;
    this.#job = job;
    this.#onFinding = onFinding;
    // How the result is put out, and shown, and where the queue is, does not make it another campaign.
    const settings = {
      ...options,
      json: undefined,
      events: undefined,
      with: changes.length === 0 ? undefined : changes.map(({ sha256 }) => sha256),
      queue: options.queue === undefined ? undefined : true,
      scenarios: job.scenarios.map(({ name }) => name),
    };
    this.file = stateFile(options.out, "campaign", settings);
    const before = this.#load();
    this.#before = before?.scenarios ?? {};
    this.#huntBefore = before?.programs;
    this.#state = {
      schemaVersion: 2,
      state: "running",
      pid: process.pid,
      settings: {
        strategy: options.strategy,
        memory: options.memory,
        ablations: [...options.ablate],
        seed: options.seed,
        workers: options.workers,
      },
      scenarios: { ...this.#before },
      programs: this.#huntBefore,
    };
    // At once: a directory that cannot be written must not become known at the end.
    saveState(this.file, this.#state);
  }

  #load(): SavedState | undefined {
    const { state, quarantined } = loadState(this.file);
    if (quarantined !== undefined)
      warn(`The saved campaign was damaged and is now ${quarantined}; starting anew.`);
    if (state === undefined || state.state === "done") return undefined;
    if (state.state === "running" && isAlive(state.pid) && ageMs(statSync(this.file).mtimeMs) < SILENT_MS) {
      throw new UsageError(
        `Process ${state.pid} runs this campaign already, in ${this.#job.options.out}. Wait for it, or name another ` +
          "directory with --out, or another random seed with --seed.",
      );
    }
    warn(`Going on with the interrupted campaign in ${this.file}.`);
    return state;
  }

  /** What is known of a scenario from before. */
  before({ name }: Scenario<World>): ScenarioState | undefined {
    return this.#before[name];
  }

  /** What is known of the hunt from before. */
  get huntBefore(): HuntState | undefined {
    return this.#huntBefore;
  }

  /** Called every now and then while programs are hunted. @param isUrgent to be written at once. */
  noteHunt(state: () => HuntState, isUrgent: boolean): void {
    if (!isUrgent && !this.#isDue) return;
    this.#state.programs = state();
    this.#write();
  }

  /** The next scenario's campaign begins. */
  begin({ name }: Scenario<World>): void {
    this.#growth = new Growth(this.#before[name]?.growth);
    this.#startMs = nowMs();
  }

  /** Executions after which a point of the growth curve is due. */
  get nextPoint(): number {
    return this.#growth.next;
  }

  /** Called every now and then while a campaign runs: writes what is due. */
  note(scenario: Scenario<World>, { fuzzer, partial }: Pick<CampaignProgress, "fuzzer" | "partial">): void {
    this.#growth.note(fuzzer.executions, () => this.#pointOf(scenario, fuzzer));
    this.attempt(() => this.#writeFindings(scenario, fuzzer));
    if (!this.#isDue) return;
    this.#keep(scenario, fuzzer, partial);
    this.#write();
  }

  /** A finding is about to be made small. Until it is, its schedule stands for it: who replays that comes to it again. */
  noteFound(scenario: Scenario<World>, fuzzer: Fuzzer<World>, schedule: Uint8Array): void {
    this.#keep(scenario, fuzzer, [], [schedule]);
    this.#write();
  }

  get #isDue(): boolean {
    return nowMs() - this.#savedMs >= SAVE_EVERY_MS;
  }

  #write(): void {
    this.#savedMs = nowMs();
    this.attempt(() => saveState(this.file, this.#state));
  }

  /** The campaign on a scenario has ended. */
  end(scenario: Scenario<World>, fuzzer: Fuzzer<World>): void {
    this.#growth.end(fuzzer.executions, () => this.#pointOf(scenario, fuzzer));
    this.attempt(() => this.#writeFindings(scenario, fuzzer));
    this.#keep(scenario, fuzzer, []);
  }

  /** All have ended. @returns why they could not be saved, if so. */
  close(isInterrupted: boolean): string | undefined {
    this.#state.state = isInterrupted ? "interrupted" : "done";
    this.#trouble = undefined;
    this.attempt(() => saveState(this.file, this.#state));
    return this.#trouble;
  }

  /** What workers have done in a round that is not over yet is kept too: it would be lost with the process. */
  #keep(
    scenario: Scenario<World>,
    fuzzer: Fuzzer<World>,
    partial: readonly RoundResult[],
    more: readonly Uint8Array[] = [],
  ): void {
    const { corpus, findings } = fuzzer;
    const schedules = [
      ...corpus.seeds.map(({ schedule }) => schedule),
      ...partial.flatMap(({ seeds }) => seeds),
      ...more,
    ];
    const found = [...findings.values(), ...partial.flatMap((one) => one.findings)];
    this.#state.scenarios[scenario.name] = {
      kernel: scenario.variant ?? "",
      parameters: { ...scenario.parameters },
      executions: partial.reduce((sum, { executions }) => sum + executions, fuzzer.executions),
      steps: partial.reduce((sum, { steps }) => sum + steps, fuzzer.steps),
      seconds: this.#seconds(scenario),
      corpus: schedules.map(base64Of),
      findings: found.map(({ token }) => token),
      unreached: [...fuzzer.unreached],
      unmatched: fuzzer.unmatched.map(({ site }) => site),
      growth: this.#growth.points,
    };
  }

  #seconds({ name }: Scenario<World>): number {
    const before = this.#before[name]?.seconds ?? 0;
    return Math.round((before + (nowMs() - this.#startMs) / 1000) * 1000) / 1000;
  }

  #pointOf(
    scenario: Scenario<World>,
    { novelty, corpus, findings }: Fuzzer<World>,
  ): Omit<ScenarioState["growth"][number], "executions"> {
    return {
      seconds: this.#seconds(scenario),
      features: novelty.edges(),
      corpus: corpus.seeds.length,
      findings: findings.size,
    };
  }

  #writeFindings(scenario: Scenario<World>, { findings }: Fuzzer<World>): void {
    const written = this.#written.get(scenario.name) ?? new Set();
    this.#written.set(scenario.name, written);
    if (written.size === findings.size) return;
    for (const [signature, violation] of findings) {
      if (written.has(signature)) continue;
      const directory = saveFinding(this.#job.options.out, scenario, violation);
      written.add(signature);
      if (this.#before[scenario.name]?.findings.includes(violation.token) !== true)
        this.#onFinding(violation, directory);
    }
  }

  /** A disk that is full in the middle of a campaign must not end it: it is said once, and tried again. */
  attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!isFileError(error)) throw error;
      const isFirst = this.#trouble === undefined;
      this.#trouble = fileTrouble(error);
      if (isFirst) warn(`The campaign cannot be saved, and goes on. ${this.#trouble}`);
    }
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process is one, too.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
