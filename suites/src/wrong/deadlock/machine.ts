/** CPUs that wait for each other, and one that waits for what it has interrupted. */

import {
  localIrqDisable,
  localIrqEnable,
  raiseIrq,
  smpCallFunctionMany,
  spinLock,
  spinUnlock,
} from "@mmrace/locks";
import { writeOnce, type Steps } from "@mmrace/scheduler";
import { machineProgram, type MachineWorld } from "../../machine.ts";
import type { Program } from "../../program.ts";

function* call(): Steps<void> {
  yield* localIrqDisable();
  yield* smpCallFunctionMany([0, 1], function* () {}, { wait: true, isUnchecked: true });
  yield* localIrqEnable();
}

const calls = machineProgram(
  "ipi: two CPUs wait for each other with interrupts off",
  { one: call, two: call },
  2,
);

const handler = machineProgram(
  "interrupts: a handler waits for a lock of the thread that it interrupts",
  {
    *thread(w) {
      yield* spinLock(w.spin);
      yield* writeOnce(w.x, 1);
      yield* spinUnlock(w.spin);
    },
    *device(w) {
      yield* raiseIrq(w.machine.cpus[0]!, function* () {
        yield* spinLock(w.spin);
        yield* spinUnlock(w.spin);
      });
    },
  },
  1,
);

/** All of them. */
export const machineDeadlocks: readonly Program<MachineWorld>[] = [calls, handler];
