/** The queue of a read-write semaphore: threads that wait to read or to write, in the order in which they came. */

import type { ModelThread } from "@mmrace/scheduler";

/** A thread in such a queue. */
export interface Waiter {
  readonly thread: ModelThread;
  readonly mode: "read" | "write";
}

export class RwQueue {
  #waiters: Waiter[] = [];

  get isEmpty(): boolean {
    return this.#waiters.length === 0;
  }

  /** Who waits for what, in order. */
  get waiting(): readonly Waiter[] {
    return this.#waiters;
  }

  /** What the first waiter waits for. */
  get first(): Waiter["mode"] | undefined {
    return this.#waiters[0]?.mode;
  }

  isFirst(thread: ModelThread): boolean {
    return this.#waiters[0]?.thread === thread;
  }

  enter(thread: ModelThread, mode: Waiter["mode"]): void {
    this.#waiters.push({ thread, mode });
  }

  /** Takes a thread out, if it is still there. */
  leave(thread: ModelThread): void {
    this.#waiters = this.#waiters.filter((waiter) => waiter.thread !== thread);
  }

  /** Takes all readers out, also those behind writers. */
  takeReaders(): readonly ModelThread[] {
    const readers = this.#waiters.filter(({ mode }) => mode === "read").map(({ thread }) => thread);
    this.#waiters = this.#waiters.filter(({ mode }) => mode === "write");
    return readers;
  }
}

/** Threads in an order that does not tell who came first. */
export function byId(threads: readonly ModelThread[]): readonly ModelThread[] {
  return threads.toSorted((a, b) => a.id - b.id);
}
