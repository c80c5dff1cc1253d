/**
 * Spinlocks of one bit, where a word has no room for more. Kernel: include/linux/bit_spinlock.h, Linux v6.12.
 *
 * The kernel tells lockdep nothing about them but that preemption is off: the order of two of them is not watched, so an
 * inversion shows as a deadlock only. No fairness: any waiter may be next. Releasing is a locked instruction.
 */

import { Operation, violate, type ModelThread, type OperationKind } from "@mmrace/scheduler";
import { Lock } from "./lock.ts";
import { LOCK_PROTOCOL } from "./lockdep/acquisition.ts";

/** A bit that at most one thread has set. */
export class BitSpinLock extends Lock {
  /** The holder; for properties. */
  owner: ModelThread | undefined = undefined;

  override stateValue(): unknown {
    return [this.owner];
  }
}

function take(lock: BitSpinLock, thread: ModelThread): void {
  lock.lockdep.preemptionChanged(thread, 1);
  lock.owner = thread;
}

const lockKind: OperationKind<BitSpinLock, void, void> = {
  name: "bit_spin_lock",
  access: "write",
  order: "locked",
  role: "acquire",
  // Nobody watches recursion: who holds it already waits for ever.
  isEnabled: ({ owner }) => owner === undefined,
  perform: (lock, _argument, thread) => take(lock, thread),
};

const trylockKind: OperationKind<BitSpinLock, void, boolean> = {
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
};

const unlockKind: OperationKind<BitSpinLock, void, void> = {
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
    lock.owner = undefined;
  },
};

/** Turns preemption off, waits until the bit is clear and sets it: `bit_spin_lock`. */
export function bitSpinLock(lock: BitSpinLock): Operation<void> {
  return Operation.of(lockKind, lock, undefined);
}

/** Sets the bit if it is clear, and then leaves preemption off; says whether: `bit_spin_trylock`. */
export function bitSpinTrylock(lock: BitSpinLock): Operation<boolean> {
  return Operation.of(trylockKind, lock, undefined);
}

/** Clears the bit and turns preemption on: `bit_spin_unlock`. A violation unless the thread has set it. */
export function bitSpinUnlock(lock: BitSpinLock): Operation<void> {
  return Operation.of(unlockKind, lock, undefined);
}
