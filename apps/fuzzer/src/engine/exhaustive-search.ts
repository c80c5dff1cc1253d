/** An exhaustive search by one worker or several, with progress, time limit, Ctrl-C and a checkpoint. */

import type { World } from "@mmrace/mm";
import {
  SplitSearch,
  type Exploration,
  type Scenario,
  type SearchState,
  type SplitSearchOptions,
} from "@mmrace/scheduler";
import type { ChangeSource } from "../changes/change.ts";
import { nowMs } from "../clock.ts";
import { Progress } from "../report/progress.ts";
import { searchProgressText } from "../report/search-progress.ts";
import { warn } from "../report/warn.ts";
import {
  dropCheckpoint,
  loadCheckpoint,
  saveCheckpoint,
  type Budget,
  type SearchIdentity,
} from "./checkpoint.ts";
import { sliceWorkers, type SliceWorker } from "./slice-workers.ts";

/** How much may be lost when the process is killed. */
const SAVE_EVERY_MS = 1000;

/** What a search needs besides its scenario. */
export interface SearchJob extends Omit<SplitSearchOptions, "executionsMax"> {
  readonly workers: number;
  /** What the scenario's release was changed by. */
  readonly changes: readonly ChangeSource[];
  readonly executions: number | undefined;
  /** When to stop, on the clock of `nowMs`. */
  readonly deadlineMs: number;
  readonly file: string;
  /** Whether a search that has spent its budget of executions is kept, to be gone on with. */
  readonly keepsSpent: boolean;
  readonly identity: SearchIdentity;
}

/** How a search ended. */
export interface SearchResult {
  readonly exploration: Exploration;
  /** Ctrl-C, or the time was over. */
  readonly isInterrupted: boolean;
  /** Where it is saved, if it is. */
  readonly savedIn: string | undefined;
}

/**
 * Searches until all is searched, a finding ends it, a budget is spent or the user interrupts.
 *
 * @throws {UsageError} when there is a checkpoint that belongs to another search.
 */
export async function runSearch(scenario: Scenario<World>, job: SearchJob): Promise<SearchResult> {
  const { saved, quarantined } = loadCheckpoint(job.file, job.identity);
  if (quarantined !== undefined)
    warn(`The saved search was damaged and is now ${quarantined}; starting anew.`);
  if (saved !== undefined) warn(`Going on with the search saved in ${job.file}.`);
  return await new RunningSearch(scenario, job, saved?.state, saved?.budget ?? null).run();
}

class RunningSearch {
  readonly #job: SearchJob;
  readonly #budget: Budget | null;
  readonly #search: SplitSearch<World>;
  readonly #workers: readonly SliceWorker[];
  readonly #progress = new Progress();
  readonly #startMs = nowMs();
  readonly #countsAtStart: { readonly executions: number; readonly pruned: number };
  #savedMs = nowMs();
  #isInterrupted = false;

  constructor(
    scenario: Scenario<World>,
    job: SearchJob,
    state: SearchState | undefined,
    before: Budget | null,
  ) {
    this.#job = job;
    const executions = state?.counts.executions ?? 0;
    this.#budget = budgetFor(job.executions, executions, before);
    const executionsMax = this.#budget === null ? Infinity : this.#budget.limit - executions;
    this.#search = new SplitSearch(scenario, { ...job, executionsMax }, state);
    this.#workers = sliceWorkers(scenario, job, job.workers);
    this.#countsAtStart = this.#search.progress.counts;
  }

  async run(): Promise<SearchResult> {
    const onInterrupt = (): void => {
      this.#isInterrupted = true;
    };
    process.once("SIGINT", onInterrupt);
    try {
      await this.#runSlices();
    } finally {
      process.removeListener("SIGINT", onInterrupt);
      this.#progress.end();
      await Promise.all(this.#workers.map((worker) => worker.close()));
    }
    const isInterrupted = !this.#search.isOver;
    const isSaved = this.#search.canContinue && (isInterrupted || this.#job.keepsSpent);
    if (isSaved) this.#save();
    else dropCheckpoint(this.#job.file);
    return {
      exploration: this.#search.exploration(),
      isInterrupted,
      savedIn: isSaved ? this.#job.file : undefined,
    };
  }

  async #runSlices(): Promise<void> {
    const atWork = new Map<SliceWorker, Promise<void>>();
    while (!this.#search.isOver && !this.#isInterrupted && nowMs() < this.#job.deadlineMs) {
      const idle = this.#workers.filter((worker) => !atWork.has(worker));
      for (const [i, request] of this.#search.take(idle.length).entries()) {
        const worker = idle[i]!;
        const finish = async (): Promise<void> => {
          this.#search.accept(await worker.run(request));
          atWork.delete(worker);
        };
        atWork.set(worker, finish());
      }
      await Promise.race(atWork.values());
      this.#progress.show(() => this.#progressText());
      if (nowMs() - this.#savedMs > SAVE_EVERY_MS) this.#save();
    }
  }

  #progressText(): string {
    const { progress } = this.#search;
    return searchProgressText(progress, this.#job.levels.length, {
      executions: progress.counts.executions - this.#countsAtStart.executions,
      pruned: progress.counts.pruned - this.#countsAtStart.pruned,
      elapsedMs: nowMs() - this.#startMs,
    });
  }

  #save(): void {
    saveCheckpoint(this.#job.file, {
      search: this.#job.identity,
      budget: this.#budget,
      state: this.#search.state(),
    });
    this.#savedMs = nowMs();
  }
}

/** The same budget as before when it was not spent: then the search was interrupted. Else a new one. */
function budgetFor(executions: number | undefined, counted: number, before: Budget | null): Budget | null {
  if (executions === undefined) return null;
  if (before?.executions === executions && before.limit > counted) return before;
  return { executions, limit: counted + executions };
}
