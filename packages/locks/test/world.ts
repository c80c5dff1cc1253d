/** A world with one of each primitive, and how the tests search it. */

import { FolioLock, LOCK_PROTOCOL, Lockdep, Rcu, rcuCallbacks, RwLock, RwSem, SpinLock } from "@mmrace/locks";
import {
  Cell,
  defineScenario,
  exhaustive,
  explore,
  Lifetime,
  type Exploration,
  type MemoryModel,
  type Operation,
  type Property,
  type RunSettings,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { expectViolation } from "@mmrace/scheduler/testing";
import { agreed } from "./searches.ts";

export class World {
  readonly lockdep = new Lockdep();
  readonly a = new SpinLock(this.lockdep, "lock_a");
  readonly b = new SpinLock(this.lockdep, "lock_b");
  readonly raw = new SpinLock(this.lockdep, "raw_lock", { isRaw: true });
  readonly a2 = new SpinLock(this.lockdep, "lock_a", { name: "second lock_a" });
  readonly queued = new SpinLock(this.lockdep, "queued_lock", { fairness: "queued" });
  readonly rw = new RwLock(this.lockdep, "rw_lock");
  readonly unfairRw = new RwLock(this.lockdep, "rw_lock", { fairness: "none" });
  readonly sem = new RwSem(this.lockdep, "sem");
  readonly unfairSem = new RwSem(this.lockdep, "sem", { fairness: "none" });
  readonly fifoSem = new RwSem(this.lockdep, "sem", { fairness: "fifo" });
  readonly folio = new FolioLock(this.lockdep, "folio_lock");
  readonly rcu = new Rcu(this.lockdep);
  readonly cell = new Cell("cell", 0);
  readonly flag = new Cell("flag", 0);
  readonly memory = new Lifetime("memory", "block", "use-after-free");
  readonly inMemory = new Cell("field", 0, { lifetime: this.memory });
  /** What happened, in the order in which it did: ghost state. */
  readonly log: string[] = [];
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

/** A scenario of these threads and the RCU actor. */
export function scenarioOf(
  threads: Readonly<Record<string, Body>>,
  properties: readonly Property<World>[] = [],
): Scenario<World> {
  const daemons = { rcu: (w: World) => rcuCallbacks(w.rcu) };
  return defineScenario<World>({ name: "locks", setup: () => new World(), threads, daemons, properties });
}

/** All schedules, all findings. */
export function search(
  threads: Readonly<Record<string, Body>>,
  properties: readonly Property<World>[] = [],
  settings: RunSettings = {},
): Exploration {
  return explore(scenarioOf(threads, properties), exhaustive(), { ...settings, stopAtFirst: false });
}

/** Fails unless all complete searches see the same endings; see `agreed`. @returns the endings. */
export function expectAgreement(
  threads: Readonly<Record<string, Body>>,
  properties: readonly Property<World>[] = [],
  memory: MemoryModel = "sc",
): ReadonlySet<string> {
  return agreed(scenarioOf(threads, properties), memory).endings;
}

/** What lockdep says about a single thread. */
export function complaint(body: Body): string {
  return expectViolation(search({ only: body }), LOCK_PROTOCOL).message;
}

/** A thread of a single operation. */
export function* one(operation: Operation<void>): Steps<void> {
  yield* operation;
}
