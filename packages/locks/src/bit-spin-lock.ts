/**
 * Spinlocks of one bit, where a word has no room for more. Kernel: include/linux/bit_spinlock.h, Linux v6.12.
 *
 * The kernel tells lockdep nothing about them but that preemption is off: the order of two of them is not watched, so an
 * inversion shows as a deadlock only. No fairness: any waiter may be next. Releasing is a locked instruction.
 */

import { Operation, violate, type ModelThread } from "@mmrace/scheduler";
import { LOCK_PROTOCOL } from "./lockdep/acquisition.ts";
import type { Lockdep } from "./lockdep/lockdep.ts";
import {
  disablingPreemption,
  enablingPreemption,
  kindFor,
  SpinningLock,
  type SpinningLockOptions,
} from "./spinning-lock.ts";

/** A bit that at most one thread has set. */
export class BitSpinLock extends SpinningLock {
  /** The holder; for properties. */
  owner: ModelThread | undefined = undefined;

  /** @param lockClass the class that names sites. */
  constructor(lockdep: Lockdep, lockClass: string, options: SpinningLockOptions = {}) {
    super(lockdep, lockClass, options);
  }

  override stateValue(): unknown {
    return [this.owner];
  }
}

function take(lock: BitSpinLock, thread: ModelThread): void {
  lock.lockdep.preemptionChanged(thread, 1);
  lock.rcu?.enter(thread);
  lock.owner = thread;
}

const lockKinds = disablingPreemption<BitSpinLock, void, void>({
  name: "bit_spin_lock",
  access: "write",
  order: "locked",
  role: "acquire",
  // Nobody watches recursion: who holds it already waits for ever.
  isEnabled: ({ owner }) => owner === undefined,
  perform: (lock, _argument, thread) => take(lock, thread),
});

const trylockKinds = disablingPreemption<BitSpinLock, void, boolean>({
  name: "bit_spin_trylock",
  access: "write",
  accessNow: ({ owner }) => (owner === undefined ? "write" : "read"),
  order: "locked",
  perform: (lock, _argument, thread) => {
    if (lock.owner !== undefined) return false;
    take(lock, thread);
    return true;
  },
  describe: (lock, _argument, result) => `bit_spin_trylock(${lock.name}) = ${result}`,
});

const unlockKinds = enablingPreemption<BitSpinLock, void, void>({
  name: "bit_spin_unlock",
  access: "write",
  order: "locked",
  role: "release",
  perform: (lock, _argument, thread) => {
    if (lock.owner !== thread) {
      violate(LOCK_PROTOCOL, `${thread.name} releases ${lock.name}, which it does not hold`);
      return;
    }
    lock.lockdep.preemptionChanged(thread, -1);
    lock.rcu?.leave(thread);
    lock.owner = undefined;
  },
});

/** Turns preemption off, waits until the bit is clear and sets it: `bit_spin_lock`. */
export function bitSpinLock(lock: BitSpinLock): Operation<void> {
  return Operation.of(kindFor(lock, lockKinds), lock, undefined);
}

/** Sets the bit if it is clear, and then leaves preemption off; says whether: `bit_spin_trylock`. */
export function bitSpinTrylock(lock: BitSpinLock): Operation<boolean> {
  return Operation.of(kindFor(lock, trylockKinds), lock, undefined);
}

/** Clears the bit and turns preemption on: `bit_spin_unlock`. A violation unless the thread has set it. */
export function bitSpinUnlock(lock: BitSpinLock): Operation<void> {
  return Operation.of(kindFor(lock, unlockKinds), lock, undefined);
}
