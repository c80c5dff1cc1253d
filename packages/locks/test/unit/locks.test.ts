/** Each primitive: what it excludes, what lockdep says about its misuse, and that a wrong version is caught. */

import {
  callRcu,
  downRead,
  downReadTrylock,
  downWrite,
  downWriteTrylock,
  FolioLock,
  folioLock,
  folioSetLocked,
  folioTrylock,
  folioUnlock,
  LOCK_PROTOCOL,
  Lockdep,
  Rcu,
  rcuCallbacks,
  rcuReadLock,
  rcuReadUnlock,
  RwSem,
  SINGLE_DEPTH_NESTING,
  SpinLock,
  spinLock,
  spinTrylock,
  spinUnlock,
  upRead,
  upWrite,
} from "@mmrace/locks";
import {
  always,
  atEnd,
  Cell,
  defineScenario,
  exhaustive,
  explore,
  Lifetime,
  Operation,
  readOnce,
  sometimes,
  without,
  writeOnce,
  type Exploration,
  type OperationKind,
  type Steps,
} from "@mmrace/scheduler";
import { expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";

class World {
  readonly lockdep = new Lockdep();
  readonly a = new SpinLock(this.lockdep, "lock_a");
  readonly b = new SpinLock(this.lockdep, "lock_b");
  readonly a2 = new SpinLock(this.lockdep, "lock_a", { name: "second lock_a" });
  readonly sem = new RwSem(this.lockdep, "sem");
  readonly folio = new FolioLock(this.lockdep, "folio_lock");
  readonly rcu = new Rcu(this.lockdep);
  readonly cell = new Cell("cell", 0);
  readonly memory = new Lifetime("memory", "block", "use-after-free");
  readonly inMemory = new Cell("field", 0, { lifetime: this.memory });
  inside = 0;
  insideMax = 0;

  enter(): void {
    this.inside++;
    this.insideMax = Math.max(this.insideMax, this.inside);
  }

  leave(): void {
    this.inside--;
  }
}

type Body = (w: World) => Steps<void>;

function search(
  threads: Readonly<Record<string, Body>>,
  properties: Parameters<typeof defineScenario<World>>[0]["properties"] = [],
): Exploration {
  const daemons = { rcu: (w: World) => rcuCallbacks(w.rcu) };
  const scenario = defineScenario<World>({
    name: "locks",
    setup: () => new World(),
    threads,
    daemons,
    properties,
  });
  return explore(scenario, exhaustive(), { stopAtFirst: false });
}

function complaint(body: Body): string {
  return expectViolation(search({ only: body }), LOCK_PROTOCOL).message;
}

const exclusive = [
  always("one at a time", (w: World) => w.inside <= 1),
  atEnd("somebody was inside", (w: World) => w.insideMax === 1),
];

/** A critical section around two steps, so that a missing lock shows. */
function section(lock: (w: World) => Operation<void>, unlock: (w: World) => Operation<void>): Body {
  return function* (w) {
    yield* lock(w);
    w.enter();
    yield* readOnce(w.cell);
    w.leave();
    yield* unlock(w);
  };
}

describe("mutual exclusion", () => {
  test.each<[string, Body]>([
    [
      "spinlock",
      section(
        (w) => spinLock(w.a),
        (w) => spinUnlock(w.a),
      ),
    ],
    [
      "rwsem for writers",
      section(
        (w) => downWrite(w.sem),
        (w) => upWrite(w.sem),
      ),
    ],
    [
      "folio lock",
      section(
        (w) => folioLock(w.folio),
        (w) => folioUnlock(w.folio),
      ),
    ],
  ])("%s", (_name, body) => {
    const exploration = search({ one: body, two: body }, exclusive);
    expectNoViolation(exploration);
    // Nobody overlaps: whoever takes the lock first runs its three steps, and the other's lock waits. Two executions,
    // but for the moment after the unlock, when the other may start before the first thread's end: not a step.
    expect(exploration.executions).toBe(2);
  });

  test("without the lock the property breaks: the control", () => {
    const body = section(
      (w) => readOnce(w.cell) as unknown as Operation<void>,
      (w) => readOnce(w.cell) as unknown as Operation<void>,
    );
    expectViolation(search({ one: body, two: body }, exclusive), "one at a time");
  });

  test("readers share, a writer excludes them", () => {
    const reader = section(
      (w) => downRead(w.sem),
      (w) => upRead(w.sem),
    );
    const writer = section(
      (w) => downWrite(w.sem),
      (w) => upWrite(w.sem),
    );
    expectNoViolation(
      search({ one: reader, two: reader }, [sometimes("both inside", (w) => w.inside === 2)]),
    );
    expectNoViolation(search({ one: reader, two: writer }, exclusive));
  });

  test("trylocks answer instead of waiting", () => {
    const holder = section(
      (w) => spinLock(w.a),
      (w) => spinUnlock(w.a),
    );
    const answers = new Set<boolean>();
    const trier: Body = function* (w) {
      const isTaken = yield* spinTrylock(w.a);
      answers.add(isTaken);
      if (!isTaken) return;
      w.enter();
      w.leave();
      yield* spinUnlock(w.a);
    };
    expectNoViolation(search({ holder, trier }, [always("one at a time", (w) => w.inside <= 1)]));
    expect(answers).toEqual(new Set([true, false]));
  });

  test("rwsem and folio trylocks", () => {
    const seen: boolean[] = [];
    expectNoViolation(
      search({
        *only(w) {
          seen.push(yield* downReadTrylock(w.sem));
          seen.push(yield* downWriteTrylock(w.sem));
          yield* upRead(w.sem);
          yield* folioSetLocked(w.folio);
          seen.push(yield* folioTrylock(w.folio));
          yield* folioUnlock(w.folio);
          seen.push(yield* folioTrylock(w.folio));
          yield* folioUnlock(w.folio);
        },
      }),
    );
    expect(seen).toEqual([true, false, false, true]);
  });
});

describe("lockdep", () => {
  test("opposite orders are a deadlock, and are reported in executions that do not deadlock", () => {
    const exploration = search({
      *one(w) {
        yield* spinLock(w.a);
        yield* spinLock(w.b);
        yield* spinUnlock(w.b);
        yield* spinUnlock(w.a);
      },
      *two(w) {
        yield* spinLock(w.b);
        yield* spinLock(w.a);
        yield* spinUnlock(w.a);
        yield* spinUnlock(w.b);
      },
    });
    expect(exploration.violations.map(({ oracle }) => oracle).toSorted()).toEqual([
      "deadlock",
      LOCK_PROTOCOL,
      LOCK_PROTOCOL,
    ]);
    expect(expectViolation(exploration, LOCK_PROTOCOL).message).toMatch(
      /takes lock_[ab] after lock_[ab]; elsewhere/,
    );
  });

  test("one order is fine", () => {
    const body: Body = function* (w) {
      yield* spinLock(w.a);
      yield* spinLock(w.b);
      yield* spinUnlock(w.b);
      yield* spinUnlock(w.a);
    };
    expectNoViolation(search({ one: body, two: body }, [atEnd("quiet", (w) => w.lockdep.isQuiet)]));
  });

  test("a cycle over three classes, each pair in order", () => {
    const message = complaint(function* (w) {
      yield* spinLock(w.a);
      yield* spinLock(w.b);
      yield* spinUnlock(w.a);
      yield* spinLock(w.a2, SINGLE_DEPTH_NESTING);
      yield* spinUnlock(w.b);
      yield* spinLock(w.a);
    });
    expect(message).toBe("only takes lock_a after lock_a/1; elsewhere the order is the other way round");
  });

  test("taking a lock twice, or a second one of its class without a subclass", () => {
    expect(
      complaint(function* (w) {
        yield* spinLock(w.a);
        yield* spinLock(w.a);
      }),
    ).toMatch(/takes lock_a while it holds lock_a/);
    expect(
      complaint(function* (w) {
        yield* spinLock(w.a);
        yield* spinLock(w.a2);
      }),
    ).toMatch(/takes second lock_a while it holds lock_a of the same class/);
    expectNoViolation(
      search({
        *only(w) {
          yield* spinLock(w.a);
          yield* spinLock(w.a2, SINGLE_DEPTH_NESTING);
          yield* spinUnlock(w.a2);
          yield* spinUnlock(w.a);
        },
      }),
    );
  });

  test("releasing what one does not hold", () => {
    const message = /releases lock_a, which it does not hold/;
    expect(complaint((w) => one(spinUnlock(w.a)))).toMatch(message);
    expect(
      complaint(function* (w) {
        yield* spinLock(w.a);
        yield* spinUnlock(w.a);
        yield* spinUnlock(w.a);
      }),
    ).toMatch(message);
    expect(complaint((w) => one(upWrite(w.sem)))).toMatch(/does not hold/);
    expect(complaint((w) => one(folioUnlock(w.folio)))).toMatch(/does not hold/);
    expect(complaint((w) => one(rcuReadUnlock(w.rcu)))).toMatch(/not in/);
  });

  test.each<[string, (w: World) => Operation<void>]>([
    ["down_read", (w) => downRead(w.sem)],
    ["down_write", (w) => downWrite(w.sem)],
    ["folio_lock", (w) => folioLock(w.folio)],
  ])("%s may sleep: not under a spinlock, not in an RCU section", (name, sleep) => {
    expect(
      complaint(function* (w) {
        yield* spinLock(w.a);
        yield* sleep(w);
      }),
    ).toMatch(new RegExp(`may sleep in ${name}.* while it holds lock_a`));
    expect(
      complaint(function* (w) {
        yield* rcuReadLock(w.rcu);
        yield* sleep(w);
      }),
    ).toMatch(/inside an RCU read section/);
  });

  test("a lock held at the end", () => {
    const exploration = search({ only: (w) => one(spinLock(w.a)) }, [
      atEnd("quiet", (w) => w.lockdep.isQuiet),
    ]);
    expectViolation(exploration, "quiet");
  });
});

/** A thread of a single operation. */
function* one(operation: Operation<void>): Steps<void> {
  yield* operation;
}

describe("RCU", () => {
  const freeKind: OperationKind<Lifetime, void, void> = {
    name: "free",
    access: "write",
    perform: (lifetime) => lifetime.end(),
  };
  const reader: Body = function* (w) {
    yield* rcuReadLock(w.rcu);
    if ((yield* readOnce(w.cell)) === 0) yield* readOnce(w.inMemory);
    yield* rcuReadUnlock(w.rcu);
  };
  const remover: Body = function* (w) {
    yield* writeOnce(w.cell, 1);
    yield* callRcu(w.rcu, "free block", () => one(Operation.of(freeKind, w.memory, undefined)));
  };
  const freed = [
    sometimes("the block is freed", (w: World) => w.memory.ended),
    sometimes(
      "the reader is inside while the callback waits",
      (w: World) => (w.rcu.depth[0] ?? 0) > 0 && w.rcu.queue.length > 0,
    ),
  ];

  test("a callback waits for the readers that were there, so nothing is used after it is freed", () => {
    expectNoViolation(search({ reader, remover }, freed));
  });

  test("without the read section it is: the control", () => {
    const daemons = { rcu: (w: World) => rcuCallbacks(w.rcu) };
    const scenario = defineScenario<World>({
      name: "rcu",
      setup: () => new World(),
      threads: { reader, remover },
      daemons,
      properties: [],
    });
    for (const strategy of [exhaustive(), exhaustive({ reduction: "sleep-sets" })]) {
      const exploration = explore(scenario, strategy, {
        ablations: [without.site("reader/rcu_read_lock/rcu")],
      });
      expectViolation(exploration, "use-after-free");
    }
  });

  test("sections nest: the inner end does not let the callback run", () => {
    const nested: Body = function* (w) {
      yield* rcuReadLock(w.rcu);
      const isThere = (yield* readOnce(w.cell)) === 0;
      yield* rcuReadLock(w.rcu);
      yield* rcuReadUnlock(w.rcu);
      if (isThere) yield* readOnce(w.inMemory);
      yield* rcuReadUnlock(w.rcu);
    };
    expectNoViolation(search({ nested, remover }, freed));
  });

  test("the memory of a lock is watched like any other", () => {
    const body: Body = function* (w) {
      const lock = new SpinLock(w.lockdep, "inner", { lifetime: w.memory });
      yield* Operation.of(freeKind, w.memory, undefined);
      yield* spinLock(lock);
    };
    expectViolation(search({ body }), "use-after-free");
  });
});
