/**
 * Read-write semaphores: many readers or one writer; waiting sleeps.
 *
 * Reduced: a waiting writer does not block new readers. Deadlocks that need the kernel's writer preference (a reader
 * that reads again behind a waiting writer) are not seen.
 */

import { Operation, type ModelThread, type OperationKind } from "@mmrace/scheduler";
import { Lock } from "./lock.ts";

/** A sleeping lock for readers or one writer. */
export class RwSem extends Lock {
  /** The writer; for properties. */
  writer: ModelThread | undefined = undefined;
  /** The readers, in the order they came; for properties. */
  readonly readers: ModelThread[] = [];
}

/**
 * The two ways to hold it, with what they need and do. Whoever waits for itself may go on, so that lockdep reports it
 * rather than a bare deadlock.
 */
const modes = {
  read: {
    isFree: (sem: RwSem, thread: ModelThread): boolean => sem.writer === undefined || sem.writer === thread,
    take: (sem: RwSem, thread: ModelThread): void => void sem.readers.push(thread),
    drop: (sem: RwSem, thread: ModelThread): void => {
      const at = sem.readers.indexOf(thread);
      if (at >= 0) sem.readers.splice(at, 1);
    },
  },
  write: {
    isFree: (sem: RwSem, thread: ModelThread): boolean => {
      if (sem.writer !== undefined) return sem.writer === thread;
      return sem.readers.every((reader) => reader === thread);
    },
    take: (sem: RwSem, thread: ModelThread): void => {
      sem.writer = thread;
    },
    drop: (sem: RwSem, thread: ModelThread): void => {
      if (sem.writer === thread) sem.writer = undefined;
    },
  },
} as const;

function downKind(mode: keyof typeof modes): OperationKind<RwSem, number, void> {
  const name = `down_${mode}`;
  const holds = mode === "read" ? "read" : "exclusive";
  return {
    name,
    // Readers commute with each other; a writer commutes with nobody.
    access: mode,
    role: "acquire",
    isEnabled: (sem, _subclass, thread) => modes[mode].isFree(sem, thread),
    perform: (sem, subclass, thread) => {
      sem.lockdep.mightSleep(thread, `${name}(${sem.name})`);
      sem.lockdep.acquired(thread, sem, { subclass, isTry: false, mode: holds, wait: "sleep" });
      modes[mode].take(sem, thread);
    },
  };
}

function tryKind(mode: keyof typeof modes): OperationKind<RwSem, void, boolean> {
  const name = `down_${mode}_trylock`;
  const holds = mode === "read" ? "read" : "exclusive";
  return {
    name,
    // Writes even for readers: whether it succeeds depends on the order with a writer's release, and it never waits.
    access: "write",
    perform: (sem, _argument, thread) => {
      if (sem.writer !== undefined || (mode === "write" && sem.readers.length > 0)) return false;
      sem.lockdep.acquired(thread, sem, { subclass: 0, isTry: true, mode: holds, wait: "sleep" });
      modes[mode].take(sem, thread);
      return true;
    },
    describe: (sem, _argument, result) => `${name}(${sem.name}) = ${result}`,
  };
}

function upKind(mode: keyof typeof modes): OperationKind<RwSem, void, void> {
  return {
    name: `up_${mode}`,
    access: mode,
    role: "release",
    perform: (sem, _argument, thread) => {
      sem.lockdep.released(thread, sem);
      modes[mode].drop(sem, thread);
    },
  };
}

const downReadKind = downKind("read");
const downWriteKind = downKind("write");
const downReadTrylockKind = tryKind("read");
const downWriteTrylockKind = tryKind("write");
const upReadKind = upKind("read");
const upWriteKind = upKind("write");

/** Waits until no writer holds it and joins the readers. */
export function downRead(sem: RwSem, subclass: number = 0): Operation<void> {
  return Operation.of(downReadKind, sem, subclass);
}

/** Joins the readers if no writer holds it; the result says whether it did. */
export function downReadTrylock(sem: RwSem): Operation<boolean> {
  return Operation.of(downReadTrylockKind, sem, undefined);
}

/** Leaves the readers. */
export function upRead(sem: RwSem): Operation<void> {
  return Operation.of(upReadKind, sem, undefined);
}

/** Waits until nobody holds it and becomes the writer. */
export function downWrite(sem: RwSem, subclass: number = 0): Operation<void> {
  return Operation.of(downWriteKind, sem, subclass);
}

/** Becomes the writer if nobody holds it; the result says whether it did. */
export function downWriteTrylock(sem: RwSem): Operation<boolean> {
  return Operation.of(downWriteTrylockKind, sem, undefined);
}

/** Stops being the writer. */
export function upWrite(sem: RwSem): Operation<void> {
  return Operation.of(upWriteKind, sem, undefined);
}
