/**
 * Read-write semaphores: many readers or one writer; waiting sleeps. Kernel: include/linux/rwsem.h,
 * kernel/locking/rwsem.c, Linux v6.12.
 *
 * A waiting writer keeps new readers from joining those that hold the semaphore: a reader that reads again behind a
 * waiting writer waits for ever. Whoever releases wakes the queue: all waiting readers at once when one of them is first
 * (`rwsem_mark_wake`), else the writer that is first.
 */

import { MUST_WAIT, Operation, type ModelThread, type OperationKind } from "@mmrace/scheduler";
import { EINTR, type FatalSignal } from "./fatal-signal.ts";
import { Lock, type LockOptions } from "./lock.ts";
import { forSubclasses, requireSubclass } from "./lockdep/acquisition.ts";
import type { Lockdep } from "./lockdep/lockdep.ts";
import { byId, RwQueue } from "./rw-queue.ts";

/**
 * Who may overtake whom. `none`: waiting is no step, and any waiter may be next; the smallest searches, but no reader
 * ever waits for a waiting writer. `stealing`: as in the kernel before a hand-off, a free semaphore goes to whoever comes
 * first. `fifo`: as after a hand-off, nobody overtakes.
 */
export type RwSemFairness = "none" | "stealing" | "fifo";

/** Traits of a semaphore. */
export interface RwSemOptions extends LockOptions {
  /** Default `stealing`. */
  readonly fairness?: RwSemFairness;
}

/** A sleeping lock for readers or one writer. */
export class RwSem extends Lock {
  /** The writer; for properties. */
  writer: ModelThread | undefined = undefined;
  /** The readers, in the order they came; for properties. */
  readonly readers: ModelThread[] = [];
  readonly fairness: RwSemFairness;
  /** Who waits; empty where waiting is no step. */
  readonly queue: RwQueue = new RwQueue();

  /** @param lockClass the lockdep class; it also names sites. */
  constructor(lockdep: Lockdep, lockClass: string, options: RwSemOptions = {}) {
    super(lockdep, lockClass, options);
    this.fairness = options.fairness ?? "stealing";
  }

  override stateValue(): unknown {
    return [this.writer, byId(this.readers), this.queue.waiting];
  }
}

type Mode = "read" | "write";

/** What a thread asks for, and the signal that may end its waiting. */
interface Request {
  readonly subclass: number;
  readonly signal?: FatalSignal;
}

const WAITING = {
  read: forSubclasses({ isTry: false, mode: "read", wait: "sleep" }),
  write: forSubclasses({ isTry: false, mode: "exclusive", wait: "sleep" }),
};
const TRYING = {
  read: { subclass: 0, isTry: true, mode: "read", wait: "sleep" },
  write: { subclass: 0, isTry: true, mode: "exclusive", wait: "sleep" },
} as const;

/** Whether a thread could hold it beside those that do. Whoever waits for itself may go on: lockdep reports it. */
function isFree(sem: RwSem, mode: Mode, thread: ModelThread): boolean {
  if (sem.writer !== undefined) return sem.writer === thread;
  return mode === "read" || sem.readers.every((reader) => reader === thread);
}

/** Whether nobody waits, or nobody minds who does. */
function isUnqueued({ fairness, queue }: RwSem): boolean {
  return fairness === "none" || queue.isEmpty;
}

/** Whether a thread that has just come may take it at once. */
function mayTake(sem: RwSem, mode: Mode, thread: ModelThread): boolean {
  if (!isFree(sem, mode, thread)) return false;
  if (isUnqueued(sem) || sem.lockdep.isHeld(thread, sem)) return true;
  return sem.fairness === "stealing" && sem.readers.length === 0;
}

/** Whether a trylock takes it. It steals nothing: it fails as soon as the count says that somebody waits. */
function canTry(sem: RwSem, mode: Mode): boolean {
  return sem.writer === undefined && (mode === "read" || sem.readers.length === 0) && isUnqueued(sem);
}

/** Whether a thread that waits may go on. */
function isGranted(sem: RwSem, mode: Mode, thread: ModelThread): boolean {
  if (sem.fairness === "none") return isFree(sem, mode, thread);
  return mode === "read"
    ? sem.readers.includes(thread)
    : isFree(sem, mode, thread) && sem.queue.isFirst(thread);
}

function take(sem: RwSem, mode: Mode, { subclass }: Request, thread: ModelThread): 0 {
  sem.lockdep.acquired(thread, sem, WAITING[mode][subclass]!);
  if (mode === "write") sem.writer = thread;
  else if (!sem.readers.includes(thread)) sem.readers.push(thread);
  return 0;
}

/** Hands the semaphore to all waiting readers if one of them is first. A writer that is first sees for itself. */
function wake(sem: RwSem): void {
  if (sem.fairness === "none" || sem.writer !== undefined || sem.queue.first !== "read") return;
  sem.readers.push(...sem.queue.takeReaders());
}

/** Waiting is no step. */
function plainKind(mode: Mode): OperationKind<RwSem, Request, number> {
  const name = `down_${mode}`;
  return {
    name,
    access: mode,
    order: "locked",
    role: "acquire",
    isEnabled: (sem, _request, thread) => isFree(sem, mode, thread),
    perform: (sem, request, thread) => {
      sem.lockdep.mightSleep(thread, name, sem);
      return take(sem, mode, request, thread);
    },
  };
}

/** Who cannot have it at once comes to wait, as a step; and may give up, if the wait is killable. */
function queuedKind(mode: Mode): OperationKind<RwSem, Request, number> {
  const name = `down_${mode}`;
  const describe = (sem: RwSem, { signal }: Request, result: number): string =>
    signal === undefined ? `${name}(${sem.name})` : `${name}_killable(${sem.name}) = ${result}`;
  return {
    name,
    access: "write",
    // Readers that need not wait commute with each other; but of two that find it free with somebody in the queue, only
    // the first may steal it.
    accessNow: (sem, _request, thread) =>
      mode === "read" && isUnqueued(sem) && mayTake(sem, mode, thread) ? "read" : "write",
    order: "locked",
    role: "acquire",
    describe,
    perform: (sem, request, thread) => {
      sem.lockdep.mightSleep(thread, name, sem);
      if (mayTake(sem, mode, thread)) return take(sem, mode, request, thread);
      sem.queue.enter(thread, mode);
      return MUST_WAIT;
    },
    thenWait: {
      name,
      access: "write",
      order: "locked",
      describe,
      isEnabled: (sem, { signal }, thread) => isGranted(sem, mode, thread) || signal?.isPending === true,
      touches: (_sem, { signal }) => (signal === undefined ? [] : [{ access: "read", object: signal }]),
      perform: (sem, request, thread) => {
        const granted = isGranted(sem, mode, thread);
        sem.queue.leave(thread);
        if (granted) return take(sem, mode, request, thread);
        wake(sem); // Readers may have waited behind this thread only.
        return -EINTR;
      },
    },
  };
}

function tryKind(mode: Mode): OperationKind<RwSem, void, boolean> {
  const name = `down_${mode}_trylock`;
  return {
    name,
    access: "write",
    // What fails changes nothing. But readers that leave count as reads, so a writer that fails over them does not.
    accessNow: (sem) => {
      const mayDependOnReaders = mode === "write" && sem.writer === undefined;
      return mayDependOnReaders || canTry(sem, mode) ? "write" : "read";
    },
    order: "locked",
    perform: (sem, _argument, thread) => {
      if (!canTry(sem, mode)) return false;
      sem.lockdep.acquired(thread, sem, TRYING[mode]);
      if (mode === "write") sem.writer = thread;
      else sem.readers.push(thread);
      return true;
    },
    describe: (sem, _argument, result) => `${name}(${sem.name}) = ${result}`,
  };
}

function upKind(mode: Mode): OperationKind<RwSem, void, void> {
  return {
    name: `up_${mode}`,
    access: "write",
    // While nobody waits, readers that leave commute with readers that come.
    accessNow: (sem) => (mode === "read" && isUnqueued(sem) ? "read" : "write"),
    order: "locked",
    role: "release",
    perform: (sem, _argument, thread) => {
      sem.lockdep.released(thread, sem, mode === "read" ? "reader" : "writer");
      if (mode === "write" && sem.writer === thread) sem.writer = undefined;
      const at = mode === "read" ? sem.readers.indexOf(thread) : -1;
      if (at >= 0) sem.readers.splice(at, 1);
      wake(sem);
    },
  };
}

const downgradeKind: OperationKind<RwSem, void, void> = {
  name: "downgrade_write",
  access: "write",
  order: "locked",
  perform: (sem, _argument, thread) => {
    sem.lockdep.downgraded(thread, sem);
    if (sem.writer !== thread) return;
    sem.writer = undefined;
    sem.readers.push(thread);
    wake(sem);
  },
};

const plainKinds = { read: plainKind("read"), write: plainKind("write") };
const queuedKinds = { read: queuedKind("read"), write: queuedKind("write") };
/** They cannot be removed, since what comes next hangs on the answer. */
const killableKinds = {
  read: { ...queuedKinds.read, isIndispensable: true },
  write: { ...queuedKinds.write, isIndispensable: true },
};
const tryKinds = { read: tryKind("read"), write: tryKind("write") };
const upKinds = { read: upKind("read"), write: upKind("write") };

/** Requests without a signal, made once: taking a semaphore must not cost an object. */
const PLAIN: readonly Request[] = WAITING.read.map(({ subclass }) => ({ subclass }));

function down(sem: RwSem, mode: Mode, subclass: number): Operation<void> {
  const request = PLAIN[requireSubclass(subclass)]!;
  const { [mode]: kind } = sem.fairness === "none" ? plainKinds : queuedKinds;
  return Operation.of(kind, sem, request) as Operation<unknown> as Operation<void>;
}

/** Waits until no writer holds it, and as long as its fairness wants, and joins the readers. */
export function downRead(sem: RwSem, subclass: number = 0): Operation<void> {
  return down(sem, "read", subclass);
}

/** The same, but gives up when a fatal signal comes while it waits. @returns 0, or -EINTR without the semaphore. */
export function downReadKillable(sem: RwSem, signal: FatalSignal): Operation<number> {
  return Operation.of(killableKinds.read, sem, { subclass: 0, signal });
}

/** Joins the readers if no writer holds it and nobody waits; says whether: `__down_read_trylock`. */
export function downReadTrylock(sem: RwSem): Operation<boolean> {
  return Operation.of(tryKinds.read, sem, undefined);
}

/** Leaves the readers. */
export function upRead(sem: RwSem): Operation<void> {
  return Operation.of(upKinds.read, sem, undefined);
}

/** Waits until nobody holds it, and as long as its fairness wants, and becomes the writer. */
export function downWrite(sem: RwSem, subclass: number = 0): Operation<void> {
  return down(sem, "write", subclass);
}

/** The same, but gives up when a fatal signal comes while it waits. @returns 0, or -EINTR without the semaphore. */
export function downWriteKillable(sem: RwSem, signal: FatalSignal): Operation<number> {
  return Operation.of(killableKinds.write, sem, { subclass: 0, signal });
}

/** Becomes the writer if that needs no waiting; the result says whether it did. */
export function downWriteTrylock(sem: RwSem): Operation<boolean> {
  return Operation.of(tryKinds.write, sem, undefined);
}

/** Stops being the writer. */
export function upWrite(sem: RwSem): Operation<void> {
  return Operation.of(upKinds.write, sem, undefined);
}

/** Turns the writer into a reader, and lets waiting readers in. */
export function downgradeWrite(sem: RwSem): Operation<void> {
  return Operation.of(downgradeKind, sem, undefined);
}
