/**
 * What lock operations do for the order of memory: on x86 a locked instruction is a full barrier and a plain store is
 * none. Each stands in the store-buffering test, where 00 is what only a store buffer can show.
 */

import {
  downRead,
  downWrite,
  downWriteTrylock,
  FolioLock,
  folioLock,
  folioTrylock,
  folioUnlock,
  Lockdep,
  Mutex,
  mutexLock,
  mutexTrylock,
  mutexUnlock,
  readLock,
  readUnlock,
  RwLock,
  RwSem,
  SpinLock,
  spinLock,
  spinTrylock,
  spinUnlock,
  upRead,
  upWrite,
  writeLock,
  writeTrylock,
  writeUnlock,
} from "@mmrace/locks";
import {
  atEnd,
  Cell,
  cpuRelax,
  defineScenario,
  dpor,
  Engine,
  exhaustive,
  explore,
  Operation,
  readOnce,
  smpMb,
  writeOnce,
  type MemoryModel,
  type OperationKind,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";

import { describe, expect, test } from "vitest";

type Exclusive = SpinLock | RwLock | RwSem | FolioLock | Mutex;
type Make = (lockdep: Lockdep, name: string) => Exclusive;

/** A world for store buffering: each thread writes its cell and reads the other's, with something in between. */
interface Pair {
  readonly x: Cell<number>;
  readonly y: Cell<number>;
  readonly locks: readonly [Exclusive, Exclusive];
  readonly seen: number[];
}

/** What stands before the write, between it and the read, and after. */
interface Between {
  readonly before?: (lock: never) => Operation<unknown>;
  readonly between: (lock: never) => Operation<unknown>;
  readonly after?: (lock: never) => Operation<unknown>;
}

function storeBuffering(make: Make, { before, between, after }: Between): Scenario<Pair> {
  const thread = (self: 0 | 1) =>
    function* ({ x, y, locks, seen }: Pair): Steps<void> {
      const lock = locks[self] as never;
      if (before !== undefined) yield* before(lock);
      yield* writeOnce(self === 0 ? x : y, 1);
      yield* between(lock);
      seen[self] = yield* readOnce(self === 0 ? y : x);
      if (after !== undefined) yield* after(lock);
    };
  return defineScenario<Pair>({
    name: "store buffering",
    setup: () => {
      const lockdep = new Lockdep();
      const locks = [make(lockdep, "first"), make(lockdep, "second")] as const;
      return { x: new Cell("x", 0), y: new Cell("y", 0), locks, seen: [] };
    },
    threads: { one: thread(0), two: thread(1) },
    properties: [],
  });
}

/** What the two threads can read. */
function readings(scenario: Scenario<Pair>, memory: MemoryModel): readonly string[] {
  let world: Pair | undefined;
  const engine = new Engine({ ...scenario, setup: () => (world = scenario.setup()) }, { memory });
  const strategy = exhaustive({ reduction: "sleep-sets" });
  const found = new Set<string>();
  while (strategy.beginExecution()) {
    const ending = engine.run(strategy);
    if (ending.kind !== "pruned") found.add(`${ending.kind} ${world!.seen.join("")}`);
  }
  return [...found].toSorted();
}

const ORDERED = ["finished 01", "finished 10", "finished 11"];
const BUFFERED = ["finished 00", ...ORDERED];

/** Not how spinlocks are: the lock word changes at once, but earlier stores stay in the buffer. */
const unorderedKind: OperationKind<SpinLock, void, void> = {
  name: "unordered_lock",
  access: "write",
  order: "none",
  isEnabled: ({ owner }) => owner === undefined,
  perform: (lock, _argument, thread) => {
    lock.owner = thread;
  },
};

const spin: Make = (lockdep, name) => new SpinLock(lockdep, "lock", { name });
const rw: Make = (lockdep, name) => new RwLock(lockdep, "lock", { name });
const sem: Make = (lockdep, name) => new RwSem(lockdep, "lock", { name });
const folio: Make = (lockdep, name) => new FolioLock(lockdep, "lock", { name });
const mutex: Make = (lockdep, name) => new Mutex(lockdep, "lock", { name });

describe("x86: locked instructions are full barriers, plain stores are not", () => {
  test.each<[string, Make, Between, readonly string[]]>([
    ["spin_lock", spin, { between: (l) => spinLock(l), after: spinUnlock }, ORDERED],
    ["spin_trylock", spin, { between: (l) => spinTrylock(l), after: spinUnlock }, ORDERED],
    ["spin_unlock", spin, { before: (l) => spinLock(l), between: spinUnlock }, BUFFERED],
    ["read_lock", rw, { between: (l) => readLock(l), after: readUnlock }, ORDERED],
    ["read_unlock", rw, { before: (l) => readLock(l), between: readUnlock }, ORDERED],
    ["write_lock", rw, { between: (l) => writeLock(l), after: writeUnlock }, ORDERED],
    ["write_trylock", rw, { between: writeTrylock, after: writeUnlock }, ORDERED],
    ["write_unlock", rw, { before: (l) => writeLock(l), between: writeUnlock }, BUFFERED],
    ["down_read", sem, { between: (l) => downRead(l), after: upRead }, ORDERED],
    ["up_read", sem, { before: (l) => downRead(l), between: upRead }, ORDERED],
    ["down_write", sem, { between: (l) => downWrite(l), after: upWrite }, ORDERED],
    ["down_write_trylock", sem, { between: downWriteTrylock, after: upWrite }, ORDERED],
    ["up_write", sem, { before: (l) => downWrite(l), between: upWrite }, ORDERED],
    ["folio_lock", folio, { between: folioLock, after: folioUnlock }, ORDERED],
    ["folio_trylock", folio, { between: folioTrylock, after: folioUnlock }, ORDERED],
    ["folio_unlock", folio, { before: folioLock, between: folioUnlock }, ORDERED],
    ["mutex_lock", mutex, { between: (l) => mutexLock(l), after: mutexUnlock }, ORDERED],
    ["mutex_trylock", mutex, { between: mutexTrylock, after: mutexUnlock }, ORDERED],
    ["mutex_unlock", mutex, { before: (l) => mutexLock(l), between: mutexUnlock }, ORDERED],
    ["a lock without order", spin, { between: (l) => Operation.of(unorderedKind, l, undefined) }, BUFFERED],
  ])("%s", (_name, make, between, expected) => {
    expect(readings(storeBuffering(make, between), "tso")).toEqual(expected);
    expect(readings(storeBuffering(make, between), "sc")).toEqual(ORDERED);
  });
});

/** Two flags, and who is inside: ghost state. */
interface Flags {
  readonly x: Cell<number>;
  readonly y: Cell<number>;
  inside: number;
  insideMax: number;
}

/** A lock of plain loads and stores: each thread says that it wants to enter and looks whether the other one does. */
function homemade(isFenced: boolean): Scenario<Flags> {
  const thread = (self: 0 | 1) =>
    function* (w: Flags): Steps<void> {
      const [mine, theirs] = self === 0 ? [w.x, w.y] : [w.y, w.x];
      yield* writeOnce(mine, 1);
      if (isFenced) yield* smpMb();
      while ((yield* readOnce(theirs)) === 1) {
        if (self === 1) yield* writeOnce(mine, 0); // The second gives way.
        yield* cpuRelax();
        if (self === 1) yield* writeOnce(mine, 1);
        if (isFenced) yield* smpMb();
      }
      w.insideMax = Math.max(w.insideMax, ++w.inside);
      yield* readOnce(mine);
      w.inside--;
      yield* writeOnce(mine, 0);
    };
  return defineScenario({
    name: "homemade lock",
    setup: () => ({ x: new Cell("x", 0), y: new Cell("y", 0), inside: 0, insideMax: 0 }),
    threads: { one: thread(0), two: thread(1) },
    properties: [atEnd("one at a time", ({ insideMax }) => insideMax === 1)],
  });
}

test("a lock of plain loads and stores excludes under sc, and under tso only with barriers", () => {
  const found = (isFenced: boolean, memory: MemoryModel): readonly string[] =>
    explore(homemade(isFenced), dpor(), { memory, stopAtFirst: false }).violations.map(
      ({ oracle }) => oracle,
    );
  expect(found(false, "sc")).toEqual([]);
  expect(found(false, "tso")).toEqual(["one at a time"]);
  expect(found(true, "tso")).toEqual([]);
});
