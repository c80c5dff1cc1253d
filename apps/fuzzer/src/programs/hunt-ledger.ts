/**
 * What a hunt has come to. Results count in the order of the programs' numbers, whoever is done first; those that wait for their
 * turn, and what has been done of the programs under way, are kept too, so that nothing is lost with the process.
 */

import type { Violation } from "@mmrace/scheduler";
import type { Change } from "../changes/change.ts";
import { nowMs } from "../clock.ts";
import { findingAgain, progressAgain, savedProgress, type HuntState, type SavedTask } from "./hunt-state.ts";
import type { Planned, SeedProgram } from "./hunt-plan.ts";
import { ProgramFeatures } from "./program-features.ts";
import { NOTHING, type ProgramTask, type TaskProgress } from "./program-task.ts";

/**
 * What a program under way has done in less time is done again, so that it comes to the same. With the time between two writes
 * of the state, and between two words of a worker, less than a second is lost.
 */
const WORTH_SAVING_MS = 250;

/** A result that counts now. */
export interface Counted {
  readonly at: number;
  readonly program: string;
  readonly seed: SeedProgram | undefined;
  /** Whether it showed what none before it had shown. */
  readonly isNew: boolean;
  /** Findings that were not known. */
  readonly findings: readonly Violation[];
}

/** A program that was given out. */
interface Underway {
  readonly planned: Planned;
  readonly task: ProgramTask;
  readonly startMs: number;
  progress: TaskProgress;
  isWhole: boolean;
}

/** What the results of a hunt add up to. */
export class HuntLedger {
  readonly features: ProgramFeatures = new ProgramFeatures();
  /** By signature, with the number of the program. */
  readonly findings: Map<string, { readonly at: number; readonly violation: Violation }> = new Map();
  /** Programs whose results count. */
  merged = 0;
  executions = 0;
  steps = 0;
  /** Schedules that campaigns have kept. */
  corpus = 0;
  #unmatched: ReadonlySet<string> | undefined;
  readonly #underway = new Map<number, Underway>();

  /** Takes over what was saved. */
  restore(state: HuntState, changes: readonly Change[], taskOf: (planned: Planned) => ProgramTask): void {
    const { merged, executions, steps, corpus, features, findings, unmatched, tasks } = state;
    Object.assign(this, { merged, executions, steps, corpus });
    this.features.restore(features);
    if (merged > 0) this.#unmatched = new Set(unmatched);
    for (const { at, token } of findings) {
      for (const violation of findingAgain(token, changes))
        this.findings.set(violation.signature, { at, violation });
    }
    for (const saved of tasks) {
      const progress = saved.progress === undefined ? undefined : progressAgain(saved.progress, changes);
      const { at, program, seed, isWhole } = saved;
      const planned = { at, program, seed };
      this.give(planned, { ...taskOf(planned), before: progress });
      if (isWhole) this.#underway.get(at)!.isWhole = true;
    }
  }

  /** Signatures that a program must not look for: found by those whose results its making could depend on. */
  knownBefore(at: number): readonly string[] {
    return [...this.findings].filter(([, found]) => found.at <= at).map(([signature]) => signature);
  }

  /** A program is under way. */
  give(planned: Planned, task: ProgramTask): void {
    const progress = task.before ?? NOTHING;
    this.#underway.set(task.at, { planned, task, progress, startMs: nowMs(), isWhole: false });
  }

  /** Programs that are under way and not done, in their order. */
  get unfinished(): readonly ProgramTask[] {
    const all = [...this.#underway.values()].filter(({ isWhole }) => !isWhole);
    return all.map(({ task }) => task).toSorted((a, b) => a.at - b.at);
  }

  /** Whether something was found that does not count yet. */
  get hasFindingWaiting(): boolean {
    return [...this.#underway.values()].some(
      ({ isWhole, progress }) => isWhole && progress.findings.length > 0,
    );
  }

  /** What is under way does not count any more. */
  forgetUnderway(): void {
    this.#underway.clear();
  }

  /** A program is so far. */
  note({ at }: ProgramTask, progress: TaskProgress, isWhole: boolean): void {
    const underway = this.#underway.get(at);
    if (underway !== undefined) Object.assign(underway, { progress, isWhole });
  }

  /** What has been done of a program that is under way. */
  progressOf({ at }: ProgramTask): TaskProgress {
    return this.#underway.get(at)?.progress ?? NOTHING;
  }

  /** Counts the next result, if it is there. */
  mergeNext(): Counted | undefined {
    const next = this.#underway.get(this.merged);
    if (next?.isWhole !== true) return undefined;
    this.#underway.delete(this.merged++);
    const { planned, progress } = next;
    this.executions += progress.executions;
    this.steps += progress.steps;
    this.corpus += progress.corpus;
    this.#unmatched = new Set(
      progress.unmatched.filter((site) => this.#unmatched === undefined || this.#unmatched.has(site)),
    );
    const isNew = this.features.add(progress.slots) > 0;
    const findings = progress.findings.filter(({ signature }) => !this.findings.has(signature));
    for (const violation of findings) this.findings.set(violation.signature, { at: planned.at, violation });
    return { at: planned.at, program: planned.program, seed: planned.seed, isNew, findings };
  }

  /** Sites of ablations that no program so far has come to. */
  get unmatched(): readonly string[] {
    return [...(this.#unmatched ?? [])];
  }

  /** With what is under way, or waits: for people. */
  get soFar(): { readonly executions: number; readonly steps: number; readonly findings: number } {
    let { executions, steps } = this;
    const signatures = new Set(this.findings.keys());
    for (const { progress } of this.#underway.values()) {
      executions += progress.executions;
      steps += progress.steps;
      for (const { signature } of progress.findings) signatures.add(signature);
    }
    return { executions, steps, findings: signatures.size };
  }

  /** For a file. */
  get state(): Omit<HuntState, "kernel" | "seconds" | "growth" | "plan"> {
    const { merged, executions, steps, corpus } = this;
    return {
      merged,
      executions,
      steps,
      corpus,
      features: this.features.save(),
      findings: [...this.findings.values()].map(({ at, violation }) => ({ at, token: violation.token })),
      unmatched: [...this.unmatched],
      tasks: [...this.#underway.values()].map(savedTask),
    };
  }
}

function savedTask({ planned, task, progress, isWhole, startMs }: Underway): SavedTask {
  const { at, program, seed } = planned;
  const isWorthIt = isWhole || progress.executions >= task.executions || nowMs() - startMs >= WORTH_SAVING_MS;
  const kept = isWorthIt ? progress : task.before;
  return {
    at,
    program,
    isWhole,
    ...(seed === undefined ? {} : { seed }),
    ...(kept === undefined || kept === NOTHING ? {} : { progress: savedProgress(kept) }),
  };
}
