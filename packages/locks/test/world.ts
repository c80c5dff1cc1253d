/** A world with one of each primitive, and how the tests search it. */

import { FolioLock, LOCK_PROTOCOL, Lockdep, Rcu, rcuCallbacks, RwSem, SpinLock } from "@mmrace/locks";
import {
  Cell,
  defineScenario,
  exhaustive,
  explore,
  Lifetime,
  type Exploration,
  type Operation,
  type Property,
  type Steps,
} from "@mmrace/scheduler";
import { expectViolation } from "@mmrace/scheduler/testing";

export class World {
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

export type Body = (w: World) => Steps<void>;

/** All schedules, all findings. */
export function search(
  threads: Readonly<Record<string, Body>>,
  properties: readonly Property<World>[] = [],
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

/** What lockdep says about a single thread. */
export function complaint(body: Body): string {
  return expectViolation(search({ only: body }), LOCK_PROTOCOL).message;
}

/** A thread of a single operation. */
export function* one(operation: Operation<void>): Steps<void> {
  yield* operation;
}
