/** What lockdep learns of interrupts: locks that handlers take, and sleeping where nobody may. */

import {
  interruptDaemons,
  localIrqDisable,
  localIrqEnable,
  LOCK_PROTOCOL,
  Lockdep,
  Machine,
  Mutex,
  mutexLock,
  mutexUnlock,
  preemptDisable,
  preemptEnable,
  raiseIrq,
  SpinLock,
  spinLock,
  spinLockIrq,
  spinUnlock,
  spinUnlockIrq,
  type InterruptHandler,
} from "@mmrace/locks";
import {
  Cell,
  decodeToken,
  defineScenario,
  exhaustive,
  explore,
  replayToken,
  xchg,
  type Exploration,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";

class World {
  readonly lockdep = new Lockdep();
  readonly machine = new Machine(this.lockdep, 2);
  readonly device = new SpinLock(this.lockdep, "device");
  readonly list = new SpinLock(this.lockdep, "list");
  readonly mutex = new Mutex(this.lockdep, "mutex");
  readonly turn = new Cell("turn", 0);
}

type Body = (w: World) => Steps<void>;

function scenarioOf(threads: Readonly<Record<string, Body>>): Scenario<World> {
  return defineScenario<World>({
    name: "interrupt locks",
    setup: () => new World(),
    threads,
    daemons: interruptDaemons<World>(2, ({ machine }) => machine),
    properties: [],
  });
}

function search(threads: Readonly<Record<string, Body>>): Exploration {
  return explore(scenarioOf(threads), exhaustive(), { stopAtFirst: false });
}

function complaintOf(threads: Readonly<Record<string, Body>>): string {
  return expectViolation(search(threads), LOCK_PROTOCOL).message;
}

/** A handler that takes the device's lock. */
const handler = (w: World): InterruptHandler =>
  function* () {
    yield* spinLock(w.device);
    yield* spinUnlock(w.device);
  };

const raise: Body = function* (w) {
  yield* raiseIrq(w.machine.cpus[0]!, handler(w));
};

describe("a lock that a handler takes", () => {
  test("is taken elsewhere with interrupts on: they deadlock, or are reported before", () => {
    const careless: Body = function* (w) {
      yield* spinLock(w.device);
      yield* spinUnlock(w.device);
    };
    const { violations } = search({ careless, raise });
    // In some executions the handler comes while the lock is held, and spins for ever on the CPU of the holder.
    expect(new Set(violations.map(({ oracle }) => oracle))).toEqual(new Set(["deadlock", LOCK_PROTOCOL]));
    const report = violations.find(({ oracle }) => oracle === LOCK_PROTOCOL)!;
    expect(report.message).toBe("device is taken in an interrupt handler, and elsewhere with interrupts on");
    expect(report.details!.slice(-3)).toEqual([
      "A deadlock this allows:",
      "  CPU0 holds device with interrupts on",
      "  CPU0 is interrupted, and the handler waits for device",
    ]);
  });

  test("is taken elsewhere with interrupts off: the control", () => {
    const careful: Body = function* (w) {
      yield* spinLockIrq(w.device);
      yield* spinUnlockIrq(w.device);
    };
    expectNoViolation(search({ careful, raise }));
  });

  test("is held while one is waited for that others hold with interrupts on", () => {
    const chain: Body = function* (w) {
      yield* spinLockIrq(w.device);
      yield* spinLock(w.list);
      yield* spinUnlock(w.list);
      yield* spinUnlockIrq(w.device);
    };
    const lister: Body = function* (w) {
      yield* spinLock(w.list);
      yield* spinUnlock(w.list);
    };
    const message =
      "list is taken with interrupts on, and elsewhere after device, which an interrupt handler takes";
    expect(complaintOf({ lister, chain, raise })).toBe(message);
    expectNoViolation(search({ lister, chain }));
  });

  test("and what contradicts it need not meet in one execution", () => {
    const once = (body: Body): Body =>
      function* (w) {
        if ((yield* xchg(w.turn, 1)) === 0) yield* body(w);
      };
    const careless: Body = function* (w) {
      yield* spinLock(w.device);
      yield* spinUnlock(w.device);
    };
    const scenario = scenarioOf({ careless: once(careless), raise: once(raise) });
    const { violations } = explore(scenario, exhaustive(), { stopAtFirst: false });
    expect(violations.map(({ oracle }) => oracle)).toEqual([LOCK_PROTOCOL]);
    const content = decodeToken(violations[0]!.token);
    expect(content.given).toEqual(["lockdep interrupts on: device E"]);
    expect(replayToken(scenario, content)).toMatchObject({
      kind: "reproduced",
      violation: { token: violations[0]!.token },
    });
  });
});

describe("sleeping", () => {
  const sleep: Body = function* (w) {
    yield* mutexLock(w.mutex);
    yield* mutexUnlock(w.mutex);
  };

  test.each<[string, Body, string]>([
    [
      "with preemption off",
      function* (w) {
        yield* preemptDisable();
        yield* sleep(w);
        yield* preemptEnable();
      },
      "only may sleep in mutex_lock(mutex) with preemption off",
    ],
    [
      "with interrupts off",
      function* (w) {
        yield* localIrqDisable();
        yield* sleep(w);
        yield* localIrqEnable();
      },
      "only may sleep in mutex_lock(mutex) with interrupts off",
    ],
    [
      "in a handler",
      function* (w) {
        yield* raiseIrq(w.machine.cpus[0]!, () => sleep(w));
      },
      "CPU0 irq may sleep in mutex_lock(mutex) in an interrupt handler",
    ],
  ])("%s", (_name, body, message) => expect(complaintOf({ only: body })).toBe(message));

  test("after such a region: the control", () => {
    expectNoViolation(
      search({
        *only(w) {
          yield* preemptDisable();
          yield* localIrqDisable();
          yield* localIrqEnable();
          yield* preemptEnable();
          yield* sleep(w);
        },
      }),
    );
  });

  test("a region that is still open when its thread ends", () => {
    expect(
      complaintOf({
        *only() {
          yield* preemptDisable();
        },
      }),
    ).toBe("only ends with preemption off");
    expect(
      complaintOf({
        *only() {
          yield* localIrqDisable();
        },
      }),
    ).toBe("only ends with interrupts off");
  });
});
