/**
 * Threads that keep one another off their CPU: every complete search sees the same final states. A gate may block an
 * operation that nothing else can block, and an acquire for another reason than its lock.
 */

import {
  Cell,
  CpuGate,
  defineScenario,
  dpor,
  Engine,
  exhaustive,
  Operation,
  optimalDpor,
  Prng,
  readOnce,
  SharedObject,
  writeOnce,
  type MemoryModel,
  type ModelThread,
  type OperationKind,
  type Scenario,
  type Steps,
  type Strategy,
  type Touch,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";

/** A CPU that one thread may keep to itself. */
class Reserved extends CpuGate {
  owner: ModelThread | undefined = undefined;

  admits(thread: ModelThread): boolean {
    return this.owner === undefined || this.owner === thread;
  }

  touchedBy(): readonly Touch[] {
    return [{ access: "read", object: this }];
  }
}

const reserveKind: OperationKind<Reserved, boolean, void> = {
  name: "reserve",
  access: "write",
  order: "none",
  perform: (cpu, isReserved, thread) => {
    cpu.owner = isReserved ? thread : undefined;
  },
};

class Door extends SharedObject {
  owner: number | undefined = undefined;
}

const enterKind: OperationKind<Door, void, void> = {
  name: "enter",
  access: "write",
  role: "acquire",
  isEnabled: (door) => door.owner === undefined,
  perform: (door, _argument, thread) => {
    door.owner = thread.id;
  },
};

const leaveKind: OperationKind<Door, void, void> = {
  name: "leave",
  access: "write",
  role: "release",
  perform: (door) => {
    door.owner = undefined;
  },
};

class World {
  readonly cpu = new Reserved("cpu", "CPU0", 0);
  readonly cells = [new Cell("x", 0), new Cell("y", 0)] as const;
  readonly door = new Door("door");
  readonly seen: string[] = [];

  *see(name: string, at: 0 | 1): Steps<void> {
    this.seen.push(`${name}:${at}=${yield* readOnce(this.cells[at])}`);
  }
}

type Body = (w: World) => Steps<void>;

/** `two` and `three` share CPU0, `one` has a CPU of its own. */
function scenarioOf(one: Body, two: Body, three: Body): Scenario<World> {
  const threads = { one: { cpu: 1, run: one }, two: { cpu: 0, run: two }, three: { cpu: 0, run: three } };
  return defineScenario<World>({ name: "gates", setup: () => new World(), threads, properties: [] });
}

function finalStates(
  scenario: Scenario<World>,
  strategy: Strategy,
  memory: MemoryModel,
): ReadonlySet<string> {
  let world: World | undefined;
  const engine = new Engine({ ...scenario, setup: () => (world = scenario.setup()) }, { memory });
  const states = new Set<string>();
  strategy.beginExploration?.({ watchesEveryState: false });
  while (strategy.beginExecution()) {
    const { kind } = engine.run(strategy);
    const { seen, cells } = world!;
    if (kind !== "pruned")
      states.add(`${kind} ${seen.toSorted().join(" ")} ${cells.map((c) => c.value).join()}`);
  }
  return states;
}

function expectAgreement(scenario: Scenario<World>, memory: MemoryModel): ReadonlySet<string> {
  const plain = finalStates(scenario, exhaustive(), memory);
  expect(finalStates(scenario, exhaustive({ reduction: "sleep-sets" }), memory)).toEqual(plain);
  expect(finalStates(scenario, dpor(), memory)).toEqual(plain);
  expect(finalStates(scenario, optimalDpor(), memory)).toEqual(plain);
  return plain;
}

describe("gates of CPUs", () => {
  test("what runs behind a gate may also come before it", () => {
    const scenario = scenarioOf(
      function* () {},
      function* (w) {
        yield* Operation.of(reserveKind, w.cpu, true);
        yield* writeOnce(w.cells[0], 1);
        yield* writeOnce(w.cells[0], 2);
        yield* Operation.of(reserveKind, w.cpu, false);
      },
      (w) => w.see("three", 0),
    );
    // Before or after, never in between.
    expect(expectAgreement(scenario, "sc")).toEqual(
      new Set(["finished three:0=0 2,0", "finished three:0=2 2,0"]),
    );
    expect(expectAgreement(scenario, "tso").size).toBe(2);
  });

  test("what waits for a lock may wait for its CPU first: without it the deadlock is lost", () => {
    const scenario = scenarioOf(
      function* (w) {
        yield* Operation.of(enterKind, w.door, undefined);
        yield* w.see("one", 0);
        yield* Operation.of(leaveKind, w.door, undefined);
      },
      function* (w) {
        yield* Operation.of(reserveKind, w.cpu, true);
        yield* Operation.of(enterKind, w.door, undefined);
        yield* writeOnce(w.cells[0], 1);
        yield* Operation.of(leaveKind, w.door, undefined);
        yield* Operation.of(reserveKind, w.cpu, false);
      },
      function* (w) {
        yield* Operation.of(enterKind, w.door, undefined);
        yield* w.see("three", 0);
        yield* Operation.of(leaveKind, w.door, undefined);
      },
    );
    const states = expectAgreement(scenario, "sc");
    // Thread three holds the door when two takes the CPU: it has looked by then or not, and one came before it or not.
    expect([...states].filter((state) => state.startsWith("deadlock"))).toHaveLength(4);
    expect(states.size).toBe(8);
  });

  function randomBody(prng: Prng, name: string, mayReserve: boolean): Body {
    const plan = Array.from(
      { length: 1 + prng.below(2) },
      () => [prng.below(4), prng.below(2) as 0 | 1] as const,
    );
    const from = mayReserve && prng.below(3) > 0 ? prng.below(plan.length) : -1;
    const isBusy = prng.below(2) === 0;
    return function* (w) {
      for (const [at, [what, which]] of plan.entries()) {
        if (at === from) yield* Operation.of(reserveKind, w.cpu, true);
        if (what === 0) yield* w.see(name, which);
        else if (what === 1) yield* writeOnce(w.cells[which], name.length);
        else {
          yield* Operation.of(enterKind, w.door, undefined);
          if (isBusy) yield* w.see(name, which);
          else yield* writeOnce(w.cells[which], 10 + name.length);
          yield* Operation.of(leaveKind, w.door, undefined);
        }
      }
      if (from >= 0) yield* Operation.of(reserveKind, w.cpu, false);
    };
  }

  test("random programs lose no final state", () => {
    let deadlocks = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const prng = new Prng(seed);
      const scenario = scenarioOf(
        randomBody(prng, "one", false),
        randomBody(prng, "two", true),
        randomBody(prng, "three", true),
      );
      const states = expectAgreement(scenario, "sc");
      if ([...states].some((state) => state.startsWith("deadlock"))) deadlocks++;
    }
    expect(deadlocks).toBeGreaterThan(20);
  });
});
