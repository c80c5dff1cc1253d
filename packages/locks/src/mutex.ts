/**
 * Mutexes: exclusive; waiting sleeps. kernel/locking/mutex.c, Linux v6.12.
 *
 * The kernel's waiters queue, but until the first of them asks for a handoff a newcomer may steal the lock. The two kinds
 * of fairness here are the two ends of that: `none` lets anybody win, `fifo` nobody but the first in the queue.
 *
 * Reduced: taking the lock and entering the queue are one step each; no spinning on the owner.
 */

import { MUST_WAIT, Operation, type ModelThread, type OperationKind, type Touch } from "@mmrace/scheduler";
import { EINTR, type FatalSignal } from "./fatal-signal.ts";
import { Lock, type LockOptions } from "./lock.ts";
import { forSubclasses, requireSubclass, type Acquisition } from "./lockdep/acquisition.ts";
import type { Lockdep } from "./lockdep/lockdep.ts";

/** Who gets a mutex that several threads wait for: any of them, or the one that came first. */
export type MutexFairness = "none" | "fifo";

/** Optional traits of a mutex. */
export interface MutexOptions extends LockOptions {
  /** `none` (default): waiting is no step of its own, and any waiter may win. `fifo`: in the order of the queue. */
  readonly fairness?: MutexFairness;
}

/** A sleeping lock held by at most one thread. */
export class Mutex extends Lock {
  readonly fairness: MutexFairness;
  /** The holder; for properties. */
  owner: ModelThread | undefined = undefined;
  /** Who waits, first come first; empty without fairness. For properties. */
  readonly waiters: ModelThread[] = [];

  constructor(lockdep: Lockdep, lockClass: string, options: MutexOptions = {}) {
    super(lockdep, lockClass, options);
    this.fairness = options.fairness ?? "none";
  }
}

/** Whether a newcomer can take it. A holder may always go on, so that lockdep reports it rather than a bare deadlock. */
function isFreeFor({ owner, waiters }: Mutex, thread: ModelThread): boolean {
  return owner === thread || (owner === undefined && waiters.length === 0);
}

/** Whether a thread in the queue can take it. */
function isItsTurn({ owner, waiters }: Mutex, thread: ModelThread): boolean {
  return owner === undefined && waiters[0] === thread;
}

const WAITING = forSubclasses({ isTry: false, mode: "exclusive", wait: "sleep" });
const TRYING: Acquisition = { subclass: 0, isTry: true, mode: "exclusive", wait: "sleep" };

function take(lock: Mutex, thread: ModelThread, how: Acquisition): void {
  lock.lockdep.acquired(thread, lock, how);
  lock.owner = thread;
}

function leaveQueue({ waiters }: Mutex, thread: ModelThread): void {
  waiters.splice(waiters.indexOf(thread), 1);
}

const lockKind: OperationKind<Mutex, number, void> = {
  name: "mutex_lock",
  access: "write",
  role: "acquire",
  isEnabled: (lock, _subclass, thread) => isFreeFor(lock, thread),
  perform: (lock, subclass, thread) => {
    lock.lockdep.mightSleep(thread, "mutex_lock", lock);
    take(lock, thread, WAITING[subclass]!);
  },
};

// No role: partial-order reduction would have to know that its turn depends on the queue as well.
const queuedKind: OperationKind<Mutex, number, void> = {
  name: "mutex_lock",
  access: "write",
  isEnabled: (lock, _subclass, thread) => isItsTurn(lock, thread),
  perform: (lock, subclass, thread) => {
    leaveQueue(lock, thread);
    take(lock, thread, WAITING[subclass]!);
  },
};

const fairLockKind: OperationKind<Mutex, number, void> = {
  name: "mutex_lock",
  access: "write",
  role: "acquire",
  perform: (lock, subclass, thread) => {
    lock.lockdep.mightSleep(thread, "mutex_lock", lock);
    if (!isFreeFor(lock, thread)) {
      lock.waiters.push(thread);
      return MUST_WAIT;
    }
    return take(lock, thread, WAITING[subclass]!);
  },
  thenWait: queuedKind,
};

// The killable kinds have no role: with a signal pending they can run while somebody holds the lock. And none of them can
// be removed, since what comes next hangs on the answer.

const describeKillable = ({ name }: Mutex, _signal: FatalSignal, result: number): string =>
  `mutex_lock_killable(${name}) = ${result === 0 ? "0" : "-EINTR"}`;

const readsSignal = (_lock: Mutex, signal: FatalSignal): readonly Touch[] => [
  { access: "read", object: signal },
];

const killableKind: OperationKind<Mutex, FatalSignal, number> = {
  name: "mutex_lock_killable",
  access: "write",
  touches: readsSignal,
  isIndispensable: true,
  isEnabled: (lock, signal, thread) => isFreeFor(lock, thread) || signal.isPending,
  perform: (lock, _signal, thread) => {
    lock.lockdep.mightSleep(thread, "mutex_lock_killable", lock);
    if (!isFreeFor(lock, thread)) return -EINTR;
    take(lock, thread, WAITING[0]!);
    return 0;
  },
  describe: describeKillable,
};

const queuedKillableKind: OperationKind<Mutex, FatalSignal, number> = {
  name: "mutex_lock_killable",
  access: "write",
  touches: readsSignal,
  isIndispensable: true,
  isEnabled: (lock, signal, thread) => isItsTurn(lock, thread) || signal.isPending,
  perform: (lock, _signal, thread) => {
    // The lock first: __mutex_lock_common looks at signals only when it could not have it.
    const canTake = isItsTurn(lock, thread);
    leaveQueue(lock, thread);
    if (!canTake) return -EINTR;
    take(lock, thread, WAITING[0]!);
    return 0;
  },
  describe: describeKillable,
};

const fairKillableKind: OperationKind<Mutex, FatalSignal, number> = {
  name: "mutex_lock_killable",
  access: "write",
  isIndispensable: true,
  perform: (lock, _signal, thread) => {
    lock.lockdep.mightSleep(thread, "mutex_lock_killable", lock);
    if (!isFreeFor(lock, thread)) {
      lock.waiters.push(thread);
      return MUST_WAIT;
    }
    take(lock, thread, WAITING[0]!);
    return 0;
  },
  thenWait: queuedKillableKind,
  describe: describeKillable,
};

const canTry = ({ owner, waiters }: Mutex): boolean => owner === undefined && waiters.length === 0;

const trylockKind: OperationKind<Mutex, void, boolean> = {
  name: "mutex_trylock",
  access: "write",
  // What fails changes nothing, and so wakes nobody who spins on it.
  accessNow: (lock) => (canTry(lock) ? "write" : "read"),
  perform: (lock, _argument, thread) => {
    if (!canTry(lock)) return false;
    take(lock, thread, TRYING);
    return true;
  },
  describe: (lock, _argument, result) => `mutex_trylock(${lock.name}) = ${result}`,
};

const unlockKind: OperationKind<Mutex, void, void> = {
  name: "mutex_unlock",
  access: "write",
  role: "release",
  perform: (lock, _argument, thread) => {
    lock.lockdep.released(thread, lock);
    if (lock.owner === thread) lock.owner = undefined;
  },
};

/** Waits until the mutex is free, or its turn has come, and takes it: `mutex_lock`, kernel/locking/mutex.c, v6.12. */
export function mutexLock(lock: Mutex, subclass: number = 0): Operation<void> {
  return Operation.of(lock.fairness === "fifo" ? fairLockKind : lockKind, lock, requireSubclass(subclass));
}

/**
 * Waits for the mutex or for a fatal signal, and answers 0 with the mutex or -EINTR without it. When it can have both it
 * takes the mutex. `mutex_lock_killable`, kernel/locking/mutex.c, v6.12.
 */
export function mutexLockKillable(lock: Mutex, signal: FatalSignal): Operation<number> {
  return Operation.of(lock.fairness === "fifo" ? fairKillableKind : killableKind, lock, signal);
}

/** Takes the mutex if nobody holds it or waits for it; says whether. `mutex_trylock`, kernel/locking/mutex.c, v6.12. */
export function mutexTrylock(lock: Mutex): Operation<boolean> {
  return Operation.of(trylockKind, lock, undefined);
}

/** Releases the mutex, which only its holder may do: `mutex_unlock`, kernel/locking/mutex.c, v6.12. */
export function mutexUnlock(lock: Mutex): Operation<void> {
  return Operation.of(unlockKind, lock, undefined);
}
