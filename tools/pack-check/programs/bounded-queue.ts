/**
 * A user of @mmrace/locks and @mmrace/scheduler, with no kernel memory management in sight: a bounded queue between two
 * producers and two consumers. A consumer that takes an item wakes one waiter; if all wait in one queue, it may wake
 * the wrong one. With a queue for each side it cannot.
 */

import {
  finishWait,
  Lockdep,
  Mutex,
  mutexLock,
  mutexUnlock,
  prepareToWait,
  schedule,
  WaitQueue,
  wakeUp,
} from "@mmrace/locks";
import { atEnd, Cell, defineScenario, dpor, explore, readOnce, replay, writeOnce } from "@mmrace/scheduler";
import type { Scenario, Steps } from "@mmrace/scheduler";
import { expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";

const CAPACITY = 1;

class Queue {
  readonly lockdep = new Lockdep();
  readonly mutex = new Mutex(this.lockdep, "queue_mutex");
  readonly length = new Cell("length", 0);
  /** Who waits for room, and who for an item: the same queue, where that is the mistake. */
  readonly notFull: WaitQueue;
  readonly notEmpty: WaitQueue;

  constructor(isShared: boolean) {
    this.notFull = new WaitQueue(this.lockdep, "not_full");
    this.notEmpty = isShared ? this.notFull : new WaitQueue(this.lockdep, "not_empty");
  }
}

/** Waits, with the mutex given back meanwhile, until the length is not `obstacle`; then changes it and wakes one waiter. */
function* move(q: Queue, obstacle: number, by: number, mine: WaitQueue, theirs: WaitQueue): Steps<void> {
  yield* mutexLock(q.mutex);
  while ((yield* readOnce(q.length)) === obstacle) {
    yield* prepareToWait(mine, { exclusive: true });
    yield* mutexUnlock(q.mutex);
    yield* schedule(mine);
    yield* finishWait(mine);
    yield* mutexLock(q.mutex);
  }
  yield* writeOnce(q.length, (yield* readOnce(q.length)) + by);
  yield* wakeUp(theirs);
  yield* mutexUnlock(q.mutex);
}

const put = (q: Queue): Steps<void> => move(q, CAPACITY, 1, q.notFull, q.notEmpty);
const take = (q: Queue): Steps<void> => move(q, 0, -1, q.notEmpty, q.notFull);

function scenario(isShared: boolean): Scenario<Queue> {
  return defineScenario<Queue>({
    name: "bounded-queue",
    parameters: { isShared },
    setup: () => new Queue(isShared),
    threads: { producer1: put, producer2: put, consumer1: take, consumer2: take },
    properties: [atEnd("nothing is left", ({ length }) => length.value === 0)],
  });
}

expectNoViolation(explore(scenario(false), dpor(), { stopAtFirst: false }));
const lost = expectViolation(explore(scenario(true), dpor()), "deadlock");
expectViolation(explore(scenario(true), replay(lost.token)), "deadlock");
expectNoViolation(explore(scenario(false), dpor(), { memory: "tso", executionsMax: 2000 }));
