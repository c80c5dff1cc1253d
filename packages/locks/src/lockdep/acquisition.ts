/** How locks are taken, in lockdep's words. */

import { UsageError } from "@mmrace/scheduler";

/** The oracle name of all lockdep reports. */
export const LOCK_PROTOCOL = "lock protocol";

/** Subclasses that one lock class may have: the kernel's MAX_LOCKDEP_SUBCLASSES. */
export const SUBCLASSES_MAX = 8;

/**
 * How a waiter for a lock waits: not at all (`free`), spinning always (`spin`, raw spinlocks), spinning unless the
 * kernel is PREEMPT_RT (`config`, other spinlocks), or sleeping (`sleep`). Kernel: enum lockdep_wait_type.
 */
export type WaitType = "free" | "spin" | "config" | "sleep";

/** How a lock is taken. */
export interface Acquisition {
  /** Lockdep subclass, below 8; two locks of one class may nest only under different subclasses. */
  readonly subclass: number;
  /** A trylock cannot wait, so it cannot close a cycle of waiting. */
  readonly isTry: boolean;
  /** `recursive read`: a reader that may come while the thread reads already, whoever waits. */
  readonly mode: "exclusive" | "read" | "recursive read";
  readonly wait: WaitType;
  /** Whether the thread may end and leave the lock for another one to release, as a folio under I/O. */
  readonly mayOutlive?: boolean;
}

/** The less, the stricter: under a lock of one type only waits of that type or stricter ones are allowed. */
export const STRICTNESS: Readonly<Record<WaitType, number>> = { free: 0, spin: 1, config: 2, sleep: 3 };

/** One acquisition per subclass, made once: taking a lock must not cost an object. */
export function forSubclasses(how: Omit<Acquisition, "subclass">): readonly Acquisition[] {
  return Array.from({ length: SUBCLASSES_MAX }, (_, subclass) => ({ ...how, subclass }));
}

/** @throws {UsageError} when lockdep has no such subclass. */
export function requireSubclass(subclass: number): number {
  if (Number.isInteger(subclass) && subclass >= 0 && subclass < SUBCLASSES_MAX) return subclass;
  throw new UsageError(`A lockdep subclass is 0 to ${SUBCLASSES_MAX - 1}, not ${subclass}.`);
}
