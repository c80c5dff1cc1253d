/**
 * Campaigns over programs that nobody wrote: each is generated, or made from those that have shown something new, and gets a
 * share of the executions. What is hunted depends on the random seed, and not on who runs it or who is done first.
 */

import type { Kernel } from "@mmrace/mm";
import { unpackProgram } from "@mmrace/mm/programs";
import { decodeToken, type Violation } from "@mmrace/scheduler";
import { scenarioOfToken } from "../changes/changed-kernels.ts";
import { nowMs, pause } from "../clock.ts";
import type { CampaignJournal } from "../engine/campaign-journal.ts";
import { Growth } from "../engine/growth.ts";
import type { FuzzJob } from "../engine/job.ts";
import type { CampaignStatus, Standing } from "../report/campaign-status.ts";
import { saveFinding } from "../report/finding-directory.ts";
import { counted } from "../report/violation-text.ts";
import { warn } from "../report/warn.ts";
import { HuntLedger, type Counted } from "./hunt-ledger.ts";
import { migrated, seedsOf } from "./hunt-migration.ts";
import { HuntPlan, type Planned } from "./hunt-plan.ts";
import { huntResult, type HuntResult } from "./hunt-result.ts";
import type { HuntState } from "./hunt-state.ts";
import { fingerprintOfProgram, programFolder, type ProgramFolder } from "./program-folder.ts";
import { finished } from "./run-task.ts";
import type { HuntSettings, ProgramRunner, ProgramTask } from "./program-task.ts";

/** Executions that a program gets at least. */
const SHARE_LEAST = 50;
/** Programs under way at a time, at least: so up to half as many workers come to the same. */
const WINDOW_LEAST = 16;
/** How often it is looked how far a program is. */
const TELL_EVERY_MS = 150;
/** Between two looks whether the next program can be made. */
const LOOK_EVERY_MS = 2;

/** How many programs are under way at a time: enough that nobody waits for one that takes long. */
export function windowOf(workers: number): number {
  return Math.max(WINDOW_LEAST, 2 * workers);
}

/** What a hunt is told, and tells. */
export interface HuntPlaces {
  readonly journal: CampaignJournal;
  readonly status: CampaignStatus;
  /** Whether Ctrl-C was pressed. */
  readonly isInterrupted: () => boolean;
}

/** The hunt of one command. */
export class ProgramHunt {
  readonly #job: FuzzJob;
  readonly #kernel: Kernel;
  readonly #settings: HuntSettings;
  readonly #places: HuntPlaces;
  readonly #share: number;
  readonly #folder: ProgramFolder;
  readonly #ledger = new HuntLedger();
  readonly #plan: HuntPlan;
  readonly #growth: Growth;
  readonly #paces: number[] = [];
  readonly #startMs = nowMs();
  readonly #secondsBefore: number;
  /** Programs to go on with. */
  readonly #unfinished: ProgramTask[];
  #hasFailed = false;

  constructor(job: FuzzJob, kernel: Kernel, settings: HuntSettings, places: HuntPlaces) {
    const { options } = job;
    this.#job = job;
    this.#kernel = kernel;
    this.#settings = settings;
    this.#places = places;
    const count = options.programs ?? 0;
    this.#share = Math.max(SHARE_LEAST, Math.ceil(options.executions / count));
    this.#folder = programFolder(options.corpus ?? options.out, kernel);
    const saved = places.journal.huntBefore;
    const before = saved === undefined ? undefined : migrated(saved, kernel, this.#folder);
    const window = windowOf(options.workers);
    this.#plan = new HuntPlan({ randomSeed: options.seed, count, window }, before?.plan);
    if (before !== undefined) this.#restore(before);
    else if (options.corpus !== undefined) this.#plan.begin(seedsOf(this.#folder));
    this.#growth = new Growth(before?.growth);
    this.#secondsBefore = before?.seconds ?? 0;
    this.#unfinished = [...this.#ledger.unfinished];
  }

  #restore(before: HuntState): void {
    this.#ledger.restore(before, this.#job.changes, (planned) => this.#taskOf(planned));
    for (const { violation } of this.#ledger.findings.values()) this.#save(violation);
  }

  /** Hunts until all programs have had their share, the time is over, the goal is reached or the user interrupts. */
  async run(runners: readonly ProgramRunner[]): Promise<HuntResult> {
    const { status, isInterrupted } = this.#places;
    status.begin("generated programs", this.#kernel.id);
    try {
      // What was done before counts first.
      this.#merge();
      await Promise.all(runners.map((runner, index) => this.#work(runner, index)));
    } finally {
      await Promise.all(runners.map((runner) => runner.close(isInterrupted())));
    }
    if (!isInterrupted()) this.#finishAll();
    this.#growth.end(this.#ledger.executions, () => this.#point());
    this.#note(true);
    status.end(this.#standing());
    if (!isInterrupted()) this.#tellUnmatched();
    const { path: folder } = this.#folder;
    const how = { folder, isInterrupted: isInterrupted() };
    return huntResult(this.#job, this.#kernel, this.#ledger, this.#plan, how);
  }

  #tellUnmatched(): void {
    for (const site of this.#ledger.unmatched)
      warn(
        `--ablate ${site} matched no operation of ${counted(this.#ledger.merged, "program")}: perhaps it is misspelt, or too few ` +
          "were run. See the sites of a scenario: mmrace list sites",
      );
  }

  /** Runs one program after the other. */
  async #work(runner: ProgramRunner, index: number): Promise<void> {
    while (!this.#isOver) {
      const task = this.#unfinished.shift() ?? this.#next();
      if (task === undefined && this.#plan.isEmpty) return;
      if (task === undefined) await pause(LOOK_EVERY_MS);
      else await this.#runOne(runner, task, index).catch((error: unknown) => this.#fail(error));
    }
  }

  /** One that cannot go on ends all. */
  #fail(error: unknown): never {
    this.#hasFailed = true;
    throw error;
  }

  async #runOne(runner: ProgramRunner, task: ProgramTask, index: number): Promise<void> {
    const startMs = nowMs();
    let toldMs = startMs;
    const { isWhole, progress } = await runner.run(task, (sofar, isUrgent = false) => {
      if (sofar === undefined || (!isUrgent && nowMs() - toldMs < TELL_EVERY_MS)) return this.#isOver;
      toldMs = nowMs();
      this.#ledger.note(task, sofar(), false);
      this.#note(isUrgent);
      return this.#isOver;
    });
    const done = progress.executions - (task.before?.executions ?? 0);
    if (runner.isThread) this.#paces[index] = Math.round((done / Math.max(nowMs() - startMs, 1)) * 1000);
    this.#ledger.note(task, progress, isWhole);
    this.#merge();
    this.#note(false);
  }

  get #hasGoal(): boolean {
    return this.#settings.stopOnFirst && this.#ledger.findings.size > 0;
  }

  get #isOver(): boolean {
    return (
      this.#hasGoal || this.#hasFailed || this.#places.isInterrupted() || nowMs() >= this.#job.deadlineMs
    );
  }

  #next(): ProgramTask | undefined {
    // What comes behind a finding that ends the hunt would not count.
    if (this.#settings.stopOnFirst && this.#ledger.hasFindingWaiting) return undefined;
    const planned = this.#plan.next(this.#ledger.merged);
    if (planned === undefined) return undefined;
    const task = this.#taskOf(planned);
    this.#ledger.give(planned, task);
    return task;
  }

  #taskOf({ at, program }: Planned): ProgramTask {
    return {
      at,
      program,
      randomSeed: this.#job.options.seed + at,
      executions: this.#share,
      known: this.#ledger.knownBefore(at - this.#plan.window),
    };
  }

  /** Counts what can be counted. */
  #merge(): void {
    while (!this.#hasGoal) {
      const next = this.#ledger.mergeNext();
      if (next === undefined) return;
      this.#keep(next);
      for (const violation of next.findings) {
        const directory = this.#save(violation);
        if (directory !== undefined) this.#places.status.found(violation, directory);
      }
      this.#growth.note(this.#ledger.executions, () => this.#point());
      if (next.findings.length > 0) this.#note(true);
    }
  }

  #keep({ at, program: packed, seed, isNew }: Counted): void {
    const isWanted = isNew || seed?.isStale === false;
    if (!isWanted && seed === undefined) return;
    const program = unpackProgram(packed);
    this.#places.journal.attempt(() => {
      if (!isWanted) this.#folder.putAsideKept(program);
      else {
        const fingerprint = fingerprintOfProgram(program, this.#kernel);
        this.#plan.kept.push({ at, program: packed, fingerprint });
        if (seed?.isStale !== false) this.#folder.save(program, fingerprint);
      }
    });
  }

  #save(violation: Violation): string | undefined {
    const scenario = scenarioOfToken(decodeToken(violation.token), this.#job.changes);
    let directory: string | undefined;
    this.#places.journal.attempt(() => {
      directory = saveFinding(this.#job.options.out, scenario, violation);
    });
    return directory;
  }

  /** If the time was over: what has been done of the programs under way counts. If the goal was reached, it does not. */
  #finishAll(): void {
    for (const task of this.#ledger.unfinished) {
      if (this.#hasGoal) break;
      const progress = finished(this.#settings, task, this.#ledger.progressOf(task));
      this.#ledger.note(task, progress, true);
      this.#merge();
    }
    this.#ledger.forgetUnderway();
  }

  #note(isUrgent: boolean): void {
    const { journal, status } = this.#places;
    status.note(() => this.#standing());
    journal.noteHunt(() => this.#state(), isUrgent);
  }

  #state(): HuntState {
    return {
      kernel: this.#kernel.id,
      ...this.#ledger.state,
      seconds: this.#seconds,
      growth: this.#growth.points,
      plan: this.#plan.state,
    };
  }

  get #seconds(): number {
    return Math.round((this.#secondsBefore + (nowMs() - this.#startMs) / 1000) * 1000) / 1000;
  }

  #point(): Omit<HuntState["growth"][number], "executions"> {
    const { features, findings, corpus } = this.#ledger;
    return {
      seconds: this.#seconds,
      features: features.edges(),
      corpus,
      findings: findings.size,
    };
  }

  #standing(): Standing {
    const { executions, steps, findings } = this.#ledger.soFar;
    return {
      scenario: "generated programs",
      kernel: this.#kernel.id,
      executions,
      executionsMax: this.#share * this.#plan.total,
      steps,
      corpus: this.#ledger.corpus,
      features: this.#ledger.features.edges(),
      findings,
      workers: [...this.#paces].map((pace) => pace ?? 0),
      programs: { tried: this.#ledger.merged, of: this.#plan.total, kept: this.#plan.kept.length },
    };
  }
}
