/**
 * Read-write spinlocks: many readers or one writer, who may not sleep. Kernel: include/linux/rwlock.h,
 * kernel/locking/qrwlock.c, Linux v6.12.
 *
 * A queued lock keeps everybody behind the first waiting writer; until a writer is first, whoever finds the lock free
 * takes it. Readers in interrupt handlers wait for nobody but a writer that holds it.
 */

import { MUST_WAIT, Operation, type ModelThread } from "@mmrace/scheduler";
import { forSubclasses, requireSubclass, type Acquisition } from "./lockdep/acquisition.ts";
import type { Lockdep } from "./lockdep/lockdep.ts";
import { byId, RwQueue } from "./rw-queue.ts";
import {
  disablingPreemption,
  enablingPreemption,
  kindFor,
  SpinningLock,
  type KindsByRcu,
  type SpinningLockOptions,
} from "./spinning-lock.ts";

/** Traits of a read-write spinlock. */
export interface RwLockOptions extends SpinningLockOptions {
  /** `none`: any waiter may be next, and waiting is no step. `queued` (default, as in the kernel): first come. */
  readonly fairness?: "none" | "queued";
}

/** A spinning lock for readers or one writer. */
export class RwLock extends SpinningLock {
  /** The writer; for properties. */
  writer: ModelThread | undefined = undefined;
  /** The readers, in the order they came; for properties. */
  readonly readers: ModelThread[] = [];
  /** Who waits, where the lock is queued. */
  readonly queue: RwQueue | undefined;

  /** @param lockClass the lockdep class; it also names sites. */
  constructor(lockdep: Lockdep, lockClass: string, options: RwLockOptions = {}) {
    super(lockdep, lockClass, options);
    this.queue = options.fairness === "none" ? undefined : new RwQueue();
  }

  override stateValue(): unknown {
    return [this.writer, byId(this.readers), this.queue?.waiting];
  }
}

type Mode = "read" | "write";

/** What holds for the two ways to hold it. A thread that waits for itself may go on, so that lockdep reports it. */
const modes = {
  read: {
    isFree: (lock: RwLock, thread: ModelThread): boolean =>
      lock.writer === undefined || lock.writer === thread,
    take: (lock: RwLock, thread: ModelThread): void => void lock.readers.push(thread),
    drop: (lock: RwLock, thread: ModelThread): boolean => {
      const at = lock.readers.indexOf(thread);
      if (at >= 0) lock.readers.splice(at, 1);
      return at >= 0;
    },
  },
  write: {
    isFree: (lock: RwLock, thread: ModelThread): boolean =>
      (lock.writer === undefined || lock.writer === thread) &&
      lock.readers.every((reader) => reader === thread),
    take: (lock: RwLock, thread: ModelThread): void => {
      lock.writer = thread;
    },
    drop: (lock: RwLock, thread: ModelThread): boolean => {
      const isHeld = lock.writer === thread;
      if (isHeld) lock.writer = undefined;
      return isHeld;
    },
  },
} as const;

/** Readers in handlers are recursive: they wait for a writer that holds the lock, and pass everybody who waits. */
function acquisitions(
  mode: Mode,
  isTry: boolean,
): (lock: RwLock, thread: ModelThread, subclass: number) => Acquisition {
  const plain = forSubclasses({ isTry, mode: mode === "read" ? "read" : "exclusive", wait: "config" });
  const inHandler = forSubclasses({ isTry, mode: "recursive read", wait: "config" });
  return ({ lockdep }, thread, subclass) =>
    (mode === "read" && lockdep.isInHandler(thread) ? inHandler : plain)[subclass]!;
}

function lockKinds(mode: Mode): Readonly<Record<"none" | "queued", KindsByRcu<RwLock, number, void>>> {
  const { isFree, take } = modes[mode];
  const how = acquisitions(mode, false);
  const common = { name: `${mode}_lock`, order: "locked", role: "acquire" } as const;
  const enter = (lock: RwLock, subclass: number, thread: ModelThread): void => {
    lock.lockdep.acquired(thread, lock, how(lock, thread, subclass));
    take(lock, thread);
  };
  const mayPass = (lock: RwLock, thread: ModelThread): boolean =>
    lock.queue!.isEmpty ||
    lock.lockdep.isHeld(thread, lock) ||
    (mode === "read" && lock.lockdep.isInHandler(thread));
  return {
    none: disablingPreemption<RwLock, number, void>({
      ...common,
      access: mode,
      isEnabled: (lock, _subclass, thread) => isFree(lock, thread),
      perform: (lock, subclass, thread) => {
        lock.rcu?.enter(thread);
        enter(lock, subclass, thread);
      },
    }),
    queued: disablingPreemption<RwLock, number, void>({
      ...common,
      access: "write",
      // Readers that need not wait commute with each other.
      accessNow: (lock, _subclass, thread) =>
        mode === "read" && isFree(lock, thread) && mayPass(lock, thread) ? "read" : "write",
      perform: (lock, subclass, thread) => {
        lock.rcu?.enter(thread);
        if (isFree(lock, thread) && mayPass(lock, thread)) return enter(lock, subclass, thread);
        lock.queue!.enter(thread, mode);
        return MUST_WAIT;
      },
      thenWait: {
        name: common.name,
        access: "write",
        order: "locked",
        isEnabled: (lock, _subclass, thread) =>
          isFree(lock, thread) &&
          (lock.queue!.isFirst(thread) || (mode === "read" && lock.lockdep.isInHandler(thread))),
        perform: (lock, subclass, thread) => {
          lock.queue!.leave(thread);
          enter(lock, subclass, thread);
        },
      },
    }),
  };
}

function tryKinds(mode: Mode): KindsByRcu<RwLock, number, boolean> {
  const name = `${mode}_trylock`;
  const how = acquisitions(mode, true);
  const canTry = ({ writer, readers, queue }: RwLock): boolean =>
    writer === undefined && (mode === "read" || readers.length === 0) && queue?.first !== "write";
  return disablingPreemption<RwLock, number, boolean>({
    name,
    access: "write",
    // What fails changes nothing. But readers that leave count as reads, so a writer that fails over them does not.
    accessNow: (lock) => {
      const mayDependOnReaders = mode === "write" && lock.writer === undefined;
      return mayDependOnReaders || canTry(lock) ? "write" : "read";
    },
    order: "locked",
    perform: (lock, subclass, thread) => {
      if (!canTry(lock)) return false;
      lock.rcu?.enter(thread);
      lock.lockdep.acquired(thread, lock, how(lock, thread, subclass));
      modes[mode].take(lock, thread);
      return true;
    },
    describe: (lock, _subclass, result) => `${name}(${lock.name}) = ${result}`,
  });
}

function unlockKinds(mode: Mode): KindsByRcu<RwLock, void, void> {
  const as = mode === "read" ? "reader" : "writer";
  const release = (lock: RwLock, thread: ModelThread): void => {
    lock.lockdep.released(thread, lock, as);
    lock.rcu?.leave(thread);
  };
  return enablingPreemption<RwLock, void, void>({
    name: `${mode}_unlock`,
    access: "write",
    // While nobody waits, readers that leave commute with readers that come.
    accessNow: (lock) => (mode === "read" && lock.queue?.isEmpty !== false ? "read" : "write"),
    // On x86 a reader leaves by a locked subtraction, a writer by a plain store of one byte.
    order: mode === "read" ? "locked" : "store",
    role: "release",
    perform: (lock, _argument, thread) => {
      release(lock, thread);
      modes[mode].drop(lock, thread);
    },
    issue: (lock, _argument, thread) => release(lock, thread),
    drain: (lock, _argument, thread) => void modes[mode].drop(lock, thread),
  });
}

const readKinds = lockKinds("read");
const writeKinds = lockKinds("write");
const readTrylockKinds = tryKinds("read");
const writeTrylockKinds = tryKinds("write");
const readUnlockKinds = unlockKinds("read");
const writeUnlockKinds = unlockKinds("write");

function fairness({ queue }: RwLock): "none" | "queued" {
  return queue === undefined ? "none" : "queued";
}

/** Waits until no writer holds it (and, where it is queued, nobody came before) and joins the readers. */
export function readLock(lock: RwLock, subclass: number = 0): Operation<void> {
  return Operation.of(kindFor(lock, readKinds[fairness(lock)]), lock, requireSubclass(subclass));
}

/** Joins the readers if that needs no waiting; the result says whether it did. */
export function readTrylock(lock: RwLock): Operation<boolean> {
  return Operation.of(kindFor(lock, readTrylockKinds), lock, 0);
}

/** Leaves the readers. */
export function readUnlock(lock: RwLock): Operation<void> {
  return Operation.of(kindFor(lock, readUnlockKinds), lock, undefined);
}

/** Waits until nobody holds it and becomes the writer. */
export function writeLock(lock: RwLock, subclass: number = 0): Operation<void> {
  return Operation.of(kindFor(lock, writeKinds[fairness(lock)]), lock, requireSubclass(subclass));
}

/** Becomes the writer if that needs no waiting; the result says whether it did. */
export function writeTrylock(lock: RwLock): Operation<boolean> {
  return Operation.of(kindFor(lock, writeTrylockKinds), lock, 0);
}

/** Stops being the writer. */
export function writeUnlock(lock: RwLock): Operation<void> {
  return Operation.of(kindFor(lock, writeUnlockKinds), lock, undefined);
}
