/** Preemption, interrupts and calls across CPUs: what they keep away, what happens without them, and their misuse. */

import {
  inInterrupt,
  interruptDaemons,
  irqsDisabled,
  localIrqDisable,
  localIrqEnable,
  localIrqRestore,
  localIrqSave,
  Lockdep,
  Machine,
  preemptDisable,
  preemptEnable,
  raiseIrq,
  Rcu,
  smpCallFunction,
  smpCallFunctionMany,
  SpinLock,
  spinLock,
  spinLockIrq,
  spinLockIrqsave,
  spinUnlock,
  spinUnlockIrq,
  spinUnlockIrqrestore,
  synchronizeRcu,
  type CallOptions,
  type IrqFlags,
} from "@mmrace/locks";
import {
  atEnd,
  Cell,
  defineScenario,
  exhaustive,
  Lifetime,
  Operation,
  readOnce,
  without,
  writeOnce,
  type MemoryModel,
  type OperationKind,
  type Scenario,
  type Steps,
  type ThreadSpec,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { agreed, verdictOf } from "../searches.ts";

const MODELS: readonly MemoryModel[] = ["sc", "tso"];

class World {
  readonly lockdep = new Lockdep();
  readonly rcu = new Rcu(this.lockdep);
  readonly machine = new Machine(this.lockdep, 2, { rcu: this.rcu });
  readonly lock = new SpinLock(this.lockdep, "lock");
  readonly counter = new Cell("counter", 0);
  readonly x = new Cell("x", 0);
  readonly y = new Cell("y", 0);
  readonly slot = new Cell("slot", 1);
  readonly memory = new Lifetime("memory", "table", "use-after-free");
  readonly entry = new Cell("entry", 0, { lifetime: this.memory });
  readonly seen: string[] = [];

  get log(): readonly string[] {
    return [...this.seen, `counter=${this.counter.value}`];
  }

  *see(cell: Cell<number>): Steps<void> {
    this.seen.push(`${cell.name}=${yield* readOnce(cell)}`);
  }
}

type Body = (w: World) => Steps<void>;
type Threads = Readonly<Record<string, Body | ThreadSpec<World>>>;

/** Threads on the CPUs 0, 1, ... unless they say otherwise, and the interrupt actors of as many CPUs as are asked for. */
function scenarioOf(threads: Threads, interruptible = 0): Scenario<World> {
  const daemons = interruptDaemons<World>(interruptible, ({ machine }) => machine);
  return defineScenario<World>({
    name: "context",
    setup: () => new World(),
    threads,
    daemons,
    properties: [],
  });
}

/** Adds one, in two steps. */
function* increment(w: World): Steps<void> {
  yield* writeOnce(w.counter, (yield* readOnce(w.counter)) + 1);
}

const freeKind: OperationKind<Lifetime, void, void> = {
  name: "free",
  access: "write",
  perform: (lifetime) => lifetime.end(),
};

const onCpu0 = (run: Body): ThreadSpec<World> => ({ cpu: 0, run });

describe.each(MODELS)("preemption under %s", (memory) => {
  const isSmall = true;
  const incrementing: Body = function* (w) {
    yield* preemptDisable();
    yield* increment(w);
    yield* preemptEnable();
  };
  const nesting: Body = function* (w) {
    yield* preemptDisable();
    yield* incrementing(w);
    yield* increment(w);
    yield* preemptEnable();
  };

  test("while it is off, no other thread of the CPU runs", () => {
    const scenario = scenarioOf({ one: onCpu0(incrementing), two: onCpu0(incrementing) });
    expect(agreed(scenario, memory, { isSmall }).endings).toEqual(new Set(["counter=2"]));
    const ablations = [without.site("one/preempt_disable/cpu")];
    expect([...agreed(scenario, memory, { isSmall, ablations }).endings]).toContain("counter=1");
  });

  test("it nests: the inner end does not let anybody in", () => {
    const scenario = scenarioOf({ one: onCpu0(nesting), two: onCpu0(incrementing) });
    expect(agreed(scenario, memory).endings).toEqual(new Set(["counter=3"]));
  });

  test("it keeps nobody away from another CPU", () => {
    const scenario = scenarioOf({ one: incrementing, two: incrementing });
    expect([...agreed(scenario, memory).endings]).toContain("counter=1");
  });
});

describe.each(MODELS)("interrupts under %s", (memory) => {
  const device: Body = function* (w) {
    yield* raiseIrq(w.machine.cpus[0]!, () => increment(w));
  };
  const saving: Body = function* (w) {
    const flags = yield* localIrqSave();
    yield* increment(w);
    yield* localIrqRestore(flags);
  };
  const lines: Threads = { saving, device };

  test("while they are off, no handler runs", () => {
    expect(agreed(scenarioOf(lines, 1), memory).endings).toEqual(new Set(["counter=2"]));
    const ablations = [without.site("saving/local_irq_save/cpu")];
    expect(agreed(scenarioOf(lines, 1), memory, { ablations }).endings).toEqual(
      new Set(["counter=1", "counter=2"]),
    );
  });

  test("a handler interrupts a thread, not the other way round", () => {
    const inHandler: boolean[] = [];
    const scenario = scenarioOf(
      {
        *plain(w) {
          inHandler.push(inInterrupt(), irqsDisabled());
          yield* readOnce(w.x);
          yield* writeOnce(w.counter, 5);
        },
        *source(w) {
          yield* raiseIrq(w.machine.cpus[0]!, function* () {
            inHandler.push(!inInterrupt(), !irqsDisabled());
            yield* increment(w);
          });
        },
      },
      1,
    );
    expect(agreed(scenario, memory).endings).toEqual(new Set(["counter=5", "counter=6"]));
    expect(inHandler).not.toContain(true);
  });

  const locking = (
    lock: (w: World) => Steps<IrqFlags | void>,
    unlock: (w: World, flags: IrqFlags) => Steps<void>,
  ): Body =>
    function* (w) {
      const flags = yield* lock(w);
      yield* increment(w);
      yield* unlock(w, flags as IrqFlags);
    };
  const handled: Body = function* (w) {
    yield* raiseIrq(w.machine.cpus[0]!, function* () {
      yield* spinLock(w.lock);
      yield* increment(w);
      yield* spinUnlock(w.lock);
    });
  };

  test("a lock that handlers take is taken with interrupts off", () => {
    for (const thread of [
      locking(
        (w) => spinLockIrqsave(w.lock),
        (w, flags) => spinUnlockIrqrestore(w.lock, flags),
      ),
      locking(
        (w) => spinLockIrq(w.lock),
        (w) => spinUnlockIrq(w.lock),
      ),
    ]) {
      expect(agreed(scenarioOf({ thread, handled }, 1), memory).endings).toEqual(new Set(["counter=2"]));
    }
  });

  test("with interrupts on, the handler waits for the thread that it has interrupted", () => {
    const thread = locking(
      function* (w) {
        yield* spinLock(w.lock);
      },
      function* (w) {
        yield* spinUnlock(w.lock);
      },
    );
    const { endings } = agreed(scenarioOf({ thread, handled }, 1), memory);
    expect([...endings].some((ending) => ending.startsWith("deadlock"))).toBe(true);
  });
});

describe.each(MODELS)("calls on other CPUs under %s", (memory) => {
  /** Walks a table as GUP-fast does: with interrupts off, and nothing else. */
  const walker: Body = function* (w) {
    const flags = yield* localIrqSave();
    if ((yield* readOnce(w.slot)) !== 0) yield* readOnce(w.entry);
    yield* localIrqRestore(flags);
  };
  const remover = (wait: (w: World) => Steps<void>): Body =>
    function* (w) {
      yield* writeOnce(w.slot, 0);
      yield* wait(w);
      yield* Operation.of(freeKind, w.memory, undefined);
    };
  const nothing = function* (): Steps<void> {};
  const syncing = remover(() => smpCallFunction(nothing, { wait: true }));
  const scenario = scenarioOf({ walker, syncing }, 1);

  test("waiting for one of them waits for its regions with interrupts off", () => {
    expect(agreed(scenario, memory).wrong).toBe(0);
  });

  test.each([
    ["the wait", "syncing/csd_lock_wait/ipi"],
    ["interrupts off", "walker/local_irq_save/cpu"],
  ])("without %s, the table is freed under the walker", (_name, site) => {
    expect([...agreed(scenario, memory, { ablations: [without.site(site)] }).endings]).toContain(
      "use-after-free: walker does read_once on entry after table was freed",
    );
  });

  test("a grace period waits for such regions as well, and for those with preemption off", () => {
    const waiting = remover(function* (w) {
      yield* synchronizeRcu(w.rcu);
    });
    const pinned: Body = function* (w) {
      yield* preemptDisable();
      if ((yield* readOnce(w.slot)) !== 0) yield* readOnce(w.entry);
      yield* preemptEnable();
    };
    expect(agreed(scenarioOf({ walker, waiting }), memory).wrong).toBe(0);
    expect(agreed(scenarioOf({ pinned, waiting }), memory).wrong).toBe(0);
    const ablations = [without.site("pinned/preempt_disable/cpu")];
    expect(agreed(scenarioOf({ pinned, waiting }), memory, { ablations }).wrong).toBeGreaterThan(0);
  });

  test("two CPUs that wait for each other with interrupts off: reported, and a deadlock", () => {
    const caller = (options: CallOptions): Body =>
      function* () {
        yield* localIrqDisable();
        yield* smpCallFunctionMany([0, 1], nothing, options);
        yield* localIrqEnable();
      };
    const careless = caller({ wait: true, isUnchecked: true });
    const both = agreed(scenarioOf({ one: careless, two: careless }, 2), memory);
    expect([...both.endings].filter((ending) => ending.startsWith("deadlock"))).toEqual([
      "deadlock: waiting for ever: one at csd_lock_wait(ipi), two at csd_lock_wait(ipi)",
    ]);
    // One of them may still be served before it turns interrupts off.
    expect([...both.endings]).toContain("counter=0");
    const checked = caller({ wait: true });
    expect([...agreed(scenarioOf({ one: checked, two: checked }, 2), memory).endings].sort()).toEqual([
      "lock protocol: one at one/smp_call_function_many/ipi waits for other CPUs with interrupts off",
      "lock protocol: two at two/smp_call_function_many/ipi waits for other CPUs with interrupts off",
    ]);
    const unwaiting = caller({ wait: false });
    expect(agreed(scenarioOf({ one: unwaiting, two: unwaiting }, 2), memory).wrong).toBe(0);
  });
});

test("a call that is waited for is a full barrier on the other CPU", () => {
  const messages = (options: CallOptions): Scenario<World> =>
    scenarioOf(
      {
        *left(w) {
          yield* writeOnce(w.x, 1);
          yield* w.see(w.y);
        },
        *right(w) {
          yield* writeOnce(w.y, 1);
          yield* preemptDisable();
          yield* smpCallFunctionMany([0], function* () {}, options);
          yield* preemptEnable();
          yield* w.see(w.x);
        },
      },
      1,
    );
  const weak = "counter=0 x=0 y=0";
  expect([...agreed(messages({ wait: true }), "tso").endings]).not.toContain(weak);
  expect([...agreed(messages({ wait: false }), "tso").endings]).toContain(weak);
  expect([...agreed(messages({ wait: false }), "sc").endings]).not.toContain(weak);
});

describe("exact counts", () => {
  const NOTHING_LOST = atEnd("nothing is lost", ({ counter }: World) => counter.value === 2);
  const device: Body = function* (w) {
    yield* raiseIrq(w.machine.cpus[0]!, () => increment(w));
  };

  // Who comes first.
  test("two regions with preemption off", () => {
    const region: Body = function* (w) {
      yield* preemptDisable();
      yield* increment(w);
      yield* preemptEnable();
    };
    const scenario = scenarioOf({ one: onCpu0(region), two: onCpu0(region) });
    expect(verdictOf(scenario, exhaustive())).toMatchObject({ executions: 2, wrong: 0 });
  });

  // The handler is one block. It lies before the region or after it, and behind the device's step: 2 ways where that comes
  // first, 1 way for its other four places. With interrupts on, read and write leave three places: 3 + 2 + 1 ways, and
  // the block lies between the two in 2 of them.
  test("a region with interrupts off and a handler", () => {
    const saving: Body = function* (w) {
      const flags = yield* localIrqSave();
      yield* increment(w);
      yield* localIrqRestore(flags);
    };
    const scenario = { ...scenarioOf({ saving, device }, 1), properties: [NOTHING_LOST] };
    expect(verdictOf(scenario, exhaustive())).toMatchObject({ executions: 6, wrong: 0 });
    const ablations = [without.site("saving/local_irq_save/cpu")];
    expect(verdictOf(scenario, exhaustive(), "sc", ablations)).toMatchObject({ executions: 6, wrong: 2 });
  });
});

describe("misuse", () => {
  const complaints = (body: Body): readonly string[] => [...agreed(scenarioOf({ body }, 2)).endings];

  test.each<[string, Body, string]>([
    [
      "enabling preemption",
      function* () {
        yield* preemptEnable();
      },
      "body enables preemption, which it has not disabled",
    ],
    [
      "ending with preemption off",
      function* () {
        yield* preemptDisable();
      },
      "body ends with preemption off",
    ],
    [
      "ending with interrupts off",
      function* () {
        yield* localIrqDisable();
      },
      "body ends with interrupts off",
    ],
    [
      "restoring twice",
      function* () {
        const flags = yield* localIrqSave();
        yield* localIrqRestore(flags);
        yield* localIrqRestore(flags);
      },
      "body restores interrupts of CPU0, which are on already",
    ],
    [
      "restoring in the wrong order",
      function* () {
        const outer = yield* localIrqSave();
        const inner = yield* localIrqSave();
        yield* localIrqRestore(outer);
        yield* localIrqRestore(inner);
      },
      "body restores interrupts of CPU0, which are on already",
    ],
    [
      "restoring another CPU's",
      function* (w) {
        yield* localIrqDisable();
        yield* localIrqRestore({ cpu: w.machine.cpus[1]!, wereOff: false });
      },
      "body restores interrupts of CPU1 on CPU0",
    ],
    [
      "enabling interrupts in a handler",
      function* (w) {
        yield* raiseIrq(w.machine.cpus[0]!, function* () {
          yield* localIrqEnable();
        });
      },
      "CPU0 irq enables interrupts on CPU0 inside an interrupt handler",
    ],
    [
      "interrupting a CPU that is not there",
      function* () {
        yield* preemptDisable();
        yield* smpCallFunctionMany([1, 7], function* () {}, { wait: false });
      },
      "body at body/smp_call_function_many/ipi interrupts CPU7, which does not exist",
    ],
    [
      "calling with preemption on",
      function* () {
        yield* smpCallFunctionMany([1], function* () {}, { wait: false });
      },
      "body at body/smp_call_function_many/ipi calls a function elsewhere with preemption on",
    ],
    [
      "sleeping with preemption off",
      function* (w) {
        yield* preemptDisable();
        yield* synchronizeRcu(w.rcu);
      },
      "body may sleep in synchronize_rcu() with preemption off",
    ],
    [
      "sleeping with interrupts off",
      function* (w) {
        yield* localIrqDisable();
        yield* synchronizeRcu(w.rcu);
      },
      "body may sleep in synchronize_rcu() with interrupts off",
    ],
    [
      "sleeping in a handler",
      function* (w) {
        yield* raiseIrq(w.machine.cpus[0]!, function* () {
          yield* synchronizeRcu(w.rcu);
        });
      },
      "CPU0 irq may sleep in synchronize_rcu() in an interrupt handler",
    ],
  ])("%s", (_name, body, message) => {
    expect(complaints(body)).toEqual([`lock protocol: ${message}`]);
  });

  test("a thread on a CPU that was not made", () => {
    const scenario = scenarioOf({
      body: {
        cpu: 5,
        *run() {
          yield* preemptDisable();
        },
      },
    });
    expect(() => verdictOf(scenario, exhaustive())).toThrow(
      /body runs on CPU5, which the world does not have/,
    );
  });
});
