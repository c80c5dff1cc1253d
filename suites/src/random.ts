/**
 * Random small programs, equal for equal random seeds: what no list of benchmarks covers. They mix cells, a mutex, a
 * semaphore, RCU, spinning, data choices, memory that is freed and violations, in three threads of a few steps.
 */

import {
  Cell,
  choose,
  cmpxchg,
  cpuRelax,
  defineScenario,
  Lifetime,
  Operation,
  Prng,
  readOnce,
  update,
  violate,
  writeOnce,
  type OperationKind,
  type Steps,
} from "@mmrace/scheduler";
import {
  callRcu,
  downRead,
  downReadTrylock,
  downWrite,
  Lockdep,
  Rcu,
  rcuCallbacks,
  rcuReadLock,
  rcuReadUnlock,
  RwSem,
  upRead,
  upWrite,
} from "@mmrace/locks";
import { lock, Mutex, trylock, unlock } from "./mutex.ts";
import type { Program } from "./program.ts";

/** The world of random programs. */
export interface Mixture {
  readonly cells: readonly [Cell<number>, Cell<number>];
  readonly mutex: Mutex;
  readonly sem: RwSem;
  readonly rcu: Rcu;
  readonly page: Lifetime;
  readonly inPage: Cell<number>;
  /** What each thread has observed: ghost state. */
  readonly seen: string[];
}

type Part = (world: Mixture, self: number, prng: Prng) => Steps<void>;

const freeKind: OperationKind<Lifetime, void, void> = {
  name: "free",
  access: "write",
  perform: (page) => page.end(),
};

function see(world: Mixture, self: number, value: unknown): void {
  world.seen[self] = `${world.seen[self] ?? ""}${String(value)},`;
}

// Every part draws the same numbers however the threads interleave: its generator is its own.
const parts: Readonly<Record<string, Part>> = {
  *read(world, self, prng) {
    see(world, self, yield* readOnce(world.cells[prng.below(2) as 0 | 1]));
  },
  *write(world, self, prng) {
    yield* writeOnce(world.cells[prng.below(2) as 0 | 1], self + 1);
  },
  *add({ cells }, _self, prng) {
    yield* update(cells[prng.below(2) as 0 | 1], (value) => value + 1);
  },
  *exchange(world, self, prng) {
    see(world, self, yield* cmpxchg(world.cells[prng.below(2) as 0 | 1], prng.below(3), 7));
  },
  *locked(world, self, prng) {
    yield* lock(world.mutex);
    yield* parts[prng.below(2) === 0 ? "read" : "write"]!(world, self, prng);
    if (prng.below(4) > 0) yield* unlock(world.mutex);
  },
  *tried(world, self, prng) {
    const taken = yield* trylock(world.mutex);
    see(world, self, taken);
    if (taken && prng.below(4) > 0) yield* unlock(world.mutex);
  },
  *shared(world, self, prng) {
    yield* downRead(world.sem);
    yield* parts["read"]!(world, self, prng);
    yield* upRead(world.sem);
  },
  *sharedTry(world, self) {
    const taken = yield* downReadTrylock(world.sem);
    see(world, self, taken);
    if (taken) yield* upRead(world.sem);
  },
  *exclusive(world, self, prng) {
    yield* downWrite(world.sem);
    yield* parts["add"]!(world, self, prng);
    yield* upWrite(world.sem);
  },
  *section(world, self) {
    yield* rcuReadLock(world.rcu);
    see(world, self, yield* readOnce(world.inPage));
    yield* rcuReadUnlock(world.rcu);
  },
  *retire(world) {
    yield* callRcu(world.rcu, "free", function* () {
      yield* Operation.of(freeKind, world.page, undefined);
    });
  },
  *use(world, self) {
    see(world, self, yield* readOnce(world.inPage));
  },
  *spin(world, self, prng) {
    const cell = world.cells[prng.below(2) as 0 | 1];
    while ((yield* readOnce(cell)) === 0) yield* cpuRelax();
    see(world, self, "spun");
  },
  *chance({ cells }, _self, prng) {
    yield* writeOnce(cells[prng.below(2) as 0 | 1], yield* choose("chance", 2));
  },
  *complain(world, self, prng) {
    const value = yield* readOnce(world.cells[prng.below(2) as 0 | 1]);
    if (value === 1) violate("random", `thread ${self} saw 1`);
    see(world, self, value);
  },
};

/** The program of a random seed. `partsMax` bounds the parts per thread. */
export function randomProgram(randomSeed: number, partsMax: number = 2): Program<Mixture> {
  const prng = new Prng(randomSeed);
  const names = Object.keys(parts);
  const threads = Array.from({ length: 3 }, (_, self) => {
    const count = 1 + prng.below(partsMax);
    const chosen = Array.from(
      { length: count },
      () => [names[prng.below(names.length)]!, prng.next()] as const,
    );
    const body = function* (world: Mixture): Steps<void> {
      for (const [name, seed] of chosen) yield* parts[name]!(world, self, new Prng(seed));
    };
    return [`t${self}`, body] as const;
  });
  return {
    id: `random(${randomSeed})`,
    scenario: defineScenario<Mixture>({
      name: `random-${randomSeed}`,
      setup,
      threads: Object.fromEntries(threads),
      daemons: { rcu: ({ rcu }) => rcuCallbacks(rcu) },
      properties: [],
    }),
    finalState: describe,
    expected: {},
  };
}

function setup(): Mixture {
  const lockdep = new Lockdep();
  const page = new Lifetime("page", "page", "use after free");
  return {
    cells: [new Cell("x", 0), new Cell("y", 0)],
    mutex: new Mutex("mutex"),
    sem: new RwSem(lockdep, "sem"),
    rcu: new Rcu(lockdep),
    page,
    inPage: new Cell("in_page", 5, { lifetime: page }),
    seen: [],
  };
}

function describe({ cells: [x, y], mutex, page, rcu, seen }: Mixture): string {
  return `x=${x.value} y=${y.value} mutex=${mutex.owner?.id ?? "-"} freed=${page.ended} queue=${rcu.queue.length} ${seen.join(" ")}`;
}
