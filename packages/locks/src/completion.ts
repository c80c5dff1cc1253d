/** Completions: events that are counted until somebody has waited for them. kernel/sched/completion.c, Linux v6.12. */

import { Operation, SharedObject, type OperationKind } from "@mmrace/scheduler";
import type { FatalSignal } from "./fatal-signal.ts";
import type { LockOptions } from "./lock.ts";
import type { Lockdep } from "./lockdep/lockdep.ts";

/** The error of an interrupted wait for a completion, where locks have EINTR: include/linux/errno.h, v6.12. */
export const ERESTARTSYS = 512;

/**
 * A count of events, or "for good" after `complete_all`. Often on the stack of the waiter, so it takes a `lifetime`.
 *
 * Reduced: waiters are not queued. The kernel wakes the first, but whoever then comes first takes the event. Under `tso`
 * `try_wait_for_completion` is a full barrier also when it fails, where the kernel only looks.
 */
export class Completion extends SharedObject {
  readonly lockdep: Lockdep;
  /** Events nobody has waited for yet; infinite after `complete_all`, the kernel's UINT_MAX. For properties. */
  done = 0;

  /** @param className the location class; it names sites. */
  constructor(lockdep: Lockdep, className: string, options: LockOptions = {}) {
    super(className, options.name, options.lifetime);
    this.lockdep = lockdep;
  }

  override stateValue(): unknown {
    return this.done;
  }
}

// No roles: a completion excludes nobody, and who completes it holds nothing.

const waitKind: OperationKind<Completion, void, void> = {
  name: "wait_for_completion",
  access: "write",
  // After complete_all there is nothing to consume.
  accessNow: ({ done }) => (done === Infinity ? "read" : "write"),
  isEnabled: ({ done }) => done > 0,
  perform: (completion, _argument, thread) => {
    completion.lockdep.mightSleep(thread, "wait_for_completion", completion);
    completion.done--;
  },
};

const killableKind: OperationKind<Completion, FatalSignal, number> = {
  name: "wait_for_completion_killable",
  access: "write",
  accessNow: ({ done }) => (done === Infinity ? "read" : "write"),
  isIndispensable: true,
  touches: (_completion, signal) => [{ access: "read", object: signal }],
  isEnabled: ({ done }, signal) => done > 0 || signal.isPending,
  perform: (completion, _signal, thread) => {
    completion.lockdep.mightSleep(thread, "wait_for_completion_killable", completion);
    // do_wait_for_common looks at signals only while nothing is there.
    if (completion.done === 0) return -ERESTARTSYS;
    completion.done--;
    return 0;
  },
  describe: ({ name }, _signal, result) =>
    `wait_for_completion_killable(${name}) = ${result === 0 ? "0" : "-ERESTARTSYS"}`,
};

const tryWaitKind: OperationKind<Completion, void, boolean> = {
  name: "try_wait_for_completion",
  access: "write",
  accessNow: ({ done }) => (done === 0 || done === Infinity ? "read" : "write"),
  perform: (completion) => {
    if (completion.done === 0) return false;
    completion.done--;
    return true;
  },
  describe: ({ name }, _argument, result) => `try_wait_for_completion(${name}) = ${result}`,
};

const completeKind: OperationKind<Completion, void, void> = {
  name: "complete",
  access: "write",
  accessNow: ({ done }) => (done === Infinity ? "read" : "write"),
  perform: (completion) => {
    completion.done++;
  },
};

const completeAllKind: OperationKind<Completion, void, void> = {
  name: "complete_all",
  access: "write",
  accessNow: ({ done }) => (done === Infinity ? "read" : "write"),
  perform: (completion) => {
    completion.done = Infinity;
  },
};

const reinitKind: OperationKind<Completion, void, void> = {
  name: "reinit_completion",
  access: "write",
  // A plain store, without the lock that the others take.
  order: "store",
  perform: (completion) => {
    completion.done = 0;
  },
};

/** Sleeps until an event is there, and consumes it: `wait_for_completion`, kernel/sched/completion.c, v6.12. */
export function waitForCompletion(completion: Completion): Operation<void> {
  return Operation.of(waitKind, completion, undefined);
}

/**
 * Sleeps until an event is there, and consumes it, or until a fatal signal comes. @returns 0, or -ERESTARTSYS
 * without an event.
 * `wait_for_completion_killable`, kernel/sched/completion.c, v6.12.
 */
export function waitForCompletionKillable(completion: Completion, signal: FatalSignal): Operation<number> {
  return Operation.of(killableKind, completion, signal);
}

/** Consumes an event if one is there; says whether. `try_wait_for_completion`, kernel/sched/completion.c, v6.12. */
export function tryWaitForCompletion(completion: Completion): Operation<boolean> {
  return Operation.of(tryWaitKind, completion, undefined);
}

/** Adds one event, for one waiter: `complete`, kernel/sched/completion.c, v6.12. */
export function complete(completion: Completion): Operation<void> {
  return Operation.of(completeKind, completion, undefined);
}

/** Lets everybody through, now and later: `complete_all`, kernel/sched/completion.c, v6.12. */
export function completeAll(completion: Completion): Operation<void> {
  return Operation.of(completeAllKind, completion, undefined);
}

/** Forgets all events: `reinit_completion`, include/linux/completion.h, v6.12. */
export function reinitCompletion(completion: Completion): Operation<void> {
  return Operation.of(reinitKind, completion, undefined);
}
