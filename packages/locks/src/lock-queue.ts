/** Queues of waiters: who came first goes first. */

import type { ModelThread } from "@mmrace/scheduler";

/** The threads that wait for one lock, in the order in which they came. */
export class LockQueue {
  readonly #threads: ModelThread[] = [];

  get isEmpty(): boolean {
    return this.#threads.length === 0;
  }

  /** How many wait. */
  get length(): number {
    return this.#threads.length;
  }

  /** Who waits, in order. */
  get waiting(): readonly ModelThread[] {
    return this.#threads;
  }

  isFirst(thread: ModelThread): boolean {
    return this.#threads[0] === thread;
  }

  enter(thread: ModelThread): void {
    this.#threads.push(thread);
  }

  leave(thread: ModelThread): void {
    this.#threads.splice(this.#threads.indexOf(thread), 1);
  }
}
