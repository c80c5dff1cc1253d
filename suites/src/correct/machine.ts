/** CPUs with preemption and interrupts, grace periods, references and sequence counters, used as they should be. */

import {
  localIrqRestore,
  localIrqSave,
  preemptDisable,
  preemptEnable,
  raiseIrq,
  rcuReadLock,
  rcuReadUnlock,
  readSeqbegin,
  readSeqretry,
  refcountDecAndTest,
  smpCallFunction,
  spinLock,
  spinLockIrqsave,
  spinUnlock,
  spinUnlockIrqrestore,
  synchronizeRcu,
  writeSeqlock,
  writeSequnlock,
} from "@mmrace/locks";
import {
  Operation,
  readOnce,
  writeOnce,
  type Lifetime,
  type OperationKind,
  type Steps,
} from "@mmrace/scheduler";
import { machineProgram, type MachineWorld } from "../machine.ts";
import type { Program } from "../program.ts";

const freeKind: OperationKind<Lifetime, void, void> = {
  name: "free",
  access: "write",
  perform: (lifetime) => lifetime.end(),
};

/** Frees the block. */
function* free(w: MachineWorld): Steps<void> {
  yield* Operation.of(freeKind, w.memory, undefined);
}

/** Uses the block in a section, if it is still linked. */
function* rcuReader(w: MachineWorld): Steps<void> {
  yield* rcuReadLock(w.rcu);
  if ((yield* readOnce(w.x)) === 0) yield* readOnce(w.field);
  yield* rcuReadUnlock(w.rcu);
}

const gracePeriod = machineProgram("rcu: two readers, synchronize_rcu", {
  one: rcuReader,
  two: rcuReader,
  *updater(w) {
    yield* writeOnce(w.x, 1);
    yield* synchronizeRcu(w.rcu);
    yield* free(w);
  },
});

function* region(w: MachineWorld): Steps<void> {
  yield* preemptDisable();
  yield* writeOnce(w.x, (yield* readOnce(w.x)) + 1);
  yield* preemptEnable();
}

const preemption = machineProgram("preemption: two regions of one CPU, an observer on another", {
  one: { cpu: 0, run: region },
  two: { cpu: 0, run: region },
  observer: {
    cpu: 1,
    *run(w) {
      yield* w.see("observer", w.x);
      yield* w.see("observer", w.x);
    },
  },
});

const interrupts = machineProgram(
  "interrupts: a handler that takes a lock, and who holds it",
  {
    *thread(w) {
      const flags = yield* spinLockIrqsave(w.spin);
      yield* writeOnce(w.x, (yield* readOnce(w.x)) + 1);
      yield* spinUnlockIrqrestore(w.spin, flags);
    },
    *device(w) {
      yield* raiseIrq(w.machine.cpus[0]!, function* () {
        yield* spinLock(w.spin);
        yield* writeOnce(w.x, (yield* readOnce(w.x)) + 1);
        yield* spinUnlock(w.spin);
      });
      yield* w.see("device", w.x);
    },
  },
  1,
);

/** Uses the block with interrupts off, if it is still linked. */
function* walker(w: MachineWorld): Steps<void> {
  const flags = yield* localIrqSave();
  if ((yield* readOnce(w.x)) === 0) yield* readOnce(w.field);
  yield* localIrqRestore(flags);
}

const call = machineProgram(
  "ipi: a walker with interrupts off, and who waits for it",
  {
    walker,
    *remover(w) {
      yield* writeOnce(w.x, 1);
      yield* smpCallFunction(
        function* () {
          yield* w.see("handler", w.x);
        },
        { wait: true },
      );
      yield* free(w);
    },
  },
  1,
);

function* useAndPut(w: MachineWorld): Steps<void> {
  yield* readOnce(w.field);
  if (yield* refcountDecAndTest(w.count)) yield* free(w);
}

const references = machineProgram("refcount: two users, an observer of the count", {
  one: useAndPut,
  two: useAndPut,
  *observer(w) {
    yield* w.see("observer", w.y);
    yield* writeOnce(w.y, 1);
  },
});

function* pair(w: MachineWorld): Steps<void> {
  yield* writeSeqlock(w.seqlock);
  yield* writeOnce(w.x, (yield* readOnce(w.x)) + 1);
  yield* writeOnce(w.y, (yield* readOnce(w.y)) + 1);
  yield* writeSequnlock(w.seqlock);
}

const sequence = machineProgram("seqlock: two writers, one attempt to read", {
  one: pair,
  two: pair,
  *reader(w) {
    const start = yield* readSeqbegin(w.seqlock);
    const x = yield* readOnce(w.x);
    const y = yield* readOnce(w.y);
    const mustRetry = yield* readSeqretry(w.seqlock, start);
    w.seen.push(mustRetry ? "again" : `${x}${y}`);
  },
});

/** All of them. */
export const machine: readonly Program<MachineWorld>[] = [
  gracePeriod,
  preemption,
  interrupts,
  call,
  references,
  sequence,
];
