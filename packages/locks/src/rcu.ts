/**
 * RCU: read sections that nest, never block and cost nothing, and pointers that are read in them. What waits for readers
 * is in rcu-update.ts. Kernel: include/linux/rcupdate.h, Linux v6.12.
 *
 * Since 4.20 there is one flavour: a grace period also waits for regions with preemption or interrupts off, and so for
 * holders of spinlocks, where the `Machine` or the lock was told of the `Rcu`. Reduced: readers are not preempted into
 * priority boosting, and there are no stalls.
 */

import {
  Operation,
  SharedObject,
  type Access,
  type Cell,
  type ModelThread,
  type OperationKind,
  type Touch,
} from "@mmrace/scheduler";
import type { GracePeriod } from "./grace-period.ts";
import type { Lockdep } from "./lockdep/lockdep.ts";
import type { PendingCallback } from "./rcu-update.ts";

/** The state of the queue is part of that of its RCU. */
class CallbackQueue extends SharedObject {
  override stateValue(): undefined {
    return undefined;
  }
}

/** The RCU state of a world. */
export class Rcu extends SharedObject {
  readonly lockdep: Lockdep;
  /** Nesting depth by thread id, regions that count as sections included; for properties. */
  readonly depth: number[] = [];
  /** Queued callbacks, oldest first; for properties. */
  readonly queue: PendingCallback[] = [];
  /** Stands for the queue in footprints: who takes from it does not care who enters sections. */
  readonly callbacks: SharedObject = new CallbackQueue("rcu_callbacks");
  /** Grace periods that a thread waits for. */
  #awaited: GracePeriod[] = [];

  constructor(lockdep: Lockdep) {
    super("rcu");
    this.lockdep = lockdep;
  }

  /** With the grace periods that callbacks and threads wait for. */
  override stateValue(): unknown {
    const queue = this.queue.map(({ name, callback, gracePeriod }) => [name, callback, gracePeriod.content]);
    const awaited = this.#awaited.filter(({ waitsFor }) => waitsFor.size > 0);
    return [this.depth, queue, awaited.map((gracePeriod) => [gracePeriod, gracePeriod.content])];
  }

  /** Ids of the threads that are in a read section. */
  get readers(): readonly number[] {
    return this.depth.flatMap((depth, id) => (depth > 0 ? [id] : []));
  }

  /** A thread enters a section. */
  enter({ id }: ModelThread): void {
    this.depth[id] = (this.depth[id] ?? 0) + 1;
  }

  /** A thread leaves a section, and perhaps its outermost one. */
  leave(thread: ModelThread): void {
    const depth = Math.max((this.depth[thread.id] ?? 0) - 1, 0);
    this.depth[thread.id] = depth;
    if (depth > 0) return;
    for (const { gracePeriod } of this.queue) gracePeriod.noteLeft(thread);
    for (const gracePeriod of this.#awaited) gracePeriod.noteLeft(thread);
  }

  /** How entering changes what others see: inside a section not at all, since grace periods look for outermost ones. */
  enterAccess({ id }: ModelThread): Access {
    return (this.depth[id] ?? 0) > 0 ? "none" : "read";
  }

  /** The same for leaving. */
  leaveAccess({ id }: ModelThread): Access {
    return (this.depth[id] ?? 0) > 1 ? "none" : "read";
  }

  /** What `leave` touches besides the RCU state itself: the grace periods that wait for it. */
  touchedByLeave(thread: ModelThread): readonly Touch[] {
    if (this.leaveAccess(thread) === "none") return [];
    const touches: Touch[] = [];
    const waits = [...this.queue.map(({ gracePeriod }) => gracePeriod), ...this.#awaited];
    for (const object of waits) {
      if (object.waitsFor.has(thread.id)) touches.push({ access: "add", object });
    }
    if (thread.storeBuffer !== undefined) touches.push({ access: "read", object: thread.storeBuffer });
    return touches;
  }

  /** A thread is going to wait for a grace period. */
  await(gracePeriod: GracePeriod): void {
    this.#awaited = this.#awaited.filter(({ waitsFor }) => waitsFor.size > 0);
    this.#awaited.push(gracePeriod);
  }
}

// Sections of different threads commute, so entering and leaving count as reads; queueing and grace periods do not.

const readLockKind: OperationKind<Rcu, void, void> = {
  name: "rcu_read_lock",
  access: "read",
  accessNow: (rcu, _argument, thread) => rcu.enterAccess(thread),
  order: "none",
  role: "acquire",
  perform: (rcu, _argument, thread) => {
    rcu.lockdep.rcuChanged(thread, 1);
    rcu.enter(thread);
  },
  describe: () => "rcu_read_lock()",
};

const readUnlockKind: OperationKind<Rcu, void, void> = {
  name: "rcu_read_unlock",
  access: "read",
  accessNow: (rcu, _argument, thread) => rcu.leaveAccess(thread),
  order: "none",
  role: "release",
  touches: (rcu, _argument, thread) => rcu.touchedByLeave(thread),
  perform: (rcu, _argument, thread) => {
    rcu.lockdep.rcuChanged(thread, -1);
    rcu.leave(thread);
  },
  describe: () => "rcu_read_unlock()",
};

/** Enters a read section; sections nest. No barrier. */
export function rcuReadLock(rcu: Rcu): Operation<void> {
  return Operation.of(readLockKind, rcu, undefined);
}

/** Leaves the innermost read section; a thread that is in none is reported. No barrier. */
export function rcuReadUnlock(rcu: Rcu): Operation<void> {
  return Operation.of(readUnlockKind, rcu, undefined);
}

const dereferenceKind: OperationKind<Cell<unknown>, Rcu, unknown> = {
  name: "rcu_dereference",
  access: "read",
  order: "load",
  perform: (cell, rcu, thread) => {
    rcu.lockdep.rcuDereference(thread, cell.name);
    return cell.value;
  },
  forward: (_rcu, store) => store,
  describe: (cell, _rcu, result) => `rcu_dereference(${cell.name}) = ${cell.show(result)}`,
};

const assignKind: OperationKind<Cell<unknown>, unknown, void> = {
  name: "rcu_assign_pointer",
  access: "write",
  order: "store",
  perform: (cell, value) => {
    cell.value = value;
  },
  describe: (cell, value) => `rcu_assign_pointer(${cell.name}, ${cell.show(value)})`,
};

/** Reads an RCU-protected pointer; lockdep reports it outside a read section. */
export function rcuDereference<T>(rcu: Rcu, cell: Cell<T>): Operation<T> {
  return Operation.of(dereferenceKind, cell as Cell<unknown>, rcu) as Operation<T>;
}

/** Publishes what a pointer points to: a store that earlier stores stay before. On x86 a plain store. */
export function rcuAssignPointer<T>(cell: Cell<T>, value: T): Operation<void> {
  return Operation.of(assignKind, cell as Cell<unknown>, value);
}
