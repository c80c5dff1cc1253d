/** Mutexes: exclusion, who comes next, and what lockdep says about misuse. */

import {
  LOCK_PROTOCOL,
  mutexLock,
  mutexLockKillable,
  mutexTrylock,
  mutexUnlock,
  spinLock,
  type Mutex,
  type MutexFairness,
} from "@mmrace/locks";
import {
  exhaustive,
  explore,
  MUST_WAIT,
  without,
  type ModelThread,
  type Observer,
  type Operation,
} from "@mmrace/scheduler";
import { expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { countInterleavings, END, type Machine } from "../machines.ts";
import {
  fairVisitor,
  leave,
  oneAtATime,
  Room,
  scenario,
  START,
  take,
  visit,
  visitor,
  type Body,
  type State,
} from "../room.ts";
import { expectCountsAnyway } from "../tally.ts";
import { one } from "../world.ts";

describe("exclusion", () => {
  const threads = { a: visitor("a"), b: visitor("b") };

  test("without fairness, waiting is no step: two orders", () => {
    expectNoViolation(explore(scenario("none", threads, [oneAtATime]), exhaustive()));
    const { outcomes } = expectCountsAnyway(scenario("none", threads), { executions: 2, deadlocks: 0 });
    expect(outcomes).toEqual(new Set(["a,b; free, 0 wait", "b,a; free, 0 wait"]));
  });

  test("with fairness, the other queues at any time, or comes late", () => {
    // Behind the first one's lock the second comes before its read, its unlock or after both: 2 * 3.
    expectNoViolation(explore(scenario("fifo", threads, [oneAtATime]), exhaustive()));
    const { outcomes } = expectCountsAnyway(scenario("fifo", threads), { executions: 6, deadlocks: 0 });
    expect(countInterleavings(START, [fairVisitor(0), fairVisitor(1)]).executions).toBe(6);
    expect(outcomes.size).toBe(2);
  });

  test.each(["none", "fifo"] as const)("an ablation of the lock is found, fairness %s", (fairness) => {
    const ablations = [without.lock("a", "mutex")];
    const model = scenario(fairness, threads, [oneAtATime]);
    expectViolation(explore(model, exhaustive(), { ablations }), "one at a time");
  });
});

describe("who comes next", () => {
  /** Notes who asked for the mutex, and checks who gets it. */
  function queueWatch(orders: Set<string>): Observer {
    let asked: ModelThread[] = [];
    let got: ModelThread[] = [];
    return {
      beginExecution: () => void ((asked = []), (got = [])),
      onStep: (thread, { kind }, result) => {
        if (kind.name !== "mutex_lock") return;
        if (!asked.includes(thread)) asked.push(thread);
        if (result === MUST_WAIT) return;
        got.push(thread);
        expect(got).toEqual(asked.slice(0, got.length));
        orders.add(got.map(({ name }) => name).join());
      },
    };
  }

  test.each(["sc", "tso"] as const)("fifo hands it over in the order of asking, under %s", (memory) => {
    const orders = new Set<string>();
    const model = scenario("fifo", { a: visitor("a"), b: visitor("b"), c: visitor("c") });
    const observers = [queueWatch(orders)];
    expectNoViolation(explore(model, exhaustive(), { memory, observers }));
    expect([...orders].filter((order) => order.length === 5)).toHaveLength(6);
  });

  test("three visitors", () => {
    const counts = { executions: 84, deadlocks: 0 };
    const threads = { a: visitor("a"), b: visitor("b"), c: visitor("c") };
    expectCountsAnyway(scenario("fifo", threads), counts);
    expect(countInterleavings(START, [0, 1, 2].map(fairVisitor))).toEqual(counts);
    // Whoever comes next among those that still wait: 3!.
    expectCountsAnyway(scenario("none", threads), { executions: 6, deadlocks: 0 });
  });

  test.each([
    ["fifo", ["refused though free"]],
    ["none", []],
  ] as const)(
    "fairness %s: whether who only tries is refused for the sake of those that wait",
    (fairness, expected) => {
      const seen = new Set<string>();
      const onStep: Observer["onStep"] = (_thread, { kind, object }, isTaken) => {
        if (kind.name !== "mutex_trylock") return;
        const { owner, queue } = object as Mutex;
        if (isTaken === true && !queue.isEmpty) seen.add("stolen");
        if (isTaken === false && owner === undefined) seen.add("refused though free");
      };
      const tries: Body = function* (w) {
        if (yield* mutexTrylock(w.mutex)) yield* visit(w, "c");
      };
      const model = scenario(fairness, { a: visitor("a"), b: visitor("b"), tries });
      expectNoViolation(explore(model, exhaustive(), { observers: [{ onStep }] }));
      expect([...seen]).toEqual(expected);
    },
  );

  test("trylock: counts", () => {
    const tries: Body = function* (w) {
      if (yield* mutexTrylock(w.mutex)) yield* visit(w, "c");
    };
    const triesByHand = (id: number): Machine<State> => [
      (s) => (s.owner === undefined && s.waiters.length === 0 ? take(s, id) : END),
      () => {},
      leave,
    ];
    const counts = { executions: 72, deadlocks: 0 };
    expectCountsAnyway(scenario("fifo", { a: visitor("a"), b: visitor("b"), tries }), counts);
    expect(countInterleavings(START, [fairVisitor(0), fairVisitor(1), triesByHand(2)])).toEqual(counts);
  });

  test("two trylocks: whoever comes second fails, or comes behind the unlock", () => {
    const tries = (name: string): Body =>
      function* (w) {
        if (!(yield* mutexTrylock(w.mutex))) return;
        w.log.push(name);
        yield* mutexUnlock(w.mutex);
      };
    for (const fairness of ["none", "fifo"] as const) {
      const model = scenario(fairness, { a: tries("a"), b: tries("b") });
      const { outcomes } = expectCountsAnyway(model, { executions: 4, deadlocks: 0 });
      const logs = [...outcomes].map((outcome) => outcome.split(";")[0]);
      expect(new Set(logs)).toEqual(new Set(["a", "b", "a,b", "b,a"]));
    }
  });
});

describe("misuse", () => {
  const complaint = (body: Body, fairness: MutexFairness = "none"): string =>
    expectViolation(explore(scenario(fairness, { only: body }), exhaustive()), LOCK_PROTOCOL).message;

  test.each(["none", "fifo"] as const)("taken twice by one thread, fairness %s", (fairness) => {
    const twice: Body = function* (w) {
      yield* mutexLock(w.mutex);
      yield* mutexLock(w.mutex);
    };
    expect(complaint(twice, fairness)).toBe("only takes mutex while it holds mutex of the same class");
  });

  test("released twice", () => {
    const twice: Body = function* (w) {
      yield* mutexLock(w.mutex);
      yield* mutexUnlock(w.mutex);
      yield* mutexUnlock(w.mutex);
    };
    expect(complaint(twice)).toBe("only releases mutex, which it does not hold");
  });

  test("released by somebody else: reported, and the holder keeps it", () => {
    let room: Room | undefined;
    const threads: Readonly<Record<string, Body>> = {
      holder: visitor("holder"),
      other: (w) => one(mutexUnlock(w.mutex)),
    };
    const model = { ...scenario("none", threads), setup: () => (room = new Room("none")) };
    const owners = new Set<string | undefined>();
    const found = new Set<string>();
    const exploration = explore(model, exhaustive(), {
      stopWhen: ({ message }) => {
        owners.add(room!.mutex.owner?.name);
        found.add(message);
        return false;
      },
    });
    expect(exploration.complete).toBe(true);
    expect(found).toContain("other releases mutex, which it does not hold; holder does");
    expect(owners).toEqual(new Set([undefined, "holder"]));
  });

  test.each([
    ["mutex_lock", (w: Room) => mutexLock(w.mutex)],
    ["mutex_lock_killable", (w: Room) => mutexLockKillable(w.mutex, w.signal)],
  ] as const)("%s under a spinlock", (name, lock: (w: Room) => Operation<unknown>) => {
    const nested: Body = function* (w) {
      yield* spinLock(w.spin);
      yield* lock(w);
    };
    for (const fairness of ["none", "fifo"] as const)
      expect(complaint(nested, fairness)).toBe(`only may sleep in ${name}(mutex) while it holds spin`);
  });

  test("two mutexes in both orders", () => {
    const both = (first: (w: Room) => Mutex, second: (w: Room) => Mutex): Body =>
      function* (w) {
        yield* mutexLock(first(w));
        yield* mutexLock(second(w));
        yield* mutexUnlock(second(w));
        yield* mutexUnlock(first(w));
      };
    for (const fairness of ["none", "fifo"] as const) {
      const threads = {
        a: both(
          (w) => w.mutex,
          (w) => w.other,
        ),
        b: both(
          (w) => w.other,
          (w) => w.mutex,
        ),
      };
      const exploration = explore(scenario(fairness, threads), exhaustive(), { stopAtFirst: false });
      expectViolation(exploration, LOCK_PROTOCOL);
      expectViolation(exploration, "deadlock");
    }
  });
});
