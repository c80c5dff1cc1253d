/**
 * RCU's update side: waiting for readers, and callbacks that run after them. The grace period of a callback is an
 * internal actor: a scenario that wants callbacks to run adds `rcuCallbacks` as a daemon, and the strategy decides how
 * late they come. Kernel: kernel/rcu/tree.c, Linux v6.12.
 *
 * Reduced: callbacks run in the order in which they were queued, one at a time; the kernel keeps that order on each CPU
 * only. `call_rcu` is a full barrier here: otherwise its grace period would have to begin later than the call, when the
 * caller's stores have reached memory.
 */

import {
  MUST_WAIT,
  Operation,
  SharedObject,
  type OperationKind,
  type Steps,
  type Touch,
} from "@mmrace/scheduler";
import { GracePeriod, touchedByBegin } from "./grace-period.ts";
import type { Rcu } from "./rcu.ts";

/** What runs after a grace period. It may not sleep. */
export type RcuCallback = () => Steps<void> | Operation<void>;

/** A queued callback. */
export interface PendingCallback {
  readonly name: string;
  readonly callback: RcuCallback;
  readonly gracePeriod: GracePeriod;
}

// Not a step. It is there for ablations: without its grace period, a callback runs at once.
const deferKind: OperationKind<Rcu, void, true> = {
  name: "grace_period",
  access: "none",
  isSchedulingPoint: false,
  perform: () => true,
  describe: () => "for a grace period:",
};

/** What queueing a callback and taking one touch. */
function changesQueue({ callbacks }: Rcu): Touch {
  return { access: "write", object: callbacks };
}

const callKind: OperationKind<Rcu, PendingCallback, void> = {
  name: "call_rcu",
  access: "write",
  order: "locked",
  touches: (rcu, _pending, thread) => [changesQueue(rcu), ...touchedByBegin(thread)],
  perform: (rcu, pending, thread) => {
    pending.gracePeriod.begin(rcu.readers, thread);
    rcu.queue.push(pending);
  },
  describe: (_rcu, { name }) => `call_rcu(${name})`,
};

const gracePeriodKind: OperationKind<Rcu, void, RcuCallback> = {
  name: "rcu_grace_period",
  access: "none",
  order: "locked",
  isIndispensable: true,
  isEnabled: (rcu) => rcu.queue[0]?.gracePeriod.isOver === true,
  touches: (rcu) => [changesQueue(rcu), ...(rcu.queue[0]?.gracePeriod.touchedByEnd ?? [])],
  perform: (rcu) => rcu.queue.shift()!.callback,
  describe: () => "RCU grace period ends",
};

/**
 * Queues a callback. It runs in the daemon after all read sections that are open now have ended; when an ablation takes
 * the grace period away (site `PROCEDURE/grace_period/rcu`), here and at once.
 */
export function* callRcu(rcu: Rcu, name: string, callback: RcuCallback): Steps<void> {
  const isDeferred: boolean | undefined = yield* Operation.of(deferKind, rcu, undefined);
  if (isDeferred !== true) return yield* callback();
  yield* Operation.of(callKind, rcu, { name, callback, gracePeriod: new GracePeriod() });
}

/** The internal actor: waits for each grace period in turn and runs its callback. Use it as a daemon. */
export function* rcuCallbacks(rcu: Rcu): Steps<void> {
  for (;;) {
    const callback = yield* Operation.of(gracePeriodKind, rcu, undefined);
    yield* callback();
  }
}

function synchronizeKind(name: string): OperationKind<Rcu, GracePeriod, void> {
  return {
    name,
    access: "write",
    order: "locked",
    touches: (_rcu, _gracePeriod, thread) => touchedByBegin(thread),
    perform: (rcu, gracePeriod, thread) => {
      rcu.lockdep.mightSleep(thread, `${name}()`);
      gracePeriod.begin(rcu.readers, thread);
      // Where stores are buffered it always waits: what to do must not depend on how far the buffers are.
      if (gracePeriod.waitsFor.size === 0 && thread.storeBuffer === undefined) return undefined;
      rcu.await(gracePeriod);
      return MUST_WAIT;
    },
    thenWait: {
      name,
      access: "none",
      order: "none",
      isEnabled: (_rcu, gracePeriod) => gracePeriod.isOver,
      touches: (_rcu, gracePeriod) => gracePeriod.touchedByEnd,
      perform: () => {},
      describe: () => `${name}() returns`,
    },
    describe: () => `${name}()`,
  };
}

const synchronizeRcuKind = synchronizeKind("synchronize_rcu");
const synchronizeExpeditedKind = synchronizeKind("synchronize_rcu_expedited");

/** Waits until all read sections that are open now have ended. Sleeps. A full barrier on every CPU. */
export function synchronizeRcu(rcu: Rcu): Operation<void> {
  return Operation.of(synchronizeRcuKind, rcu, new GracePeriod());
}

/** The same, faster in the kernel, as it interrupts the readers' CPUs. Here the name is all that differs. */
export function synchronizeRcuExpedited(rcu: Rcu): Operation<void> {
  return Operation.of(synchronizeExpeditedKind, rcu, new GracePeriod());
}

/** Who waits for callbacks, and whether the last of them has run. */
class Barrier extends SharedObject {
  isDone = false;

  override stateValue(): unknown {
    return this.isDone;
  }
}

const barrierDoneKind: OperationKind<Barrier, void, void> = {
  name: "rcu_barrier_callback",
  access: "write",
  order: "locked",
  isIndispensable: true,
  perform: (barrier) => {
    barrier.isDone = true;
  },
};

const barrierKind: OperationKind<Rcu, Barrier, void> = {
  name: "rcu_barrier",
  access: "none",
  order: "locked",
  touches: (rcu) => [changesQueue(rcu)],
  perform: (rcu, barrier, thread) => {
    rcu.lockdep.mightSleep(thread, "rcu_barrier()");
    const callback: RcuCallback = () => Operation.of(barrierDoneKind, barrier, undefined);
    // It needs no grace period of its own: it comes after the callbacks before it.
    rcu.queue.push({ name: "rcu_barrier", callback, gracePeriod: new GracePeriod() });
    return MUST_WAIT;
  },
  thenWait: {
    name: "rcu_barrier",
    access: "none",
    order: "none",
    isEnabled: (_rcu, barrier) => barrier.isDone,
    touches: (_rcu, barrier) => [{ access: "read", object: barrier }],
    perform: () => {},
    describe: () => "rcu_barrier() returns",
  },
  describe: () => "rcu_barrier()",
};

/** Waits until all callbacks that are queued now have run. Sleeps. Needs the daemon. */
export function rcuBarrier(rcu: Rcu): Operation<void> {
  return Operation.of(barrierKind, rcu, new Barrier("rcu_barrier"));
}
