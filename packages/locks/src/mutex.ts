/**
 * Mutexes: exclusive; waiting sleeps. kernel/locking/mutex.c, Linux v6.12.
 *
 * The kernel's waiters queue, but until the first of them asks for a handoff a newcomer may steal the lock. The two kinds
 * of fairness here are the two ends of that: `none` lets anybody win, `fifo` nobody but the first in the queue.
 *
 * Reduced: taking the lock and entering the queue are one step each; no spinning on the owner.
 */

import { MUST_WAIT, Operation, type ModelThread, type OperationKind } from "@mmrace/scheduler";
import { EINTR, type FatalSignal } from "./fatal-signal.ts";
import { LockQueue } from "./lock-queue.ts";
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
  readonly queue: LockQueue = new LockQueue();

  constructor(lockdep: Lockdep, lockClass: string, options: MutexOptions = {}) {
    super(lockdep, lockClass, options);
    this.fairness = options.fairness ?? "none";
  }

  override stateValue(): unknown {
    return [this.owner, this.queue.waiting];
  }
}

/** What a thread asks for, and the signal that may end its waiting. */
interface Request {
  readonly subclass: number;
  readonly signal?: FatalSignal;
}

/** Whether a newcomer can take it. A holder may always go on, so that lockdep reports it rather than a bare deadlock. */
function isFreeFor({ owner, queue }: Mutex, thread: ModelThread): boolean {
  return owner === thread || (owner === undefined && queue.isEmpty);
}

/** Whether a thread in the queue can take it. */
function isItsTurn({ owner, queue }: Mutex, thread: ModelThread): boolean {
  return owner === undefined && queue.isFirst(thread);
}

const WAITING = forSubclasses({ isTry: false, mode: "exclusive", wait: "sleep" });
const TRYING: Acquisition = { subclass: 0, isTry: true, mode: "exclusive", wait: "sleep" };

function take(lock: Mutex, { subclass }: Request, thread: ModelThread): 0 {
  lock.lockdep.acquired(thread, lock, WAITING[subclass]!);
  lock.owner = thread;
  return 0;
}

type Kind = OperationKind<Mutex, Request, number>;

/** A kind without its effect. */
type Traits = Omit<Kind, "perform" | "isEnabled" | "thenWait">;

const PLAIN: Traits = { name: "mutex_lock", access: "write" };

/** Cannot run while somebody holds the lock. */
const EXCLUSIVE: Traits = { ...PLAIN, role: "acquire" };

/** None can be removed, since what comes next hangs on the answer. */
const KILLABLE: Traits = {
  name: "mutex_lock_killable",
  access: "write",
  isIndispensable: true,
  describe: ({ name }, _request, result) => `mutex_lock_killable(${name}) = ${result === 0 ? "0" : "-EINTR"}`,
};

const SIGNALLED: Traits = {
  ...KILLABLE,
  touches: (_lock, { signal }) => [{ access: "read", object: signal! }],
};

/** Waiting is no step. */
function unqueuedKind(common: Traits): Kind {
  return {
    ...common,
    isEnabled: (lock, { signal }, thread) => isFreeFor(lock, thread) || signal?.isPending === true,
    perform: (lock, request, thread) => {
      lock.lockdep.mightSleep(thread, common.name, lock);
      return isFreeFor(lock, thread) ? take(lock, request, thread) : -EINTR;
    },
  };
}

/** Who cannot have it at once comes to wait, as a step. */
function queuedKind(common: Traits, waiting: Traits): Kind {
  return {
    ...common,
    perform: (lock, request, thread) => {
      lock.lockdep.mightSleep(thread, common.name, lock);
      if (isFreeFor(lock, thread)) return take(lock, request, thread);
      lock.queue.enter(thread);
      return MUST_WAIT;
    },
    thenWait: {
      ...waiting,
      isEnabled: (lock, { signal }, thread) => isItsTurn(lock, thread) || signal?.isPending === true,
      perform: (lock, request, thread) => {
        // The lock first: __mutex_lock_common looks at signals only when it could not have it.
        const canTake = isItsTurn(lock, thread);
        lock.queue.leave(thread);
        return canTake ? take(lock, request, thread) : -EINTR;
      },
    },
  };
}

// No role for the killable kinds, which can run while somebody holds the lock when a signal is pending; nor for those in
// the queue, whose turn depends on more than the lock.
const plainKinds = {
  none: unqueuedKind(EXCLUSIVE),
  fifo: queuedKind(EXCLUSIVE, PLAIN),
};
const killableKinds = {
  none: unqueuedKind(SIGNALLED),
  fifo: queuedKind(KILLABLE, SIGNALLED),
};

const trylockKind: OperationKind<Mutex, void, boolean> = {
  name: "mutex_trylock",
  access: "write",
  // What fails changes nothing, and so wakes nobody who spins on it.
  accessNow: (lock) => (canTry(lock) ? "write" : "read"),
  perform: (lock, _argument, thread) => {
    if (!canTry(lock)) return false;
    lock.lockdep.acquired(thread, lock, TRYING);
    lock.owner = thread;
    return true;
  },
  describe: (lock, _argument, result) => `mutex_trylock(${lock.name}) = ${result}`,
};

function canTry({ owner, queue }: Mutex): boolean {
  return owner === undefined && queue.isEmpty;
}

const unlockKind: OperationKind<Mutex, void, void> = {
  name: "mutex_unlock",
  access: "write",
  role: "release",
  perform: (lock, _argument, thread) => {
    lock.lockdep.released(thread, lock);
    if (lock.owner === thread) lock.owner = undefined;
  },
};

/** Requests without a signal, made once: taking a mutex must not cost an object. */
const REQUESTS: readonly Request[] = WAITING.map(({ subclass }) => ({ subclass }));

/** Waits until the mutex is free, or its turn has come, and takes it: `mutex_lock`, kernel/locking/mutex.c, v6.12. */
export function mutexLock(lock: Mutex, subclass: number = 0): Operation<void> {
  const request = REQUESTS[requireSubclass(subclass)]!;
  return Operation.of(plainKinds[lock.fairness], lock, request) as Operation<unknown> as Operation<void>;
}

/**
 * Waits for the mutex or for a fatal signal, and answers 0 with the mutex or -EINTR without it. When it can have both it
 * takes the mutex. `mutex_lock_killable`, kernel/locking/mutex.c, v6.12.
 */
export function mutexLockKillable(lock: Mutex, signal: FatalSignal): Operation<number> {
  return Operation.of(killableKinds[lock.fairness], lock, { subclass: 0, signal });
}

/** Takes the mutex if nobody holds it or waits for it; says whether. `mutex_trylock`, kernel/locking/mutex.c, v6.12. */
export function mutexTrylock(lock: Mutex): Operation<boolean> {
  return Operation.of(trylockKind, lock, undefined);
}

/** Releases the mutex, which only its holder may do: `mutex_unlock`, kernel/locking/mutex.c, v6.12. */
export function mutexUnlock(lock: Mutex): Operation<void> {
  return Operation.of(unlockKind, lock, undefined);
}
