/**
 * The folio lock: one bit in a folio's flags with a wait queue. Exclusive; waiting sleeps. Kernel: mm/filemap.c,
 * include/linux/pagemap.h, Linux v6.12.
 *
 * Reduced: any waiter may be next; the kernel hands over to one that was passed too often.
 */

import { Operation, violate, type ModelThread, type OperationKind } from "@mmrace/scheduler";
import { EINTR, type FatalSignal } from "./fatal-signal.ts";
import { Lock } from "./lock.ts";
import { LOCK_PROTOCOL } from "./lockdep/acquisition.ts";

/** A sleeping bit lock. */
export class FolioLock extends Lock {
  /** The holder; for properties. */
  owner: ModelThread | undefined = undefined;

  override stateValue(): unknown {
    return [this.owner];
  }
}

const WAITING = { subclass: 0, isTry: false, mode: "exclusive", wait: "sleep", mayOutlive: true } as const;
const TRYING = { ...WAITING, isTry: true } as const;

function take(lock: FolioLock, how: typeof WAITING | typeof TRYING, thread: ModelThread): void {
  lock.lockdep.acquired(thread, lock, how);
  lock.owner = thread;
}

const lockKind: OperationKind<FolioLock, void, void> = {
  name: "folio_lock",
  access: "write",
  order: "locked",
  role: "acquire",
  // A thread that already holds the lock may go on, so that lockdep reports it rather than a bare deadlock.
  isEnabled: (lock, _argument, thread) => lock.owner === undefined || lock.owner === thread,
  perform: (lock, _argument, thread) => {
    lock.lockdep.mightSleep(thread, "folio_lock", lock);
    take(lock, WAITING, thread);
  },
};

// Without the role of an acquire, whose promise a signal would break: it goes on while somebody else holds the lock.
const killableKind: OperationKind<FolioLock, FatalSignal, number> = {
  name: "folio_lock_killable",
  access: "write",
  order: "locked",
  isIndispensable: true,
  isEnabled: (lock, signal) => lock.owner === undefined || signal.isPending,
  touches: (_lock, signal) => [{ access: "read", object: signal }],
  perform: (lock, _signal, thread) => {
    lock.lockdep.mightSleep(thread, "folio_lock_killable", lock);
    if (lock.owner !== undefined) return -EINTR;
    take(lock, WAITING, thread);
    return 0;
  },
  describe: (lock, _signal, result) => `folio_lock_killable(${lock.name}) = ${result}`,
};

const trylockKind: OperationKind<FolioLock, void, boolean> = {
  name: "folio_trylock",
  access: "write",
  accessNow: ({ owner }) => (owner === undefined ? "write" : "read"),
  order: "locked",
  perform: (lock, _argument, thread) => {
    if (lock.owner !== undefined) return false;
    take(lock, TRYING, thread);
    return true;
  },
  describe: (lock, _argument, result) => `folio_trylock(${lock.name}) = ${result}`,
};

const testLockedKind: OperationKind<FolioLock, void, boolean> = {
  name: "folio_test_locked",
  access: "read",
  order: "load",
  perform: ({ owner }) => owner !== undefined,
  describe: (lock, _argument, result) => `folio_test_locked(${lock.name}) = ${result}`,
};

const unlockKind: OperationKind<FolioLock, void, void> = {
  name: "folio_unlock",
  access: "write",
  order: "locked",
  role: "release",
  perform: (lock, _argument, thread) => {
    lock.lockdep.released(thread, lock);
    if (lock.owner === thread) lock.owner = undefined;
  },
};

const endReadKind: OperationKind<FolioLock, void, void> = {
  name: "folio_end_read",
  access: "write",
  order: "locked",
  perform: (lock, _argument, thread) => {
    if (lock.owner === undefined)
      violate(LOCK_PROTOCOL, `${thread.name} unlocks ${lock.name}, which is not locked`);
    else lock.lockdep.released(lock.owner, lock);
    lock.owner = undefined;
  },
};

const waitKind: OperationKind<FolioLock, void, void> = {
  name: "folio_wait_locked",
  access: "read",
  isWait: true,
  isEnabled: ({ owner }) => owner === undefined,
  perform: (lock, _argument, thread) => lock.lockdep.mightSleep(thread, "folio_wait_locked", lock),
};

const setLockedKind: OperationKind<FolioLock, void, void> = {
  name: "folio_set_locked",
  access: "write",
  order: "store",
  role: "acquire",
  perform: (lock, _argument, thread) => take(lock, TRYING, thread),
  // The thread holds it at once; others see that when the store gets there.
  issue: (lock, _argument, thread) => lock.lockdep.acquired(thread, lock, TRYING),
  drain: (lock, _argument, thread) => {
    lock.owner = thread;
  },
};

/** Marks a folio that nobody else can see yet as locked: `__folio_set_locked`. Never waits. */
export function folioSetLocked(lock: FolioLock): Operation<void> {
  return Operation.of(setLockedKind, lock, undefined);
}

/** Waits until the folio is unlocked and locks it. */
export function folioLock(lock: FolioLock): Operation<void> {
  return Operation.of(lockKind, lock, undefined);
}

/** The same, but gives up when a fatal signal comes while it waits. @returns 0, or -EINTR without the lock. */
export function folioLockKillable(lock: FolioLock, signal: FatalSignal): Operation<number> {
  return Operation.of(killableKind, lock, signal);
}

/** Locks the folio if it is unlocked; the result says whether it did. */
export function folioTrylock(lock: FolioLock): Operation<boolean> {
  return Operation.of(trylockKind, lock, undefined);
}

/** Whether anybody has the folio locked: a hint, for who would rather do without it than wait. */
export function folioTestLocked(lock: FolioLock): Operation<boolean> {
  return Operation.of(testLockedKind, lock, undefined);
}

/** Unlocks the folio. Only for the thread that locked it. */
export function folioUnlock(lock: FolioLock): Operation<void> {
  return Operation.of(unlockKind, lock, undefined);
}

/** Unlocks a folio that another thread has locked, as the end of its reading from disk does. */
export function folioEndRead(lock: FolioLock): Operation<void> {
  return Operation.of(endReadKind, lock, undefined);
}

/** Waits until the folio is unlocked, and does not lock it. */
export function folioWaitLocked(lock: FolioLock): Operation<void> {
  return Operation.of(waitKind, lock, undefined);
}
