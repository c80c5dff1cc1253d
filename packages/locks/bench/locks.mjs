// What an uncontended pair of lock and unlock costs beside two bare operations, in the same rounds.
// Usage: node packages/locks/bench/locks.mjs, after a build. Times are processor time of this process: read the ratios.

import { measure, median, ratio } from "../../../bench/measure.mjs";
import { Cell, defineScenario, Engine, random, readOnce, writeOnce } from "@mmrace/scheduler";
import {
  downRead,
  downWrite,
  FolioLock,
  folioLock,
  folioUnlock,
  Completion,
  complete,
  Lockdep,
  Mutex,
  mutexLock,
  mutexUnlock,
  waitForCompletion,
  readLock,
  readUnlock,
  RwLock,
  RwSem,
  SpinLock,
  spinLock,
  spinUnlock,
  upRead,
  upWrite,
  writeLock,
  writeUnlock,
} from "@mmrace/locks";

const BARE = "two bare operations";
const PAIRS = 400;
const ROUNDS = 15;
const EXECUTIONS = 60;

/** A scenario of one thread that runs the pair again and again. */
function scenario(name, pair) {
  return defineScenario({
    name,
    stepsMax: 10 * PAIRS,
    setup: () => {
      const lockdep = new Lockdep();
      return {
        cell: new Cell("cell", 0),
        spin: new SpinLock(lockdep, "spin"),
        queued: new SpinLock(lockdep, "queued", { fairness: "queued" }),
        rw: new RwLock(lockdep, "rw"),
        sem: new RwSem(lockdep, "sem"),
        folio: new FolioLock(lockdep, "folio"),
        mutex: new Mutex(lockdep, "mutex"),
        fifoMutex: new Mutex(lockdep, "fifo_mutex", { fairness: "fifo" }),
        completion: new Completion(lockdep, "completion"),
      };
    },
    threads: {
      *only(w) {
        for (let i = 0; i < PAIRS; i++) yield* pair(w);
      },
    },
    properties: [],
  });
}

const pairs = {
  [BARE]: function* ({ cell }) {
    yield* writeOnce(cell, 1);
    yield* readOnce(cell);
  },
  spinlock: function* ({ spin }) {
    yield* spinLock(spin);
    yield* spinUnlock(spin);
  },
  "queued spinlock": function* ({ queued }) {
    yield* spinLock(queued);
    yield* spinUnlock(queued);
  },
  "rwlock, reading": function* ({ rw }) {
    yield* readLock(rw);
    yield* readUnlock(rw);
  },
  "rwlock, writing": function* ({ rw }) {
    yield* writeLock(rw);
    yield* writeUnlock(rw);
  },
  "rwsem, reading": function* ({ sem }) {
    yield* downRead(sem);
    yield* upRead(sem);
  },
  "rwsem, writing": function* ({ sem }) {
    yield* downWrite(sem);
    yield* upWrite(sem);
  },
  "folio lock": function* ({ folio }) {
    yield* folioLock(folio);
    yield* folioUnlock(folio);
  },
  mutex: function* ({ mutex }) {
    yield* mutexLock(mutex);
    yield* mutexUnlock(mutex);
  },
  "fifo mutex": function* ({ fifoMutex }) {
    yield* mutexLock(fifoMutex);
    yield* mutexUnlock(fifoMutex);
  },
  completion: function* ({ completion }) {
    yield* complete(completion);
    yield* waitForCompletion(completion);
  },
};

/** A batch of executions of one scenario; returns how many pairs they were. */
function batch(name, pair) {
  const engine = new Engine(scenario(name, pair));
  const strategy = random({ randomSeed: 1, executionsMax: Number.MAX_SAFE_INTEGER });
  return () => {
    for (let i = 0; i < EXECUTIONS; i++) {
      strategy.beginExecution();
      engine.run(strategy);
    }
    return EXECUTIONS * PAIRS;
  };
}

const cases = Object.fromEntries(Object.entries(pairs).map(([name, pair]) => [name, batch(name, pair)]));
const figures = measure(cases, { rounds: ROUNDS, warmUps: 1 });
for (const [name, times] of Object.entries(figures)) {
  const against = ratio(times, figures[BARE]).toFixed(2);
  console.log(`${name.padEnd(22)} ${median(times).toFixed(0).padStart(5)} ns a pair  ${against}x`);
}
