/** Bit spinlocks, and completions whose waiters can be killed. */

import {
  BitSpinLock,
  bitSpinLock,
  bitSpinTrylock,
  bitSpinUnlock,
  complete,
  Completion,
  completeAll,
  ERESTARTSYS,
  FatalSignal,
  LOCK_PROTOCOL,
  Lockdep,
  sendSigkill,
  waitForCompletionKillable,
} from "@mmrace/locks";
import {
  atEnd,
  Cell,
  defineScenario,
  dpor,
  exhaustive,
  explore,
  readOnce,
  without,
  writeOnce,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { expectExactly, expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { one } from "../world.ts";

class World {
  readonly lockdep = new Lockdep();
  readonly lock = new BitSpinLock(this.lockdep, "bit_lock");
  readonly other = new BitSpinLock(this.lockdep, "other_bit");
  readonly done = new Completion(this.lockdep, "completion");
  readonly signal = new FatalSignal();
  readonly cell = new Cell("cell", 0);
  answer: number | undefined = undefined;
}

type Body = (w: World) => Steps<void>;

function scenario(threads: Readonly<Record<string, Body>>, sum?: number): Scenario<World> {
  const properties = sum === undefined ? [] : [atEnd<World>("the sum", ({ cell }) => cell.value === sum)];
  return defineScenario<World>({ name: "bits", setup: () => new World(), threads, properties });
}

function* add({ lock, cell }: World): Steps<void> {
  yield* bitSpinLock(lock);
  yield* writeOnce(cell, (yield* readOnce(cell)) + 1);
  yield* bitSpinUnlock(lock);
}

describe("a bit spinlock", () => {
  test("excludes and hands over: whoever comes first runs its four steps", () => {
    const both = scenario({ one: add, two: add }, 2);
    for (const strategy of [exhaustive(), dpor()]) expectExactly(explore(both, strategy), 2);
    expectNoViolation(explore(both, dpor(), { memory: "tso" }));
  });

  // C(6, 2) = 15 ways for two steps among four; right are three before the other's read and three after its write.
  test("is missed when it is taken away, with its unlock: the control", () => {
    const ablations = [without.lock("one", "bit_lock")];
    let wrong = 0;
    const stopWhen = (): boolean => (wrong++, false);
    const both = scenario({ one: add, two: add }, 2);
    expect(explore(both, exhaustive(), { ablations, stopWhen })).toMatchObject({
      executions: 15,
      complete: true,
    });
    expect(wrong).toBe(9);
  });

  test("answers a trylock", () => {
    const answers = new Set<boolean>();
    const tryer: Body = function* ({ lock }) {
      const isTaken = yield* bitSpinTrylock(lock);
      answers.add(isTaken);
      if (isTaken) yield* bitSpinUnlock(lock);
    };
    expectNoViolation(explore(scenario({ add, tryer }), exhaustive()));
    expect(answers).toEqual(new Set([true, false]));
  });

  test("is not watched for its order: an inversion deadlocks, in as many executions as there are", () => {
    const both = (first: "lock" | "other", second: "lock" | "other"): Body =>
      function* (w) {
        yield* bitSpinLock(w[first]);
        yield* bitSpinLock(w[second]);
        yield* bitSpinUnlock(w[second]);
        yield* bitSpinUnlock(w[first]);
      };
    const threads = { one: both("lock", "other"), two: both("other", "lock") };
    const exploration = explore(scenario(threads), dpor(), { stopAtFirst: false });
    expect(exploration.violations.map(({ oracle }) => oracle)).toEqual(["deadlock"]);
    // One before the other, either way, or each with one lock.
    expect(exploration.executions).toBe(3);
  });

  test.each<[string, Body, RegExp]>([
    ["a free one", ({ lock }) => one(bitSpinUnlock(lock)), /^only releases bit_lock, which it does/],
    [
      "twice",
      function* ({ lock }) {
        yield* bitSpinLock(lock);
        yield* bitSpinUnlock(lock);
        yield* bitSpinUnlock(lock);
      },
      /^only releases bit_lock, which it does not hold$/,
    ],
    [
      "never",
      function* ({ lock }) {
        yield* bitSpinLock(lock);
      },
      /^only ends with preemption off$/,
    ],
    [
      "after sleeping",
      function* ({ lock, done, signal }) {
        yield* complete(done);
        yield* bitSpinLock(lock);
        yield* waitForCompletionKillable(done, signal);
      },
      /^only may sleep in wait_for_completion_killable\(completion\) with preemption off$/,
    ],
  ])("released %s is reported", (_name, body, message) => {
    const only: Body = function* (w) {
      yield* body(w);
    };
    expect(expectViolation(explore(scenario({ only }), exhaustive()), LOCK_PROTOCOL).message).toMatch(
      message,
    );
  });
});

describe("a killable wait for a completion", () => {
  const answers = (others: Readonly<Record<string, Body>>, memory: "sc" | "tso"): ReadonlySet<string> => {
    const found = new Set<string>();
    const waiter: Body = function* (w) {
      w.answer = yield* waitForCompletionKillable(w.done, w.signal);
      found.add(String(w.answer));
    };
    const exploration = explore(scenario({ waiter, ...others }), dpor(), { memory, stopAtFirst: false });
    for (const { oracle } of exploration.violations) found.add(oracle);
    return found;
  };
  const killer: Body = ({ signal }) => one(sendSigkill(signal));
  const completer: Body = ({ done }) => one(complete(done));
  const forGood: Body = ({ done }) => one(completeAll(done));

  test.each(["sc", "tso"] as const)("%s", (memory) => {
    expect(answers({ killer }, memory)).toEqual(new Set([String(-ERESTARTSYS)]));
    expect(answers({ completer }, memory)).toEqual(new Set(["0"]));
    expect(answers({ forGood, killer }, memory)).toEqual(new Set(["0", String(-ERESTARTSYS)]));
    expect(answers({ killer, completer }, memory)).toEqual(new Set(["0", String(-ERESTARTSYS)]));
    expect(answers({}, memory)).toEqual(new Set(["deadlock"]));
  });

  test("takes the event when it can have both", () => {
    const waiter: Body = function* (w) {
      yield* sendSigkill(w.signal);
      yield* complete(w.done);
      w.answer = yield* waitForCompletionKillable(w.done, w.signal);
    };
    const both = {
      ...scenario({ waiter }),
      properties: [atEnd<World>("taken", ({ answer }) => answer === 0)],
    };
    expectExactly(explore(both, exhaustive()), 1);
  });

  test("without complete, only the signal ends it: the wakeup that an ablation drops is missed", () => {
    const waiter: Body = function* (w) {
      w.answer = yield* waitForCompletionKillable(w.done, w.signal);
    };
    const threads = { waiter, completer };
    const ablations = [without.site("completer/complete/completion")];
    expectExactly(explore(scenario(threads), exhaustive()), 1);
    expectViolation(explore(scenario(threads), exhaustive(), { ablations }), "deadlock");
  });
});
