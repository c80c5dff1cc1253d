/** Hold plans: one hold for each preemption, none where a lock does the waiting. */

import {
  Cell,
  defineScenario,
  holdPlan,
  readOnce,
  replaySchedule,
  Engine,
  Operation,
  writeOnce,
  type OperationKind,
  type Scenario,
} from "@mmrace/scheduler";
import { expect, test } from "vitest";

interface Counter {
  readonly value: Cell<number>;
  readonly lock: Cell<boolean>;
}

const lockKind: OperationKind<Cell<boolean>, void, void> = {
  name: "lock",
  access: "write",
  isEnabled: (lock) => !lock.value,
  perform: (lock) => {
    lock.value = true;
  },
};

function counter(isLocked: boolean): Scenario<Counter> {
  const body = function* (w: Counter) {
    if (isLocked) {
      yield* readOnce(w.value);
      yield* Operation.of(lockKind, w.lock, undefined);
    }
    const before = yield* readOnce(w.value);
    yield* writeOnce(w.value, before + 1);
    if (isLocked) {
      yield* writeOnce(w.lock, false);
      yield* readOnce(w.value);
    }
  };
  return defineScenario<Counter>({
    name: "counter",
    setup: () => ({ value: new Cell("value", 0), lock: new Cell("lock", false) }),
    threads: { a: body, b: body },
    properties: [],
  });
}

/** Blocks as pairs: a thread, and how many steps it runs. */
function schedule(...blocks: readonly (readonly [thread: number, steps: number])[]): Uint8Array {
  return Uint8Array.from(blocks.flatMap(([thread, steps]) => [thread, steps - 1]));
}

function kinds(scenario: Scenario<Counter>, bytes: Uint8Array): readonly string[] {
  const { trace, holds } = holdPlan(scenario, bytes);
  return holds.map(({ kind, thread, until, resumes }) => {
    const [held, other] = [trace.threads[thread]!.name, trace.threads[until.thread]!.name];
    return `${kind} ${held} until ${other} ${until.text}${resumes ? "" : ", for good"}`;
  });
}

test("one after the other: only the start of the second is held", () => {
  expect(kinds(counter(false), schedule([0, 2], [1, 2]))).toEqual(["start b until a WRITE_ONCE(value, 1)"]);
});

test("a preemption is a hold, with what was done last and what comes next", () => {
  const bytes = schedule([0, 1], [1, 2], [0, 1]);
  expect(kinds(counter(false), bytes)).toEqual([
    "start b until a READ_ONCE(value) = 0",
    "preemption a until b WRITE_ONCE(value, 1)",
  ]);
  const [, hold] = holdPlan(counter(false), bytes).holds;
  expect(hold).toMatchObject({
    after: { text: "READ_ONCE(value) = 0", site: "a/read_once/value" },
    before: { text: "WRITE_ONCE(value, 1)", site: "a/write_once/value" },
  });
});

test("who waits for a lock needs no hold; who could have it, and is overtaken, does", () => {
  // a locks, b looks and cannot lock; a unlocks.
  const untilUnlocked = [
    [0, 2],
    [1, 1],
    [0, 3],
  ] as const;
  const looks = ["start b until a lock(lock)", "preemption a until b READ_ONCE(value) = 0"];
  expect(kinds(counter(true), schedule(...untilUnlocked, [1, 5], [0, 1]))).toEqual([
    ...looks,
    "preemption a until b READ_ONCE(value) = 2",
  ]);
  expect(kinds(counter(true), schedule(...untilUnlocked, [0, 1], [1, 5]))).toEqual([
    ...looks,
    "overtaken b until a READ_ONCE(value) = 1",
  ]);
});

test("as many preemptions as the engine counts, on any schedule", () => {
  for (let seed = 1; seed < 200; seed++) {
    const bytes = Uint8Array.from({ length: 12 }, (_, at) => (seed * (at + 3) * 2654435761) >>> 24);
    const scenario = counter(seed % 2 === 0);
    const engine = new Engine(scenario);
    const strategy = replaySchedule(bytes);
    strategy.beginExecution();
    engine.run(strategy);
    const held = holdPlan(scenario, bytes).holds.filter(({ kind }) => kind === "preemption");
    expect(held).toHaveLength(engine.preemptions);
  }
});
