/**
 * A mutex as benchmarks mean it: exclusive, waiting blocks, and nobody watches the order. The kernel locks of
 * @mmrace/locks report lock order as soon as it can go wrong, which would hide the deadlocks that these programs count.
 */

import { Operation, SharedObject, type ModelThread, type OperationKind } from "@mmrace/scheduler";

/** A lock held by at most one thread. */
export class Mutex extends SharedObject {
  /** The holder. */
  owner: ModelThread | undefined = undefined;

  override stateValue(): unknown {
    return [this.owner];
  }
}

const lockKind: OperationKind<Mutex, void, void> = {
  name: "lock",
  access: "write",
  role: "acquire",
  isEnabled: (mutex) => mutex.owner === undefined,
  perform: (mutex, _argument, thread) => {
    mutex.owner = thread;
  },
};

const trylockKind: OperationKind<Mutex, void, boolean> = {
  name: "trylock",
  access: "write",
  accessNow: (mutex) => (mutex.owner === undefined ? "write" : "read"),
  perform: (mutex, _argument, thread) => {
    if (mutex.owner !== undefined) return false;
    mutex.owner = thread;
    return true;
  },
};

const unlockKind: OperationKind<Mutex, void, void> = {
  name: "unlock",
  access: "write",
  role: "release",
  perform: (mutex) => {
    mutex.owner = undefined;
  },
};

/** Waits until the mutex is free and takes it. */
export function lock(mutex: Mutex): Operation<void> {
  return Operation.of(lockKind, mutex, undefined);
}

/** Takes the mutex if it is free; the result says whether it did. A failure only reads. */
export function trylock(mutex: Mutex): Operation<boolean> {
  return Operation.of(trylockKind, mutex, undefined);
}

/** Frees the mutex. Only for the holder. */
export function unlock(mutex: Mutex): Operation<void> {
  return Operation.of(unlockKind, mutex, undefined);
}
