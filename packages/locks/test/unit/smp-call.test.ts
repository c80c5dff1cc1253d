/** Functions called on other CPUs: whom they wait for, what they order, where they wait for ever. */

import {
  localIrqDisable,
  localIrqEnable,
  localIrqRestore,
  localIrqSave,
  preemptDisable,
  preemptEnable,
  smpCallFunction,
  smpCallFunctionMany,
  synchronizeRcu,
  type CallOptions,
} from "@mmrace/locks";
import { readOnce, without, writeOnce, type Scenario, type Steps } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { MODELS, scenarioOf, type World, type Body } from "../cpus.ts";
import { free } from "../memory.ts";
import { agreed } from "../searches.ts";

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
      yield* free(w.memory);
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
