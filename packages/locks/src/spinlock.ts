/** Spinlocks: exclusive, and whoever holds one may not sleep. */

import { Operation, type ModelThread, type OperationKind } from "@mmrace/scheduler";
import { Lock } from "./lock.ts";

/** Lockdep subclass for the second lock of one class: the kernel's SINGLE_DEPTH_NESTING. */
export const SINGLE_DEPTH_NESTING = 1;

/** A lock held by at most one thread. */
export class SpinLock extends Lock {
  /** The holder; for properties, not for models. */
  owner: ModelThread | undefined = undefined;
}

const lockKind: OperationKind<SpinLock, number, void> = {
  name: "spin_lock",
  access: "write",
  role: "acquire",
  // A thread that already holds the lock may go on, so that lockdep reports it rather than a bare deadlock.
  isEnabled: (lock, _subclass, thread) => lock.owner === undefined || lock.owner === thread,
  perform: (lock, subclass, thread) => {
    lock.lockdep.acquired(thread, lock, { subclass, isTry: false, mode: "exclusive", wait: "config" });
    lock.owner = thread;
  },
};

const trylockKind: OperationKind<SpinLock, number, boolean> = {
  name: "spin_trylock",
  access: "write",
  perform: (lock, subclass, thread) => {
    if (lock.owner !== undefined) return false;
    lock.lockdep.acquired(thread, lock, { subclass, isTry: true, mode: "exclusive", wait: "config" });
    lock.owner = thread;
    return true;
  },
  describe: (lock, _subclass, result) => `spin_trylock(${lock.name}) = ${result}`,
};

const unlockKind: OperationKind<SpinLock, void, void> = {
  name: "spin_unlock",
  access: "write",
  role: "release",
  perform: (lock, _argument, thread) => {
    lock.lockdep.released(thread, lock);
    if (lock.owner === thread) lock.owner = undefined;
  },
};

/** Waits until the lock is free and takes it. */
export function spinLock(lock: SpinLock, subclass: number = 0): Operation<void> {
  return Operation.of(lockKind, lock, subclass);
}

/** Takes the lock if it is free; the result says whether it did. */
export function spinTrylock(lock: SpinLock, subclass: number = 0): Operation<boolean> {
  return Operation.of(trylockKind, lock, subclass);
}

/** Releases the lock. */
export function spinUnlock(lock: SpinLock): Operation<void> {
  return Operation.of(unlockKind, lock, undefined);
}
