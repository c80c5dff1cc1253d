/** A world of two CPUs, for tests of preemption and interrupts. */

import { interruptDaemons, Lockdep, Machine, Rcu, SpinLock } from "@mmrace/locks";
import {
  Cell,
  defineScenario,
  Lifetime,
  readOnce,
  writeOnce,
  type MemoryModel,
  type Scenario,
  type Steps,
  type ThreadSpec,
} from "@mmrace/scheduler";

/** Both memory models. */
export const MODELS: readonly MemoryModel[] = ["sc", "tso"];

/** Two CPUs, and what is shared there. */
export class World {
  readonly lockdep = new Lockdep();
  readonly rcu = new Rcu(this.lockdep);
  readonly machine = new Machine(this.lockdep, 2, { rcu: this.rcu });
  readonly lock = new SpinLock(this.lockdep, "lock");
  readonly counter = new Cell("counter", 0);
  readonly x = new Cell("x", 0);
  readonly y = new Cell("y", 0);
  readonly slot = new Cell("slot", 1);
  readonly memory = new Lifetime("memory", "table", "use-after-free");
  readonly entry = new Cell("entry", 0, { lifetime: this.memory });
  readonly seen: string[] = [];

  get log(): readonly string[] {
    return [...this.seen, `counter=${this.counter.value}`];
  }

  *see(cell: Cell<number>): Steps<void> {
    this.seen.push(`${cell.name}=${yield* readOnce(cell)}`);
  }
}

/** A thread. */
export type Body = (w: World) => Steps<void>;
/** Threads by name; without a CPU they run on 0, 1, ... */
export type Threads = Readonly<Record<string, Body | ThreadSpec<World>>>;

/** Threads on the CPUs 0, 1, ... unless they say otherwise, and the interrupt actors of as many CPUs as are asked for. */
export function scenarioOf(threads: Threads, interruptible = 0): Scenario<World> {
  const daemons = interruptDaemons<World>(interruptible, ({ machine }) => machine);
  return defineScenario<World>({
    name: "context",
    setup: () => new World(),
    threads,
    daemons,
    properties: [],
  });
}

/** Adds one, in two steps. */
export function* increment(w: World): Steps<void> {
  yield* writeOnce(w.counter, (yield* readOnce(w.counter)) + 1);
}

/** Puts a thread on CPU0. */
export const onCpu0 = (run: Body): ThreadSpec<World> => ({ cpu: 0, run });
