/** Misuse of preemption, interrupts and calls across CPUs. */

import {
  localIrqDisable,
  localIrqEnable,
  localIrqRestore,
  localIrqSave,
  preemptDisable,
  preemptEnable,
  raiseIrq,
  smpCallFunctionMany,
  synchronizeRcu,
} from "@mmrace/locks";
import { exhaustive } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { scenarioOf, type Body } from "../cpus.ts";
import { agreed, verdictOf } from "../searches.ts";

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
