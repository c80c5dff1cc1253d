/**
 * RCU: read sections that nest and never block, and callbacks that run after every read section that was open when
 * they were queued has ended. The grace period is an internal actor: a scenario that wants callbacks to run adds
 * `rcuCallbacks` as a daemon, and the strategy decides how late they come.
 */

import { Operation, SharedObject, type OperationKind, type Steps } from "@mmrace/scheduler";
import type { Lockdep } from "./lockdep/lockdep.ts";

/** What runs after a grace period. */
export type RcuCallback = () => Steps<void>;

interface Pending {
  readonly name: string;
  readonly callback: RcuCallback;
  /** Ids of the threads whose read sections it still waits for. */
  readonly waitsFor: Set<number>;
}

/** The RCU state of a world. */
export class Rcu extends SharedObject {
  readonly lockdep: Lockdep;
  /** Nesting depth by thread id; for properties. */
  readonly depth: number[] = [];
  /** Queued callbacks, oldest first; for properties. */
  readonly queue: Pending[] = [];

  constructor(lockdep: Lockdep) {
    super("rcu");
    this.lockdep = lockdep;
  }
}

// Sections of different threads commute, so entering and leaving count as reads; queueing and grace periods do not.

const readLockKind: OperationKind<Rcu, void, void> = {
  name: "rcu_read_lock",
  access: "read",
  role: "acquire",
  perform: (rcu, _argument, thread) => {
    rcu.lockdep.rcuChanged(thread, 1);
    rcu.depth[thread.id] = (rcu.depth[thread.id] ?? 0) + 1;
  },
  describe: () => "rcu_read_lock()",
};

const readUnlockKind: OperationKind<Rcu, void, void> = {
  name: "rcu_read_unlock",
  access: "read",
  role: "release",
  perform: (rcu, _argument, thread) => {
    rcu.lockdep.rcuChanged(thread, -1);
    const depth = (rcu.depth[thread.id] ?? 0) - 1;
    rcu.depth[thread.id] = Math.max(depth, 0);
    if (depth <= 0) for (const { waitsFor } of rcu.queue) waitsFor.delete(thread.id);
  },
  describe: () => "rcu_read_unlock()",
};

const callKind: OperationKind<Rcu, Omit<Pending, "waitsFor">, void> = {
  name: "call_rcu",
  access: "write",
  perform: (rcu, { name, callback }) => {
    const readers = rcu.depth.flatMap((depth, id) => (depth > 0 ? [id] : []));
    rcu.queue.push({ name, callback, waitsFor: new Set(readers) });
  },
  describe: (_rcu, { name }) => `call_rcu(${name})`,
};

const gracePeriodKind: OperationKind<Rcu, void, RcuCallback> = {
  name: "rcu_grace_period",
  access: "write",
  isIndispensable: true,
  isEnabled: (rcu) => rcu.queue.length > 0 && rcu.queue[0]!.waitsFor.size === 0,
  perform: (rcu) => rcu.queue.shift()!.callback,
  describe: () => "RCU grace period ends",
};

/** Enters a read section; sections nest. */
export function rcuReadLock(rcu: Rcu): Operation<void> {
  return Operation.of(readLockKind, rcu, undefined);
}

/** Leaves the innermost read section. */
export function rcuReadUnlock(rcu: Rcu): Operation<void> {
  return Operation.of(readUnlockKind, rcu, undefined);
}

/** Queues a callback. It runs in the daemon after all read sections that are open now have ended. */
export function callRcu(rcu: Rcu, name: string, callback: RcuCallback): Operation<void> {
  return Operation.of(callKind, rcu, { name, callback });
}

/** The internal actor: waits for each grace period in turn and runs its callback. Use it as a daemon. */
export function* rcuCallbacks(rcu: Rcu): Steps<void> {
  for (;;) {
    const callback = yield* Operation.of(gracePeriodKind, rcu, undefined);
    yield* callback();
  }
}
