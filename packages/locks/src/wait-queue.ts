/**
 * Wait queues: threads that sleep until somebody wakes them. kernel/sched/wait.c and include/linux/wait.h, Linux v6.12.
 *
 * A wakeup reaches only those that have queued; whoever has seen the condition false and has not queued yet misses it.
 * So a waiter queues first and looks then, and a waker changes the condition first and looks at the queue then.
 *
 * Reduced: a thread waits in one queue at a time, and `schedule` names it; nobody is woken but through the queue; under
 * `tso` `finish_wait` is a full barrier also where the kernel finds the thread no longer queued and takes no lock.
 */

import { Operation, SharedObject, type ModelThread, type OperationKind, type Steps } from "@mmrace/scheduler";
import type { LockOptions } from "./lock.ts";
import type { Lockdep } from "./lockdep/lockdep.ts";

/** A thread in a queue. It is asleep, or will be as soon as it schedules. */
export interface WaitEntry {
  readonly thread: ModelThread;
  /** Whether `wake_up` wakes only one of these. */
  readonly exclusive: boolean;
}

/** The head of a wait queue. */
export class WaitQueue extends SharedObject {
  readonly lockdep: Lockdep;
  /** Who waits, in the order in which wakeups reach them: those that are not exclusive first. For properties. */
  readonly entries: WaitEntry[] = [];

  /** @param className the location class; it names sites. */
  constructor(lockdep: Lockdep, className: string, options: LockOptions = {}) {
    super(className, options.name, options.lifetime);
    this.lockdep = lockdep;
  }

  override stateValue(): unknown {
    return this.entries;
  }
}

/** How to wait. */
export interface WaitOptions {
  /** Behind the others, and woken one at a time: `prepare_to_wait_exclusive`. */
  readonly exclusive?: boolean;
}

function isQueued({ entries }: WaitQueue, thread: ModelThread): boolean {
  return entries.some((entry) => entry.thread === thread);
}

// No roles: nobody who waits in a queue excludes anybody.

function prepareKind(exclusive: boolean): OperationKind<WaitQueue, void, void> {
  return {
    name: exclusive ? "prepare_to_wait_exclusive" : "prepare_to_wait",
    access: "write",
    perform: (queue, _argument, thread) => {
      if (isQueued(queue, thread)) return;
      if (exclusive) queue.entries.push({ thread, exclusive });
      else queue.entries.unshift({ thread, exclusive });
    },
  };
}

const prepareSharedKind = prepareKind(false);
const prepareExclusiveKind = prepareKind(true);

const scheduleKind: OperationKind<WaitQueue, void, void> = {
  name: "schedule",
  // The waker has taken the thread off the queue already.
  access: "read",
  // A context switch is a full barrier.
  order: "locked",
  // Without it a waiter would spin.
  isIndispensable: true,
  isEnabled: (queue, _argument, thread) => !isQueued(queue, thread),
  perform: (queue, _argument, thread) => {
    queue.lockdep.mightSleep(thread, "schedule", queue);
  },
};

const finishKind: OperationKind<WaitQueue, void, void> = {
  name: "finish_wait",
  access: "write",
  accessNow: (queue, _argument, thread) => (isQueued(queue, thread) ? "write" : "read"),
  perform: ({ entries }, _argument, thread) => {
    const at = entries.findIndex((entry) => entry.thread === thread);
    if (at >= 0) entries.splice(at, 1);
  },
};

/** @param exclusiveMax how many exclusive waiters it wakes at most. */
function wakeKind(name: string, exclusiveMax: number): OperationKind<WaitQueue, void, void> {
  return {
    name,
    access: "write",
    accessNow: ({ entries }) => (entries.length === 0 ? "read" : "write"),
    perform: ({ entries }) => {
      const shared = entries.filter(({ exclusive }) => !exclusive).length;
      entries.splice(0, shared + exclusiveMax);
    },
  };
}

const wakeUpKind = wakeKind("wake_up", 1);
const wakeUpAllKind = wakeKind("wake_up_all", Infinity);

const activeKind: OperationKind<WaitQueue, void, boolean> = {
  name: "waitqueue_active",
  access: "read",
  order: "load",
  perform: ({ entries }) => entries.length > 0,
  describe: ({ name }, _argument, result) => `waitqueue_active(${name}) = ${result}`,
};

const mightSleepKind: OperationKind<WaitQueue, void, void> = {
  name: "might_sleep",
  access: "none",
  isSchedulingPoint: false,
  perform: (queue, _argument, thread) => queue.lockdep.mightSleep(thread, "wait_event", queue),
  describe: () => "might_sleep()",
};

/** Queues the thread unless it is queued, and makes it sleep at its next `schedule`. kernel/sched/wait.c, v6.12. */
export function prepareToWait(queue: WaitQueue, { exclusive = false }: WaitOptions = {}): Operation<void> {
  return Operation.of(exclusive ? prepareExclusiveKind : prepareSharedKind, queue, undefined);
}

/** Sleeps until woken since `prepareToWait`; goes on at once if it was, or never queued. kernel/sched/core.c, v6.12. */
export function schedule(queue: WaitQueue): Operation<void> {
  return Operation.of(scheduleKind, queue, undefined);
}

/** Stops waiting: leaves the queue, unless a wakeup has done that. `finish_wait`, kernel/sched/wait.c, v6.12. */
export function finishWait(queue: WaitQueue): Operation<void> {
  return Operation.of(finishKind, queue, undefined);
}

/** Wakes all waiters that are not exclusive, and one that is: `wake_up`, include/linux/wait.h, v6.12. */
export function wakeUp(queue: WaitQueue): Operation<void> {
  return Operation.of(wakeUpKind, queue, undefined);
}

/** Wakes all waiters: `wake_up_all`, include/linux/wait.h, v6.12. */
export function wakeUpAll(queue: WaitQueue): Operation<void> {
  return Operation.of(wakeUpAllKind, queue, undefined);
}

/**
 * Whether anybody is queued, without the queue's lock. Needs a full barrier between the store of the condition and
 * itself. `waitqueue_active`, include/linux/wait.h, v6.12.
 */
export function waitqueueActive(queue: WaitQueue): Operation<boolean> {
  return Operation.of(activeKind, queue, undefined);
}

/** Sleeps until the condition holds: `wait_event` and `___wait_event`, include/linux/wait.h, v6.12. */
export function* waitEvent(queue: WaitQueue, condition: () => Steps<boolean>): Steps<void> {
  yield* Operation.of(mightSleepKind, queue, undefined);
  if (yield* condition()) return;
  for (;;) {
    yield* prepareToWait(queue);
    if (yield* condition()) break;
    yield* schedule(queue);
  }
  yield* finishWait(queue);
}
