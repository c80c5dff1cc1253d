/**
 * Spinlocks: exclusive, and whoever holds one may not sleep. On x86 taking one is a locked instruction and releasing it
 * a plain store. Kernel: include/linux/spinlock.h, kernel/locking/qspinlock.c, Linux v6.12.
 */

import { MUST_WAIT, Operation, type ModelThread } from "@mmrace/scheduler";
import { LockQueue } from "./lock-queue.ts";
import { forSubclasses, requireSubclass, type Acquisition } from "./lockdep/acquisition.ts";
import type { Lockdep } from "./lockdep/lockdep.ts";
import {
  disablingPreemption,
  enablingPreemption,
  kindFor,
  SpinningLock,
  type SpinningLockOptions,
} from "./spinning-lock.ts";

/** Lockdep subclass for the second lock of one class: the kernel's SINGLE_DEPTH_NESTING. */
export const SINGLE_DEPTH_NESTING = 1;

/** Traits of a spinlock. */
export interface SpinLockOptions extends SpinningLockOptions {
  /** `none` (default): any waiter may be next, and waiting is no step. `queued`: first come, first served. */
  readonly fairness?: "none" | "queued";
  /** A raw spinlock spins on PREEMPT_RT too; under one, no other spinlock may be waited for. */
  readonly isRaw?: boolean;
}

/** A lock held by at most one thread. */
export class SpinLock extends SpinningLock {
  /** The holder; for properties, not for models. */
  owner: ModelThread | undefined = undefined;
  /** Who waits, where the lock is queued. */
  readonly queue: LockQueue | undefined;
  readonly isRaw: boolean;

  /** @param lockClass the lockdep class; it also names sites. */
  constructor(lockdep: Lockdep, lockClass: string, options: SpinLockOptions = {}) {
    super(lockdep, lockClass, options);
    this.queue = options.fairness === "queued" ? new LockQueue() : undefined;
    this.isRaw = options.isRaw ?? false;
  }

  override stateValue(): unknown {
    return [this.owner, this.queue?.waiting];
  }
}

const WAITING = { spin: spinning("spin", false), config: spinning("config", false) };
const TRYING = { spin: spinning("spin", true), config: spinning("config", true) };

function spinning(wait: "spin" | "config", isTry: boolean): readonly Acquisition[] {
  return forSubclasses({ isTry, mode: "exclusive", wait });
}

function take(lock: SpinLock, how: typeof WAITING, subclass: number, thread: ModelThread): void {
  lock.lockdep.acquired(thread, lock, how[lock.isRaw ? "spin" : "config"][subclass]!);
  lock.owner = thread;
}

/** What the thread itself notices of giving it back. */
function release(lock: SpinLock, thread: ModelThread): void {
  lock.lockdep.released(thread, lock);
  lock.rcu?.leave(thread);
}

// A thread that already holds the lock may go on, so that lockdep reports it rather than a bare deadlock.
function isFree(lock: SpinLock, thread: ModelThread): boolean {
  return lock.owner === undefined || lock.owner === thread;
}

function canTry({ owner, queue }: SpinLock): boolean {
  return owner === undefined && queue?.isEmpty !== false;
}

// A thread that waits in a step of its own does so with preemption off. One whose lock is not enabled has not asked yet.
const lockKinds = disablingPreemption<SpinLock, number, void>({
  name: "spin_lock",
  access: "write",
  order: "locked",
  role: "acquire",
  isEnabled: (lock, _subclass, thread) => isFree(lock, thread),
  perform: (lock, subclass, thread) => {
    lock.rcu?.enter(thread);
    take(lock, WAITING, subclass, thread);
  },
});

const queuedKinds = disablingPreemption<SpinLock, number, void>({
  name: "spin_lock",
  access: "write",
  order: "locked",
  role: "acquire",
  perform: (lock, subclass, thread) => {
    lock.rcu?.enter(thread);
    if (lock.owner === thread || (lock.owner === undefined && lock.queue!.isEmpty)) {
      return take(lock, WAITING, subclass, thread);
    }
    lock.queue!.enter(thread);
    return MUST_WAIT;
  },
  thenWait: {
    name: "spin_lock",
    access: "write",
    order: "locked",
    isEnabled: (lock, _subclass, thread) => lock.owner === undefined && lock.queue!.isFirst(thread),
    perform: (lock, subclass, thread) => {
      lock.queue!.leave(thread);
      take(lock, WAITING, subclass, thread);
    },
  },
});

const trylockKinds = disablingPreemption<SpinLock, number, boolean>({
  name: "spin_trylock",
  access: "write",
  // What fails changes nothing, and so wakes nobody who tries again and again.
  accessNow: (lock) => (canTry(lock) ? "write" : "read"),
  order: "locked",
  perform: (lock, subclass, thread) => {
    if (!canTry(lock)) return false;
    lock.rcu?.enter(thread);
    take(lock, TRYING, subclass, thread);
    return true;
  },
  describe: (lock, _subclass, result) => `spin_trylock(${lock.name}) = ${result}`,
});

const unlockKinds = enablingPreemption<SpinLock, void, void>({
  name: "spin_unlock",
  access: "write",
  order: "store",
  role: "release",
  perform: (lock, _argument, thread) => {
    release(lock, thread);
    free(lock, thread);
  },
  issue: (lock, _argument, thread) => release(lock, thread),
  drain: (lock, _argument, thread) => free(lock, thread),
});

function free(lock: SpinLock, thread: ModelThread): void {
  if (lock.owner === thread) lock.owner = undefined;
}

/** Waits until the lock is free and takes it. @throws {UsageError} on a subclass that lockdep does not have. */
export function spinLock(lock: SpinLock, subclass: number = 0): Operation<void> {
  const kinds = lock.queue === undefined ? lockKinds : queuedKinds;
  return Operation.of(kindFor(lock, kinds), lock, requireSubclass(subclass));
}

/** Takes the lock if it is free and nobody waits for it; the result says whether it did. */
export function spinTrylock(lock: SpinLock, subclass: number = 0): Operation<boolean> {
  return Operation.of(kindFor(lock, trylockKinds), lock, requireSubclass(subclass));
}

/** Releases the lock. */
export function spinUnlock(lock: SpinLock): Operation<void> {
  return Operation.of(kindFor(lock, unlockKinds), lock, undefined);
}
