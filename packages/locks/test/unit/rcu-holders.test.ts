/** Holders of spinning locks are RCU readers, where the lock was told of the RCU: what waits for them, and what not. */

import {
  BitSpinLock,
  bitSpinLock,
  bitSpinTrylock,
  bitSpinUnlock,
  callRcu,
  rcuAssignPointer,
  rcuCallbacks,
  rcuReadLock,
  rcuReadUnlock,
  readLock,
  readTrylock,
  readUnlock,
  RwLock,
  SpinLock,
  spinLock,
  spinTrylock,
  spinUnlock,
  synchronizeRcu,
  writeLock,
  writeTrylock,
  writeUnlock,
  type PreemptionTraits,
} from "@mmrace/locks";
import {
  always,
  defineScenario,
  exhaustive,
  explore,
  type Operation,
  readOnce,
  sometimes,
  writeOnce,
  type MemoryModel,
  type ModelThread,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { expectNoViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { free, PointedWorld } from "../memory.ts";
import { agreed, verdictOf } from "../searches.ts";

class World extends PointedWorld {
  readonly spin: SpinLock;
  readonly queued: SpinLock;
  readonly rw: RwLock;
  readonly unfairRw: RwLock;
  readonly bit: BitSpinLock;

  constructor(holdsRcu: boolean) {
    super();
    const traits: PreemptionTraits = holdsRcu ? { rcu: this.rcu } : {};
    this.spin = new SpinLock(this.lockdep, "spin", traits);
    this.queued = new SpinLock(this.lockdep, "queued", { fairness: "queued", ...traits });
    this.rw = new RwLock(this.lockdep, "rw", traits);
    this.unfairRw = new RwLock(this.lockdep, "unfair_rw", { fairness: "none", ...traits });
    this.bit = new BitSpinLock(this.lockdep, "bit", traits);
  }
}

type Body = (w: World) => Steps<void>;
type Take = (w: World) => Operation<unknown>;

function scenarioOf(threads: Readonly<Record<string, Body>>, holdsRcu = true): Scenario<World> {
  const daemons = { rcu: (w: World) => rcuCallbacks(w.rcu) };
  const setup = (): World => new World(holdsRcu);
  return defineScenario<World>({ name: "holders", setup, threads, daemons, properties: [] });
}

/** Uses the block, if it is still there, with the lock held and no read section. */
function reader(take: Take, drop: Take): Body {
  return function* (w) {
    yield* take(w);
    if ((yield* readOnce(w.pointer)) !== 0) yield* readOnce(w.field);
    yield* drop(w);
  };
}

function* synchronizing(w: World): Steps<void> {
  yield* rcuAssignPointer(w.pointer, 0);
  yield* synchronizeRcu(w.rcu);
  yield* free(w.memory);
}

function* deferring(w: World): Steps<void> {
  yield* rcuAssignPointer(w.pointer, 0);
  yield* callRcu(w.rcu, "free block", () => free(w.memory));
}

const ways: readonly (readonly [name: string, take: Take, drop: Take])[] = [
  ["spin_lock", (w) => spinLock(w.spin), (w) => spinUnlock(w.spin)],
  ["spin_trylock", (w) => spinTrylock(w.spin), (w) => spinUnlock(w.spin)],
  ["queued spin_lock", (w) => spinLock(w.queued), (w) => spinUnlock(w.queued)],
  ["read_lock", (w) => readLock(w.rw), (w) => readUnlock(w.rw)],
  ["unfair read_lock", (w) => readLock(w.unfairRw), (w) => readUnlock(w.unfairRw)],
  ["read_trylock", (w) => readTrylock(w.rw), (w) => readUnlock(w.rw)],
  ["write_lock", (w) => writeLock(w.rw), (w) => writeUnlock(w.rw)],
  ["unfair write_lock", (w) => writeLock(w.unfairRw), (w) => writeUnlock(w.unfairRw)],
  ["write_trylock", (w) => writeTrylock(w.rw), (w) => writeUnlock(w.rw)],
  ["bit_spin_lock", (w) => bitSpinLock(w.bit), (w) => bitSpinUnlock(w.bit)],
  ["bit_spin_trylock", (w) => bitSpinTrylock(w.bit), (w) => bitSpinUnlock(w.bit)],
];

describe.each(["sc", "tso"] as const)("under %s", (memory: MemoryModel) => {
  describe.each([
    ["synchronize_rcu", synchronizing],
    ["call_rcu", deferring],
  ] as const)("%s", (_name, updater) => {
    test.each(ways)("waits for who holds it by %s", (_way, take, drop) => {
      const threads = { reader: reader(take, drop), updater };
      expect(agreed(scenarioOf(threads), memory, { isSmall: true }).wrong).toBe(0);
      // The control: up to 4.19 RCU did not.
      expect([...agreed(scenarioOf(threads, false), memory, { isSmall: true }).endings]).toContain(
        "use-after-free: reader does read_once on field after block was freed",
      );
    });
  });

  test("a trylock that fails leaves nothing behind: the grace period ends", () => {
    const scenario = scenarioOf({
      *holder(w) {
        yield* spinLock(w.spin);
        yield* writeOnce(w.x, 1);
        yield* spinUnlock(w.spin);
      },
      *trier(w) {
        if (yield* spinTrylock(w.spin)) yield* spinUnlock(w.spin);
        else w.log.push("failed");
        yield* synchronizeRcu(w.rcu);
        yield* w.see(w.x);
      },
    });
    const { wrong, endings } = agreed(scenario, memory);
    expect(wrong).toBe(0);
    // What it failed over is what the grace period waits for, and with the section its store.
    expect(endings).toEqual(new Set(["x=0", "x=1", "failed x=1"]));
  });

  test("who waits in the queue has preemption off", () => {
    const once: Body = function* (w) {
      yield* spinLock(w.queued);
      yield* spinUnlock(w.queued);
    };
    const waiting = ({ queued }: World): readonly ModelThread[] => queued.queue!.waiting;
    const properties = [
      always("who waits is a reader", (w: World) => waiting(w).every(({ id }) => w.rcu.readers.includes(id))),
      sometimes("somebody waits", (w: World) => waiting(w).length > 0),
    ];
    const scenario = { ...scenarioOf({ first: once, second: once }), properties };
    expectNoViolation(explore(scenario, exhaustive(), { memory }));
  });
});

describe("exact counts", () => {
  // As for a read section, in rcu-update.test.ts: 7 + 3 + 6.
  test("every interleaving of a holder and an updater", () => {
    const threads = {
      reader: reader(
        (w) => spinLock(w.spin),
        (w) => spinUnlock(w.spin),
      ),
      synchronizing,
    };
    expect(verdictOf(scenarioOf(threads), exhaustive())).toMatchObject({ executions: 16, wrong: 0 });
  });

  // An inner section changes nothing that anybody else sees: with sleep sets there are as many executions without it.
  test("inside a lock, read sections and other locks are for free", () => {
    const nested = (inner: boolean): Body =>
      function* (w) {
        yield* spinLock(w.spin);
        if (inner) yield* rcuReadLock(w.rcu);
        if (inner) yield* bitSpinLock(w.bit);
        yield* w.see(w.x);
        if (inner) yield* bitSpinUnlock(w.bit);
        if (inner) yield* rcuReadUnlock(w.rcu);
        yield* spinUnlock(w.spin);
      };
    const counted = (inner: boolean): number =>
      verdictOf(
        scenarioOf({
          nested: nested(inner),
          *updater(w) {
            yield* synchronizeRcu(w.rcu);
            yield* writeOnce(w.x, 1);
          },
        }),
        exhaustive({ reduction: "sleep-sets" }),
      ).executions;
    expect(counted(true)).toBe(counted(false));
  });
});
