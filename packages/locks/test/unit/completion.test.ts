/** Completions: events are counted, nobody goes on without one, and lost ones are noticed. */

import {
  complete,
  completeAll,
  Completion,
  LOCK_PROTOCOL,
  Lockdep,
  reinitCompletion,
  SpinLock,
  spinLock,
  spinUnlock,
  tryWaitForCompletion,
  waitForCompletion,
} from "@mmrace/locks";
import { defineScenario, exhaustive, explore, without, type Scenario, type Steps } from "@mmrace/scheduler";
import { expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { expectCounts, expectCountsAnyway } from "../tally.ts";
import { one } from "../world.ts";

class Workers {
  readonly lockdep = new Lockdep();
  readonly completion = new Completion(this.lockdep, "completion");
  readonly lock = new SpinLock(this.lockdep, "lock");
  readonly start = new Completion(this.lockdep, "start");
  /** What each thread has found out. As a set: the order of two that are through is decided by no operation. */
  readonly notes = new Set<string>();

  toString(): string {
    return `${[...this.notes].sort().join()}; done ${this.completion.done}`;
  }
}

type Body = (w: Workers) => Steps<void>;

function scenario(threads: Readonly<Record<string, Body>>): Scenario<Workers> {
  return defineScenario<Workers>({ name: "completion", setup: () => new Workers(), threads, properties: [] });
}

const waits = (name: string): Body =>
  function* (w) {
    yield* waitForCompletion(w.completion);
    w.notes.add(name);
  };
const completes: Body = (w) => one(complete(w.completion));
const completesAll: Body = (w) => one(completeAll(w.completion));

test("a waiter goes on behind the event, and uses it up", () => {
  const { outcomes } = expectCountsAnyway(scenario({ a: waits("a"), completes }), {
    executions: 1,
    deadlocks: 0,
  });
  expect(outcomes).toEqual(new Set(["a; done 0"]));
});

test("one event lets one of two waiters through", () => {
  const threads = { a: waits("a"), b: waits("b"), completes };
  const { outcomes } = expectCountsAnyway(scenario(threads), { executions: 2, deadlocks: 2 });
  expect(outcomes).toEqual(new Set(["deadlock: a; done 0", "deadlock: b; done 0"]));
});

test("two events let both through", () => {
  // Either both events come first, in 2 orders, and then the waiters, in 2; or one of each by turns, 2 orders each.
  const threads = { a: waits("a"), b: waits("b"), completes, again: completes };
  const { outcomes } = expectCountsAnyway(scenario(threads), { executions: 8, deadlocks: 0 });
  expect(outcomes).toEqual(new Set(["a,b; done 0"]));
});

test("complete_all lets both through, and later events add nothing", () => {
  // Of 24 orders, 12 begin with a waiter, and in 2 both waiters come right behind the single event.
  const threads = { a: waits("a"), b: waits("b"), completesAll, completes };
  const { outcomes } = expectCountsAnyway(scenario(threads), { executions: 10, deadlocks: 0 });
  expect(outcomes).toEqual(new Set(["a,b; done Infinity"]));
});

test("try_wait_for_completion answers instead of waiting", () => {
  const tries: Body = function* (w) {
    w.notes.add(String(yield* tryWaitForCompletion(w.completion)));
  };
  const { outcomes } = expectCountsAnyway(scenario({ tries, completes }), { executions: 2, deadlocks: 0 });
  expect(outcomes).toEqual(new Set(["false; done 1", "true; done 0"]));
});

/** Starts a worker, and forgets old events before that, or only after it. */
const starter = (order: "reinit first" | "start first"): Body =>
  function* (w) {
    if (order === "reinit first") yield* reinitCompletion(w.completion);
    yield* complete(w.start);
    if (order === "start first") yield* reinitCompletion(w.completion);
    yield* waitForCompletion(w.completion);
    w.notes.add("over");
  };
const worker: Body = function* (w) {
  yield* waitForCompletion(w.start);
  yield* complete(w.completion);
};

describe("reinit_completion", () => {
  test("before the work starts: the event is not lost, and nothing can come in another order", () => {
    const model = scenario({ starter: starter("reinit first"), worker });
    const { outcomes } = expectCountsAnyway(model, { executions: 1, deadlocks: 0 });
    expect(outcomes).toEqual(new Set(["over; done 0"]));
  });

  // The store comes before, between or behind the worker's two steps, and behind them it wipes out the event. Buffered it
  // is two steps, merged with those two in 6 ways; the second is the last in 3.
  test.each([
    ["sc", 3, 1],
    ["tso", 6, 3],
  ] as const)("after it, under %s: the event may be lost", (memory, executions, deadlocks) => {
    const model = scenario({ starter: starter("start first"), worker });
    const { outcomes } = expectCounts(model, { executions, deadlocks }, { memory });
    expect(outcomes).toEqual(new Set(["over; done 0", "deadlock: ; done 0"]));
  });

  test("ends what complete_all has begun", () => {
    const again: Body = function* (w) {
      yield* completeAll(w.completion);
      yield* waitForCompletion(w.completion);
      yield* reinitCompletion(w.completion);
      w.notes.add(String(yield* tryWaitForCompletion(w.completion)));
    };
    const { outcomes } = expectCountsAnyway(scenario({ again }), { executions: 1, deadlocks: 0 });
    expect(outcomes).toEqual(new Set(["false; done 0"]));
  });
});

test("nobody completes: an ablation of complete is found", () => {
  const ablations = [without.site("completes/complete/completion")];
  const model = scenario({ a: waits("a"), completes });
  for (const memory of ["sc", "tso"] as const) {
    expectCounts(model, { executions: 1, deadlocks: 1 }, { memory, ablations });
  }
});

test("waiting may sleep, so not under a spinlock; completing may be done there", () => {
  const only: Body = function* (w) {
    yield* spinLock(w.lock);
    yield* complete(w.completion);
    yield* waitForCompletion(w.completion);
    yield* spinUnlock(w.lock);
  };
  expect(expectViolation(explore(scenario({ only }), exhaustive()), LOCK_PROTOCOL).message).toBe(
    "only may sleep in wait_for_completion(completion) while it holds lock",
  );
});
