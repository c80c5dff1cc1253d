/** Per-VMA locks in both forms: readers never see a writer's work half done, and what goes wrong without each guard. */

import {
  downWrite,
  kmemCacheAlloc,
  kmemCacheFree,
  Lockdep,
  mmapReadUnlock,
  mmapWriteDowngrade,
  mmapWriteLock,
  mmapWriteUnlock,
  MmLock,
  Rcu,
  refcountVmaLock,
  rwsemVmaLock,
  TypesafeCache,
  upWrite,
  vmaEndWriteAll,
  VmaRefcountLock,
  VmaRwsemLock,
} from "@mmrace/locks";
import {
  atEnd,
  Cell,
  defineScenario,
  dpor,
  exhaustive,
  readOnce,
  without,
  writeOnce,
  type Lifetime,
  type MemoryModel,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { agreed, verdictOf } from "../searches.ts";

const MODELS: readonly MemoryModel[] = ["sc", "tso"];

/** A VMA of 6.15: its lock and its range. */
class Vma {
  readonly lock: VmaRefcountLock;
  readonly start: Cell<number>;
  readonly end: Cell<number>;
  constructor(lockdep: Lockdep, lifetime?: Lifetime) {
    this.lock = new VmaRefcountLock(lockdep, lifetime);
    this.start = new Cell("vm_start", 0);
    this.end = new Cell("vm_end", 0);
  }
}

class World {
  readonly lockdep = new Lockdep();
  readonly rcu = new Rcu(this.lockdep);
  readonly mm = new MmLock(this.lockdep, 1);
  readonly other = new MmLock(this.lockdep, 2);
  readonly old = new VmaRwsemLock(this.mm);
  readonly vmas = new TypesafeCache(this.rcu, "vma", (slab) => new Vma(this.lockdep, slab));
  readonly vma = this.vmas.take();
  readonly tree = new Cell<Vma | null>("mm_mt", this.vma);
  readonly otherTree = new Cell<Vma | null>("other_mt", null);
  readonly log: string[] = [];

  constructor() {
    this.vma.lock.refcount.value = 1;
    this.vma.lock.vmMm.value = this.mm.id;
  }

  /** Reads the range, in two steps. */
  *note(who: string, vma: Vma): Steps<void> {
    this.log.push(`${who}:${yield* readOnce(vma.start)}${yield* readOnce(vma.end)}`);
  }
}

type Body = (w: World) => Steps<void>;

function scenarioOf(threads: Readonly<Record<string, Body>>): Scenario<World> {
  return defineScenario<World>({ name: "vma", setup: () => new World(), threads, properties: [] });
}

function* move(vma: Vma): Steps<void> {
  yield* writeOnce(vma.start, 1);
  yield* writeOnce(vma.end, 1);
}

const rwsemReader: Body = function* (w) {
  if (!(yield* rwsemVmaLock.vmaStartRead(w.old))) return;
  yield* w.note("read", w.vma);
  yield* rwsemVmaLock.vmaEndRead(w.old);
};

/** As up to 6.13: the number is advanced when mmap_lock is released. */
const rwsemWriter: Body = function* (w) {
  yield* downWrite(w.mm.mmapLock);
  yield* rwsemVmaLock.vmaStartWrite(w.old);
  yield* move(w.vma);
  yield* vmaEndWriteAll(w.mm);
  yield* upWrite(w.mm.mmapLock);
};

const refcountReader: Body = function* (w) {
  if ((yield* refcountVmaLock.vmaStartRead(w.mm, w.vma.lock)) !== "locked") return;
  yield* w.note("read", w.vma);
  yield* refcountVmaLock.vmaEndRead(w.vma.lock);
};

const refcountWriter: Body = function* (w) {
  yield* mmapWriteLock(w.mm);
  yield* refcountVmaLock.vmaStartWrite(w.mm, w.vma.lock);
  yield* move(w.vma);
  yield* mmapWriteUnlock(w.mm);
};

const FORMS: readonly (readonly [string, Scenario<World>, string])[] = [
  ["semaphore", scenarioOf({ rwsemReader, rwsemWriter }), "vma_start_write/down_write/vma_lock"],
  ["count", scenarioOf({ refcountReader, refcountWriter }), "vma_start_write/rcuwait_wait_event/vma_lock"],
];

describe.each(MODELS)("under %s", (memory) => {
  describe.each(FORMS)("the %s", (_form, scenario, wait) => {
    test("a reader sees all of a writer's work, none, or takes mmap_lock", () => {
      expect(agreed(scenario, memory)).toMatchObject({
        wrong: 0,
        endings: new Set(["", "read:00", "read:11"]),
      });
    });

    test.each([
      ["the second look at the number", "vma_start_read/read_once/vm_lock_seq/2"],
      ["the wait for readers", wait],
    ])("without %s it sees half of it", (_name, site) => {
      const { endings } = agreed(scenario, memory, { ablations: [without.site(site)], isSmall: false });
      expect([...endings].some((ending) => ending === "read:01" || ending === "read:10")).toBe(true);
    });

    test("the first look is only a hint: without it nothing goes wrong", () => {
      const ablations = [without.site("vma_start_read/read_once/vm_lock_seq/1=-7")];
      expect(agreed(scenario, memory, { ablations }).wrong).toBe(0);
    });
  });

  test("after a downgrade readers come in again, though mmap_lock is held", () => {
    const downgrading: Body = function* (w) {
      yield* mmapWriteLock(w.mm);
      yield* refcountVmaLock.vmaStartWrite(w.mm, w.vma.lock);
      yield* move(w.vma);
      yield* mmapWriteDowngrade(w.mm);
      yield* w.note("writer", w.vma);
      yield* mmapReadUnlock(w.mm);
    };
    expect(agreed(scenarioOf({ refcountReader, downgrading }), memory).endings).toEqual(
      new Set(["writer:11", "read:00 writer:11", "read:11 writer:11"]),
    );
  });
});

/** A page fault: finds the VMA of its mm and notes whose VMA it got. */
const fault: Body = function* (w) {
  const vma = yield* refcountVmaLock.lockVmaUnderRcu({
    rcu: w.rcu,
    mm: w.mm,
    find: () => readTree(w.tree),
    lockOf: ({ lock }: Vma) => lock,
    *covers() {
      return true;
    },
  });
  if (vma === null) return;
  w.log.push(`mm${yield* readOnce(vma.lock.vmMm)}`);
  yield* refcountVmaLock.vmaEndRead(vma.lock);
};

function* readTree(tree: Cell<Vma | null>): Steps<Vma | null> {
  return yield* readOnce(tree);
}

/** Unmaps the VMA; another mm maps one, perhaps in the same memory. */
const remap: Body = function* (w) {
  yield* mmapWriteLock(w.mm);
  yield* refcountVmaLock.vmaStartWrite(w.mm, w.vma.lock);
  yield* writeOnce<Vma | null>(w.tree, null);
  yield* refcountVmaLock.vmaMarkDetached(w.mm, w.vma.lock);
  yield* mmapWriteUnlock(w.mm);
  yield* kmemCacheFree(w.vmas, w.vma);

  const vma = yield* kmemCacheAlloc(w.vmas);
  yield* mmapWriteLock(w.other);
  yield* writeOnce(vma.lock.vmMm, w.other.id);
  yield* refcountVmaLock.vmaStartWrite(w.other, vma.lock);
  yield* refcountVmaLock.vmaMarkAttached(w.other, vma.lock);
  yield* writeOnce<Vma | null>(w.otherTree, vma);
  yield* mmapWriteUnlock(w.other);
};

describe.each(MODELS)("type-stable VMAs under %s", (memory) => {
  const isWhole = atEnd(
    "a VMA in a tree is attached",
    ({ otherTree }: World) => otherTree.value?.lock.refcount.value === 1,
  );
  const scenario = { ...scenarioOf({ fault, remap }), properties: [isWhole] };

  test("a fault gets a VMA of its mm, or none", () => {
    expect(agreed(scenario, memory, { isSmall: false })).toMatchObject({
      wrong: 0,
      endings: new Set(["", "mm1"]),
    });
  });

  test("without the look at vm_mm it gets one of another mm", () => {
    const ablations = [without.site("lock_vma_under_rcu/read_once/vm_mm=1")];
    expect([...agreed(scenario, memory, { ablations, isSmall: false }).endings]).toContain("mm2");
  });

  test("without the wait of vma_mark_detached, a late reader takes the next VMA's count down", () => {
    const ablations = [without.site("vma_mark_detached/rcuwait_wait_event/vma_lock")];
    expect([...agreed(scenario, memory, { ablations, isSmall: false }).endings]).toContain(
      "a VMA in a tree is attached: a VMA in a tree is attached",
    );
  });
});

test("executions of a reader and a writer: source-DPOR, and all interleavings", () => {
  expect(FORMS.map(([, scenario]) => verdictOf(scenario, dpor()).executions)).toEqual([8, 15]);
  expect(FORMS.map(([, scenario]) => verdictOf(scenario, exhaustive()).executions)).toEqual([5309, 12587]);
});

describe("misuse", () => {
  const complaints = (body: Body): readonly string[] => [
    ...verdictOf(scenarioOf({ body }), exhaustive()).endings,
  ];

  test.each<[string, Body, string]>([
    [
      "write-locking without mmap_lock: the semaphore",
      (w) => rwsemVmaLock.vmaStartWrite(w.old),
      "body relies on mmap_lock of mm1, which it does not hold for writing",
    ],
    [
      "write-locking without mmap_lock: the count",
      (w) => refcountVmaLock.vmaStartWrite(w.mm, w.vma.lock),
      "body relies on mmap_lock of mm1, which it does not hold for writing",
    ],
    [
      "detaching what is not write-locked: the semaphore",
      function* (w) {
        yield* downWrite(w.mm.mmapLock);
        yield* rwsemVmaLock.vmaMarkDetached(w.old);
      },
      "body in vma_mark_detached: the VMA is not locked for writing",
    ],
    [
      "detaching what is not write-locked: the count",
      function* (w) {
        yield* mmapWriteLock(w.mm);
        yield* refcountVmaLock.vmaMarkDetached(w.mm, w.vma.lock);
      },
      "body in vma_mark_detached: the VMA is not locked for writing",
    ],
    [
      "releasing what was not locked: the semaphore",
      (w) => rwsemVmaLock.vmaEndRead(w.old),
      "body releases vma_lock, which it does not hold",
    ],
    [
      "releasing what was not locked: the count",
      (w) => refcountVmaLock.vmaEndRead(w.vma.lock),
      "body releases vma_lock, which it does not hold",
    ],
    [
      "advancing the number without mmap_lock",
      (w) => vmaEndWriteAll(w.mm),
      "body relies on mmap_lock of mm1, which it does not hold for writing",
    ],
  ])("%s", (_name, body, message) => {
    expect(complaints(body)).toEqual([`lock protocol: ${message}`]);
  });
});
