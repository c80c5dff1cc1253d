/**
 * What the kernel model needs and benchmarks do not have: reader-writer semaphores, RCU with its daemon, spin loops, data
 * choices, memory that is freed. No published counts: any two complete searches must agree on the final states.
 */

import { choose, cpuRelax, writeOnce, type Steps } from "@mmrace/scheduler";
import {
  callRcu,
  downRead,
  downWrite,
  downWriteTrylock,
  rcuCallbacks,
  rcuReadLock,
  rcuReadUnlock,
  spinLock,
  spinTrylock,
  spinUnlock,
  upRead,
  upWrite,
} from "@mmrace/locks";
import { kernelProgram, see, type Kernel } from "../kernel.ts";
import type { Program } from "../program.ts";

function* readTwice(kernel: Kernel, thread: string): Steps<void> {
  yield* downRead(kernel.sem);
  yield* see(kernel, thread, kernel.x);
  yield* see(kernel, thread, kernel.y);
  yield* upRead(kernel.sem);
}

const readersAndWriter = kernelProgram("rwsem: two readers, a writer", {
  r1: (kernel) => readTwice(kernel, "r1"),
  r2: (kernel) => readTwice(kernel, "r2"),
  *writer({ sem, x, y }) {
    yield* downWrite(sem);
    yield* writeOnce(x, 1);
    yield* writeOnce(y, 1);
    yield* upWrite(sem);
  },
});

const writersTry = kernelProgram("rwsem: readers, a writer, one that tries", {
  r1: (kernel) => readTwice(kernel, "r1"),
  *writer({ sem, x }) {
    yield* downWrite(sem);
    yield* writeOnce(x, 1);
    yield* upWrite(sem);
  },
  *tryer({ sem, x, y }) {
    if (yield* downWriteTrylock(sem)) {
      yield* writeOnce(x, 2);
      yield* upWrite(sem);
    } else yield* writeOnce(y, 2);
  },
});

const spinners = kernelProgram("spinlock: trylock with a spin loop", {
  *tryer(kernel) {
    while (!(yield* spinTrylock(kernel.spin))) yield* cpuRelax();
    yield* see(kernel, "tryer", kernel.x);
    yield* spinUnlock(kernel.spin);
  },
  *holder({ spin, x }) {
    yield* spinLock(spin);
    yield* writeOnce(x, 1);
    yield* spinUnlock(spin);
    yield* writeOnce(x, 2);
  },
});

const waitForFlag = kernelProgram("cpu_relax: two flags", {
  *waiter(kernel) {
    while ((yield* see(kernel, "waiter", kernel.x)) === 0) yield* cpuRelax();
    yield* see(kernel, "waiter", kernel.y);
  },
  *first({ y }) {
    yield* writeOnce(y, 1);
    yield* writeOnce(y, 2);
  },
  *setter({ x }) {
    yield* writeOnce(x, 1);
  },
});

const gracePeriod = kernelProgram(
  "rcu: a callback after the readers",
  {
    *reader(kernel) {
      yield* rcuReadLock(kernel.rcu);
      yield* see(kernel, "reader", kernel.x);
      yield* see(kernel, "reader", kernel.y);
      yield* rcuReadUnlock(kernel.rcu);
    },
    *other(kernel) {
      yield* rcuReadLock(kernel.rcu);
      yield* see(kernel, "other", kernel.y);
      yield* rcuReadUnlock(kernel.rcu);
    },
    *updater({ rcu, x, y }) {
      yield* writeOnce(x, 1);
      yield* callRcu(rcu, "free", function* () {
        yield* writeOnce(y, 1);
      });
    },
  },
  { daemons: { rcu: ({ rcu }) => rcuCallbacks(rcu) } },
);

const choices = kernelProgram("data choices under a lock", {
  *chooser({ spin, x }) {
    yield* spinLock(spin);
    yield* writeOnce(x, 1 + (yield* choose("weather", 3)));
    yield* spinUnlock(spin);
  },
  *reader(kernel) {
    yield* spinLock(kernel.spin);
    if ((yield* see(kernel, "reader", kernel.x)) > 1) yield* writeOnce(kernel.y, yield* choose("taste", 2));
    yield* spinUnlock(kernel.spin);
  },
});

/** All of them. */
export const kernel: readonly Program<Kernel>[] = [
  readersAndWriter,
  writersTry,
  spinners,
  waitForFlag,
  gracePeriod,
  choices,
];
