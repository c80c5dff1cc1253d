/** The threads that sleep at a node of the search: their next step there is covered elsewhere. For `optimalDpor`. */

import type { Footprint } from "../footprint.ts";
import { isWeakInitial, type Conflict, type SequenceStep } from "./wakeup-tree.ts";

interface Sleeper {
  readonly thread: number;
  /** What its next step touches; the same for as long as it sleeps. */
  readonly footprint: Footprint;
  /**
   * Whether it still sleeps where a sequence has come to its end, or got stuck. It should have been woken on the way, so
   * the sequence was not quite what it was taken for, and what came of the sleeper's own executions may have been left
   * out in its favour. Then only what source-DPOR would leave out is left out.
   */
  readonly isOverdue: boolean;
}

/** A sleep set. */
export class Sleepers {
  readonly #conflict: Conflict;
  #sleepers: Sleeper[] = [];
  #threads = 0;

  constructor(conflict: Conflict) {
    this.#conflict = conflict;
  }

  /** The threads, as a bit set. */
  get threads(): number {
    return this.#threads;
  }

  /** Puts a thread to sleep whose step here has been explored. */
  add(thread: number, footprint: Footprint): void {
    this.#push({ thread, footprint, isOverdue: false });
  }

  /** Those who still sleep after a step: their own commutes with it. */
  after(step: { readonly thread: number; readonly footprint: Footprint }): Sleepers {
    const left = new Sleepers(this.#conflict);
    for (const sleeper of this.#sleepers) {
      if (sleeper.thread === step.thread || this.#conflict(sleeper.footprint, step.footprint)) continue;
      left.#push(sleeper);
    }
    return left;
  }

  /** Notes that the search goes on from here without a sequence to follow. */
  becomeOverdue(): void {
    if (this.#threads === 0) return;
    this.#sleepers = this.#sleepers.map((sleeper) => ({ ...sleeper, isOverdue: true }));
  }

  /** Whether executions that begin with `sequence` are covered, since a sleeper could take the first step in them. */
  cover(sequence: readonly SequenceStep[]): boolean {
    return this.#sleepers.some(({ thread, footprint, isOverdue }) =>
      isWeakInitial(thread, isOverdue ? undefined : footprint, sequence, this.#conflict),
    );
  }

  #push(sleeper: Sleeper): void {
    this.#sleepers.push(sleeper);
    this.#threads |= 1 << sleeper.thread;
  }
}
