/** What one thread holds and where it runs, as lockdep sees it. */

import type { ModelThread, SharedObject, Site } from "@mmrace/scheduler";
import { STRICTNESS, type Acquisition } from "./acquisition.ts";

/** A lock that is held. */
export interface Held {
  readonly lock: SharedObject;
  readonly acquisition: Acquisition;
  /** Number of its class and subclass in the book of facts. */
  readonly key: number;
  /** Where it was taken. */
  readonly site: Site | undefined;
}

/** Something that a thread holds or is in, in words. */
export interface Holding {
  /** The lock, or what the section is of: `ptl of table 101`, `rcu`. */
  readonly name: string;
  readonly mode: "exclusive" | "read" | "section";
}

/** The state of one thread. */
export class ThreadState {
  readonly thread: ModelThread;
  /** Oldest first. */
  readonly held: Held[] = [];
  /** How deep it is in sections of each kind. */
  rcu = 0;
  preemption = 0;
  hardirq = 0;
  irqsAreOff = false;

  constructor(thread: ModelThread) {
    this.thread = thread;
  }

  /** Whether it holds nothing and is in no section. */
  get isQuiet(): boolean {
    return this.held.length === 0 && this.rcu === 0 && this.preemption === 0 && !this.irqsAreOff;
  }

  /** All that it holds, and the sections it is in. */
  get holdings(): readonly Holding[] {
    const locks = this.held.map(({ lock, acquisition }): Holding => {
      const mode = acquisition.mode === "exclusive" ? "exclusive" : "read";
      return { name: lock.name, mode };
    });
    const sections = [
      ...(this.rcu > 0 ? ["rcu"] : []),
      ...(this.preemption > 0 ? ["preemption off"] : []),
      ...(this.irqsAreOff ? ["interrupts off"] : []),
      ...(this.hardirq > 0 ? ["interrupt handler"] : []),
    ];
    return [...locks, ...sections.map((name): Holding => ({ name, mode: "section" }))];
  }

  /** Why it may not sleep, in words that follow "may sleep in f()"; `undefined` when it may. */
  get sleepObstacle(): string | undefined {
    for (const { acquisition, lock } of this.held)
      if (acquisition.wait !== "sleep") return `while it holds ${lock.name}`;
    if (this.hardirq > 0) return "in an interrupt handler";
    if (this.rcu > 0) return "inside an RCU read section";
    if (this.irqsAreOff) return "with interrupts off";
    return this.preemption > 0 ? "with preemption off" : undefined;
  }

  /** What forbids it to wait in the given way, in words that follow "while"; `undefined` when nothing does. */
  waitObstacle({ wait }: Acquisition): string | undefined {
    for (const { acquisition, lock } of this.held) {
      if (STRICTNESS[acquisition.wait] < STRICTNESS[wait])
        return `it holds ${lock.name} (${acquisition.wait})`;
    }
    if (STRICTNESS[wait] <= STRICTNESS.config) return undefined;
    if (this.hardirq > 0) return "it is in an interrupt handler";
    return this.rcu > 0 ? "it is inside an RCU read section" : undefined;
  }

  /** The newest hold of a lock, by position. */
  find(lock: SharedObject): number {
    let at = this.held.length - 1;
    while (at >= 0 && this.held[at]!.lock !== lock) at--;
    return at;
  }
}
