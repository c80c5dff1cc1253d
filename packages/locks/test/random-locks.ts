/**
 * Random programs over one lock, equal for equal random seeds: three threads that take it in every way it can be taken,
 * give it back (or forget to), touch cells inside and outside, and are killed.
 */

import {
  downgradeWrite,
  downRead,
  downReadKillable,
  downReadTrylock,
  downWrite,
  downWriteKillable,
  downWriteTrylock,
  FatalSignal,
  FolioLock,
  folioEndRead,
  folioLock,
  folioLockKillable,
  folioTrylock,
  folioUnlock,
  folioWaitLocked,
  Lockdep,
  Mutex,
  mutexLock,
  mutexLockKillable,
  mutexTrylock,
  mutexUnlock,
  readLock,
  readTrylock,
  readUnlock,
  RwLock,
  RwSem,
  sendSigkill,
  SpinLock,
  spinLock,
  spinTrylock,
  spinUnlock,
  upRead,
  upWrite,
  writeLock,
  writeTrylock,
  writeUnlock,
  type RwSemFairness,
} from "@mmrace/locks";
import {
  Cell,
  defineScenario,
  Prng,
  readOnce,
  writeOnce,
  type Operation,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";

/** One lock, two cells, and what each thread has seen: ghost state. */
export interface OneLock<L> {
  readonly lock: L;
  readonly signal: FatalSignal;
  readonly cells: readonly [Cell<number>, Cell<number>];
  readonly seen: string[];
}

/** A way to take a lock: how, whether it says that it worked, and how it is given back. */
interface Way<L> {
  readonly take: (world: OneLock<L>) => Steps<boolean>;
  readonly drop: (world: OneLock<L>, self: number) => Steps<void>;
}

/** A lock and all that can be done with it. */
export interface Subject<L> {
  readonly name: string;
  readonly make: (lockdep: Lockdep) => L;
  readonly ways: readonly Way<L>[];
}

const spinWays: readonly Way<SpinLock>[] = [
  { take: ({ lock }) => always(spinLock(lock)), drop: ({ lock }) => plain(spinUnlock(lock)) },
  { take: ({ lock }) => plain(spinTrylock(lock)), drop: ({ lock }) => plain(spinUnlock(lock)) },
];

const rwWays: readonly Way<RwLock>[] = [
  { take: ({ lock }) => always(readLock(lock)), drop: ({ lock }) => plain(readUnlock(lock)) },
  { take: ({ lock }) => plain(readTrylock(lock)), drop: ({ lock }) => plain(readUnlock(lock)) },
  { take: ({ lock }) => always(writeLock(lock)), drop: ({ lock }) => plain(writeUnlock(lock)) },
  { take: ({ lock }) => plain(writeTrylock(lock)), drop: ({ lock }) => plain(writeUnlock(lock)) },
];

const semWays: readonly Way<RwSem>[] = [
  { take: ({ lock }) => always(downRead(lock)), drop: ({ lock }) => plain(upRead(lock)) },
  { take: ({ lock }) => plain(downReadTrylock(lock)), drop: ({ lock }) => plain(upRead(lock)) },
  {
    take: ({ lock, signal }) => isZero(downReadKillable(lock, signal)),
    drop: ({ lock }) => plain(upRead(lock)),
  },
  { take: ({ lock }) => always(downWrite(lock)), drop: ({ lock }) => plain(upWrite(lock)) },
  { take: ({ lock }) => plain(downWriteTrylock(lock)), drop: ({ lock }) => plain(upWrite(lock)) },
  {
    take: ({ lock, signal }) => isZero(downWriteKillable(lock, signal)),
    *drop(world, self) {
      yield* downgradeWrite(world.lock);
      yield* look(world, self, 0);
      yield* upRead(world.lock);
    },
  },
];

const folioWays: readonly Way<FolioLock>[] = [
  { take: ({ lock }) => always(folioLock(lock)), drop: ({ lock }) => plain(folioUnlock(lock)) },
  { take: ({ lock }) => plain(folioTrylock(lock)), drop: ({ lock }) => plain(folioEndRead(lock)) },
  {
    take: ({ lock, signal }) => isZero(folioLockKillable(lock, signal)),
    drop: ({ lock }) => plain(folioUnlock(lock)),
  },
  { take: ({ lock }) => always(folioWaitLocked(lock)), *drop() {} },
];

const mutexWays: readonly Way<Mutex>[] = [
  { take: ({ lock }) => always(mutexLock(lock)), drop: ({ lock }) => plain(mutexUnlock(lock)) },
  { take: ({ lock }) => plain(mutexTrylock(lock)), drop: ({ lock }) => plain(mutexUnlock(lock)) },
  {
    take: ({ lock, signal }) => isZero(mutexLockKillable(lock, signal)),
    drop: ({ lock }) => plain(mutexUnlock(lock)),
  },
];

/** Every lock that waits, in every fairness. */
export const subjects: readonly Subject<never>[] = [
  ...(["none", "queued"] as const).flatMap((fairness) => [
    subject(`spinlock, ${fairness}`, (lockdep) => new SpinLock(lockdep, "lock", { fairness }), spinWays),
    subject(`rwlock, ${fairness}`, (lockdep) => new RwLock(lockdep, "lock", { fairness }), rwWays),
  ]),
  ...(["none", "stealing", "fifo"] satisfies readonly RwSemFairness[]).map((fairness) =>
    subject(`rwsem, ${fairness}`, (lockdep) => new RwSem(lockdep, "lock", { fairness }), semWays),
  ),
  ...(["none", "fifo"] as const).map((fairness) =>
    subject(`mutex, ${fairness}`, (lockdep) => new Mutex(lockdep, "lock", { fairness }), mutexWays),
  ),
  subject("folio lock", (lockdep) => new FolioLock(lockdep, "lock"), folioWays),
];

/** Forgets the type of the lock: a subject's ways only ever meet locks that it made itself. */
function subject<L>(name: string, make: (lockdep: Lockdep) => L, ways: readonly Way<L>[]): Subject<never> {
  return { name, make, ways } as unknown as Subject<never>;
}

/** Takes it whatever comes. */
function* always(operation: Operation<void>): Steps<boolean> {
  yield* operation;
  return true;
}

function* plain<R>(operation: Operation<R>): Steps<R> {
  return yield* operation;
}

/** Whether a killable operation got what it waited for. */
function* isZero(operation: Operation<number>): Steps<boolean> {
  return (yield* operation) === 0;
}

/** Reads a cell and notes what was there. */
function* look<L>({ cells, seen }: OneLock<L>, self: number, at: 0 | 1): Steps<void> {
  seen[self] = `${seen[self] ?? ""}${yield* readOnce(cells[at])},`;
}

/** One section: takes the lock in some way, does something, gives it back; one in ten forgets to. */
function* section<L>({ ways }: Subject<L>, world: OneLock<L>, self: number, prng: Prng): Steps<void> {
  const way = ways[prng.below(ways.length)]!;
  const at = prng.below(2) as 0 | 1;
  const writes = prng.below(2) === 0;
  const forgets = prng.below(10) === 0;
  const isTaken = yield* way.take(world);
  world.seen[self] = `${world.seen[self] ?? ""}${isTaken ? "+" : "-"}`;
  if (!isTaken) return;
  if (writes) yield* writeOnce(world.cells[at], self + 1);
  else yield* look(world, self, at);
  if (!forgets) yield* way.drop(world, self);
}

/** What a thread does besides. */
function* outside<L>(world: OneLock<L>, self: number, prng: Prng): Steps<void> {
  const at = prng.below(2) as 0 | 1;
  const what = prng.below(3);
  if (what === 0) yield* sendSigkill(world.signal);
  else if (what === 1) yield* writeOnce(world.cells[at], 10 + self);
  else yield* look(world, self, at);
}

/** The program of a random seed over a subject. */
export function randomLocking<L>(of: Subject<L>, randomSeed: number): Scenario<OneLock<L>> {
  const prng = new Prng(randomSeed);
  const threads = Array.from({ length: 3 }, (_, self) => {
    const parts = Array.from({ length: 1 + prng.below(2) }, () => [prng.below(4), prng.next()] as const);
    const body = function* (world: OneLock<L>): Steps<void> {
      for (const [kind, seed] of parts) {
        if (kind === 0) yield* outside(world, self, new Prng(seed));
        else yield* section(of, world, self, new Prng(seed));
      }
    };
    return [`t${self}`, body] as const;
  });
  return defineScenario<OneLock<L>>({
    name: `${of.name}(${randomSeed})`,
    setup: () => ({
      lock: of.make(new Lockdep()),
      signal: new FatalSignal(),
      cells: [new Cell("x", 0), new Cell("y", 0)],
      seen: [],
    }),
    threads: Object.fromEntries(threads),
    properties: [],
  });
}

/** All that an execution leaves behind. */
export function leftBehind({ cells: [x, y], signal, seen }: OneLock<unknown>): string {
  return `x=${x.value} y=${y.value} killed=${signal.isPending} ${[0, 1, 2].map((self) => seen[self] ?? "").join(" ")}`;
}
