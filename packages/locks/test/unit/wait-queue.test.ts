/** Wait queues: that no wakeup is lost, and that the search notices each way to lose one. */

import {
  finishWait,
  LOCK_PROTOCOL,
  prepareToWait,
  schedule,
  spinLock,
  spinUnlock,
  waitEvent,
  wakeUp,
  wakeUpAll,
} from "@mmrace/locks";
import { exhaustive, explore, readOnce, without, writeOnce, type Steps } from "@mmrace/scheduler";
import { expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { END, WAIT, type Machine } from "../machines.ts";
import { count, scenario, waker, type Body, type Sleepers, type State } from "../sleepers.ts";
import { expectCounts, expectCountsAnyway } from "../tally.ts";
import { one } from "../world.ts";

const waiter: Body = function* (w) {
  yield* waitEvent(w.queue, () => isSet(w));
  w.awake.add("waiter");
};

function* isSet(w: Sleepers): Steps<boolean> {
  return yield* readOnce(w.condition);
}

const waiterMachine: Machine<State> = [
  (s) => (s.isSet ? END : 1),
  (s) => void (s.isQueued = true),
  (s) => (s.isSet ? 4 : 3),
  (s) => (s.isQueued ? WAIT : 1),
  (s) => void (s.isQueued = false),
];

describe("wait_event", () => {
  test.each([
    ["sc", "unasked", 10],
    ["sc", "looks", 16],
    ["sc", "looks behind a barrier", 31],
    ["tso", "unasked", 23],
    ["tso", "looks behind a barrier", 71],
  ] as const)("under %s, the waker %s: no wakeup is lost", (memory, looks, executions) => {
    const counts = { executions, deadlocks: 0 };
    const model = scenario({ waiter, waker: waker(looks) });
    const { outcomes } = expectCounts(model, counts, { memory });
    expect(count(memory, looks, waiterMachine)).toEqual(counts);
    expect(outcomes).toEqual(new Set(["queued ; awake waiter; asleep 0"]));
  });

  test("under tso, a look at the queue without a barrier comes before the store: the waiter sleeps for ever", () => {
    const counts = { executions: 64, deadlocks: 3 };
    const { outcomes } = expectCounts(scenario({ waiter, waker: waker("looks") }), counts, { memory: "tso" });
    expect(count("tso", "looks", waiterMachine)).toEqual(counts);
    expect(outcomes).toContain("deadlock: queued ; awake ; asleep 1");
  });

  test.each(["sc", "tso"] as const)("under %s, nobody wakes: an ablation of wake_up is found", (memory) => {
    const ablations = [without.site("waker/wake_up/wait_queue")];
    // The store reaches memory before the first look, or before or after queueing, or after the second look: there is no
    // third. A buffered one was issued in any of the gaps up to there: 1 + 2 + 3 + 4.
    const counts = memory === "sc" ? { executions: 4, deadlocks: 1 } : { executions: 10, deadlocks: 4 };
    const { outcomes } = expectCounts(scenario({ waiter, waker: waker("unasked") }), counts, {
      memory,
      ablations,
    });
    expect(outcomes).toContain("deadlock: queued ; awake ; asleep 1");
  });

  test("an ablation of the barrier is the missing barrier", () => {
    const model = scenario({ waiter, waker: waker("looks behind a barrier") });
    const ablations = [without.site("waker/smp_mb/memory")];
    expectCounts(model, { executions: 16, deadlocks: 0 }, { memory: "sc", ablations });
    expectCounts(model, { executions: 64, deadlocks: 3 }, { memory: "tso", ablations });
  });

  test("may sleep, so not under a spinlock: also when the condition holds already", () => {
    const underLock = (steps: Body): string => {
      const only: Body = function* (w) {
        yield* writeOnce(w.condition, true);
        yield* spinLock(w.lock);
        yield* steps(w);
        yield* spinUnlock(w.lock);
      };
      return expectViolation(explore(scenario({ only }), exhaustive()), LOCK_PROTOCOL).message;
    };
    expect(underLock((w) => waitEvent(w.queue, () => isSet(w)))).toBe(
      "only may sleep in wait_event(wait_queue) while it holds lock",
    );
    expect(underLock((w) => one(schedule(w.queue)))).toBe(
      "only may sleep in schedule(wait_queue) while it holds lock",
    );
  });
});

describe("by hand", () => {
  test("a look before queueing: what comes between the two is missed", () => {
    const hasty: Body = function* (w) {
      if (yield* readOnce(w.condition)) return;
      yield* prepareToWait(w.queue);
      yield* schedule(w.queue);
      yield* finishWait(w.queue);
    };
    const hastyMachine: Machine<State> = [
      (s) => (s.isSet ? END : 1),
      (s) => void (s.isQueued = true),
      (s) => (s.isQueued ? WAIT : undefined),
      (s) => void (s.isQueued = false),
    ];
    for (const [memory, counts] of [
      ["sc", { executions: 5, deadlocks: 1 }],
      ["tso", { executions: 9, deadlocks: 2 }],
    ] as const) {
      const model = scenario({ waiter: hasty, waker: waker("unasked") });
      const { outcomes } = expectCounts(model, counts, { memory });
      expect(count(memory, "unasked", hastyMachine)).toEqual(counts);
      expect(outcomes).toContain("deadlock: queued ; awake ; asleep 1");
    }
  });

  /** Waits for one wakeup, whatever for. Once woken it is off the queue, so there is nothing to finish. */
  const sleeper = (name: string, exclusive: boolean): Body =>
    function* (w) {
      yield* prepareToWait(w.queue, { exclusive });
      w.queued.push(name);
      yield* schedule(w.queue);
      w.awake.add(name);
    };
  const wakeOne: Body = (w) => one(wakeUp(w.queue));
  const wakeEverybody: Body = (w) => one(wakeUpAll(w.queue));

  test("a wakeup before queueing wakes nobody", () => {
    // The wakeup comes first, or between queueing and sleeping; before that, sleeping is impossible.
    const { outcomes } = expectCountsAnyway(scenario({ a: sleeper("a", false), waker: wakeOne }), {
      executions: 2,
      deadlocks: 1,
    });
    expect(outcomes).toEqual(
      new Set(["queued a; awake a; asleep 0", "deadlock: queued a; awake ; asleep 1"]),
    );
  });

  // Two sleepers, one wakeup. It comes first: both sleep for ever, 2 orders of queueing. Between: one sleeps for ever,
  // and the other wakes before or after that one queues, 2 * 2. Last: 2 orders of queueing, and if it wakes both, 2 orders
  // of waking in each.
  test.each([
    ["wake_up wakes one of two that are exclusive", true, wakeOne, 8, 8],
    ["wake_up wakes both that are not", false, wakeOne, 10, 6],
    ["wake_up_all wakes both that are exclusive", true, wakeEverybody, 10, 6],
  ] as const)("%s", (_name, exclusive, wakes, executions, deadlocks) => {
    const model = scenario({ a: sleeper("a", exclusive), b: sleeper("b", exclusive), waker: wakes });
    const { outcomes } = expectCountsAnyway(model, { executions, deadlocks });
    // Of two in the queue the first is woken, and never only the second.
    expect(outcomes).not.toContain("deadlock: queued a,b; awake b; asleep 1");
    expect(outcomes.has("queued a,b; awake a,b; asleep 0")).toBe(executions === 10);
  });

  test("wake_up finds an exclusive sleeper behind one that is not, and wakes both", () => {
    const model = scenario({ a: sleeper("a", true), b: sleeper("b", false), waker: wakeOne });
    expectCountsAnyway(model, { executions: 10, deadlocks: 6 });
  });

  test("whoever never queued, or has finished, does not sleep", () => {
    const awake: Body = function* (w) {
      yield* schedule(w.queue);
      yield* prepareToWait(w.queue);
      yield* prepareToWait(w.queue);
      yield* finishWait(w.queue);
      yield* schedule(w.queue);
      w.awake.add("self");
    };
    const { outcomes } = expectCountsAnyway(scenario({ awake }), { executions: 1, deadlocks: 0 });
    expect(outcomes).toEqual(new Set(["queued ; awake self; asleep 0"]));
  });
});
