/** Kernel locks taken in two orders: lockdep reports it, or the threads deadlock before it can. */

import { writeOnce } from "@mmrace/scheduler";
import { downWrite, spinLock, spinUnlock, upWrite } from "@mmrace/locks";
import { kernelProgram, see, type Kernel } from "../../kernel.ts";
import type { Program } from "../../program.ts";

const lockOrder = kernelProgram("lockdep: two orders", {
  *a({ sem, spin }) {
    yield* downWrite(sem);
    yield* spinLock(spin);
    yield* spinUnlock(spin);
    yield* upWrite(sem);
  },
  *b({ sem, spin, x }) {
    yield* spinLock(spin);
    yield* writeOnce(x, 1);
    yield* downWrite(sem);
    yield* upWrite(sem);
    yield* spinUnlock(spin);
  },
  *c(kernel) {
    yield* see(kernel, "c", kernel.x);
  },
});

/** All of them. */
export const lockOrders: readonly Program<Kernel>[] = [lockOrder];
