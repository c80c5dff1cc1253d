/** The folio lock: one bit in a folio's flags with a wait queue. Exclusive; waiting sleeps. */

import { Operation, type ModelThread, type OperationKind } from "@mmrace/scheduler";
import { Lock } from "./lock.ts";

/** A sleeping bit lock. Reduced: it must be released by the thread that took it, which I/O completion need not do. */
export class FolioLock extends Lock {
  /** The holder; for properties. */
  owner: ModelThread | undefined = undefined;
}

const lockKind: OperationKind<FolioLock, void, void> = {
  name: "folio_lock",
  access: "write",
  role: "acquire",
  isEnabled: (lock, _argument, thread) => lock.owner === undefined || lock.owner === thread,
  perform: (lock, _argument, thread) => {
    lock.lockdep.mightSleep(thread, `folio_lock(${lock.name})`);
    lock.lockdep.acquired(thread, lock, { subclass: 0, isTry: false, mode: "exclusive", wait: "sleep" });
    lock.owner = thread;
  },
};

const trylockKind: OperationKind<FolioLock, void, boolean> = {
  name: "folio_trylock",
  access: "write",
  perform: (lock, _argument, thread) => {
    if (lock.owner !== undefined) return false;
    lock.lockdep.acquired(thread, lock, { subclass: 0, isTry: true, mode: "exclusive", wait: "sleep" });
    lock.owner = thread;
    return true;
  },
  describe: (lock, _argument, result) => `folio_trylock(${lock.name}) = ${result}`,
};

const unlockKind: OperationKind<FolioLock, void, void> = {
  name: "folio_unlock",
  access: "write",
  role: "release",
  perform: (lock, _argument, thread) => {
    lock.lockdep.released(thread, lock);
    if (lock.owner === thread) lock.owner = undefined;
  },
};

const setLockedKind: OperationKind<FolioLock, void, void> = {
  name: "folio_set_locked",
  access: "write",
  role: "acquire",
  perform: (lock, _argument, thread) => {
    lock.lockdep.acquired(thread, lock, { subclass: 0, isTry: true, mode: "exclusive", wait: "sleep" });
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

/** Locks the folio if it is unlocked; the result says whether it did. */
export function folioTrylock(lock: FolioLock): Operation<boolean> {
  return Operation.of(trylockKind, lock, undefined);
}

/** Unlocks the folio. */
export function folioUnlock(lock: FolioLock): Operation<void> {
  return Operation.of(unlockKind, lock, undefined);
}
