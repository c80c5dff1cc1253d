/** Preemption and interrupts: what they keep away, and what happens without them. */

import {
  inInterrupt,
  irqsDisabled,
  localIrqRestore,
  localIrqSave,
  preemptDisable,
  preemptEnable,
  raiseIrq,
  spinLock,
  spinLockIrq,
  spinLockIrqsave,
  spinUnlock,
  spinUnlockIrq,
  spinUnlockIrqrestore,
  type IrqFlags,
} from "@mmrace/locks";
import { atEnd, exhaustive, readOnce, without, writeOnce, type Steps } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { increment, MODELS, onCpu0, scenarioOf, type World, type Body, type Threads } from "../cpus.ts";
import { agreed, verdictOf } from "../searches.ts";

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
