/** A world of sleepers and wakers, and the same by hand. */

import { Lockdep, SpinLock, WaitQueue, waitqueueActive, wakeUp } from "@mmrace/locks";
import {
  Cell,
  defineScenario,
  smpMb,
  writeOnce,
  type MemoryModel,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { countInterleavings, END, WAIT, type Machine } from "./machines.ts";
import type { Counts } from "./tally.ts";

/** A condition and a queue of those that wait for it. */
export class Sleepers {
  readonly lockdep = new Lockdep();
  readonly queue = new WaitQueue(this.lockdep, "wait_queue");
  readonly lock = new SpinLock(this.lockdep, "lock");
  readonly condition = new Cell("condition", false);
  /** Who has queued by hand, in order. */
  readonly queued: string[] = [];
  /** Who went on. As a set: the order of two that are awake is decided by no operation. */
  readonly awake = new Set<string>();

  toString(): string {
    const asleep = this.queue.entries.length;
    return `queued ${this.queued.join()}; awake ${[...this.awake].sort().join()}; asleep ${asleep}`;
  }
}

export type Body = (w: Sleepers) => Steps<void>;

/** No properties: tests look at final states. */
export function scenario(threads: Readonly<Record<string, Body>>): Scenario<Sleepers> {
  return defineScenario<Sleepers>({
    name: "wait queue",
    setup: () => new Sleepers(),
    threads,
    properties: [],
  });
}

/** Sets the condition and wakes; perhaps only if it sees somebody, perhaps with a barrier before it looks. */
export const waker = (looks: "unasked" | "looks" | "looks behind a barrier"): Body =>
  function* (w) {
    yield* writeOnce(w.condition, true);
    if (looks === "looks behind a barrier") yield* smpMb();
    if (looks !== "unasked" && !(yield* waitqueueActive(w.queue))) return;
    yield* wakeUp(w.queue);
  };

/** The same by hand. Under `tso` a thread of its own brings the waker's store to memory. */
export interface State {
  isIssued: boolean;
  isSet: boolean;
  isQueued: boolean;
}

const START: State = { isIssued: false, isSet: false, isQueued: false };

const drainMachine: Machine<State> = [(s) => (s.isIssued ? void (s.isSet = true) : WAIT)];

/** How many executions a waiter and a waker have by hand. `waits` is the waiter. */
export function count(
  memory: MemoryModel,
  looks: Parameters<typeof waker>[0],
  waits: Machine<State>,
): Counts {
  const isBuffered = (s: State): boolean => s.isIssued && !s.isSet;
  const store = (s: State): void => {
    s.isIssued = true;
    if (memory === "sc") s.isSet = true;
  };
  const barrier = (s: State): typeof WAIT | void => (isBuffered(s) ? WAIT : undefined);
  const look = (s: State): number | void => (s.isQueued ? undefined : END);
  const wake = (s: State): typeof WAIT | void => (isBuffered(s) ? WAIT : void (s.isQueued = false));
  const wakes: Machine<State> = [
    store,
    ...(looks === "looks behind a barrier" ? [barrier] : []),
    ...(looks === "unasked" ? [] : [look]),
    wake,
  ];
  return countInterleavings(START, memory === "sc" ? [waits, wakes] : [waits, wakes, drainMachine]);
}
