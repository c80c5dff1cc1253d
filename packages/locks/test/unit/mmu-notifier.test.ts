/** MMU notifiers: a secondary MMU never keeps a translation of a page that is gone, if it asks whether to retry. */

import {
  intervalSubscriber,
  KvmMmu,
  kvmMmu,
  kvmSubscriber,
  Lockdep,
  mmuInterval,
  MmuIntervals,
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
  MmuNotifiers,
  readLock,
  readUnlock,
  SpinLock,
  spinLock,
  spinUnlock,
  writeLock,
} from "@mmrace/locks";
import {
  Cell,
  atEnd,
  defineScenario,
  dpor,
  exhaustive,
  readOnce,
  smpRmb,
  without,
  writeOnce,
  type MemoryModel,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { agreed, verdictOf } from "../searches.ts";

const MODELS: readonly MemoryModel[] = ["sc", "tso"];
const PAGE = { start: 0, end: 1 };

class World {
  readonly lockdep = new Lockdep();
  readonly notifiers = new MmuNotifiers(this.lockdep);
  /** The page that the primary MMU maps, and those that the secondary ones do; 0 is none. */
  readonly pte = new Cell("pte", 1);
  readonly spte = new Cell("spte", 0);
  readonly device = new Cell("device_pte", 0);
  readonly kvm = new KvmMmu(this.lockdep);
  readonly intervals = new MmuIntervals(this.lockdep);
  readonly driverLock = new SpinLock(this.lockdep, "driver_lock");
  readonly interval = this.intervals.insert(PAGE, (_range, seq) => this.invalidate(seq));

  get log(): readonly string[] {
    return [`spte=${this.spte.value} device=${this.device.value}`];
  }

  subscribe(which: "kvm" | "interval"): this {
    const kvm = kvmSubscriber(this.kvm, () => this.zap());
    this.notifiers.subscribers.push(which === "kvm" ? kvm : intervalSubscriber(this.intervals));
    return this;
  }

  *zap(): Steps<void> {
    yield* writeOnce(this.spte, 0);
  }

  *invalidate(seq: number): Steps<void> {
    yield* spinLock(this.driverLock);
    yield* mmuInterval.mmuIntervalSetSeq(this.interval, seq);
    yield* writeOnce(this.device, 0);
    yield* spinUnlock(this.driverLock);
  }
}

type Body = (w: World) => Steps<void>;

const FRESH = atEnd(
  "no translation is stale",
  ({ pte, spte, device }: World) =>
    [0, pte.value].includes(spte.value) && [0, pte.value].includes(device.value),
);

function scenarioOf(which: "kvm" | "interval", threads: Readonly<Record<string, Body>>): Scenario<World> {
  return defineScenario<World>({
    name: which,
    setup: () => new World().subscribe(which),
    threads,
    properties: [FRESH],
  });
}

/** Unmaps a page; its next user writes to it. */
const unmap: Body = function* (w) {
  yield* mmuNotifierInvalidateRangeStart(w.notifiers, PAGE);
  yield* writeOnce(w.pte, 2);
  yield* mmuNotifierInvalidateRangeEnd(w.notifiers, PAGE);
};

/** A guest's fault, as kvm_tdp_page_fault: when it must retry it goes back to the guest, which faults again. */
const fault: Body = function* (w) {
  const seq = yield* readOnce(w.kvm.invalidateSeq);
  yield* smpRmb();
  const page = yield* readOnce(w.pte);
  yield* readLock(w.kvm.mmuLock);
  if (!(yield* kvmMmu.mmuInvalidateRetry(w.kvm, seq))) yield* writeOnce(w.spte, page);
  yield* readUnlock(w.kvm.mmuLock);
};

/** A device's fault, as hmm_range_fault is used: when it must retry it returns -EBUSY to its caller. */
const mirror: Body = function* (w) {
  const seq = yield* mmuInterval.mmuIntervalReadBegin(w.intervals, w.interval);
  const page = yield* readOnce(w.pte);
  yield* spinLock(w.driverLock);
  if (!(yield* mmuInterval.mmuIntervalReadRetry(w.interval, seq))) yield* writeOnce(w.device, page);
  yield* spinUnlock(w.driverLock);
};

const kvm = scenarioOf("kvm", { fault, unmap });
const interval = scenarioOf("interval", { mirror, unmap });
const STALE = "no translation is stale: no translation is stale";

describe.each(MODELS)("under %s", (memory) => {
  test.each([
    ["KVM", kvm, ["spte=0 device=0", "spte=2 device=0"]],
    ["an interval", interval, ["spte=0 device=0", "spte=0 device=2"]],
  ])("%s keeps no stale translation", (_name, scenario, endings) => {
    const verdict = agreed(scenario, memory, { isSmall: false });
    expect([verdict.wrong, verdict.endings]).toEqual([0, new Set(endings)]);
  });

  test.each([
    ["the look at what is in progress", kvm, ["mmu_invalidate_retry/read_once/mmu_invalidate_in_progress=0"]],
    ["the look at the number", kvm, ["mmu_invalidate_retry/read_once/mmu_invalidate_seq"]],
    ["the notifiers", kvm, ["unmap/mmu_notifier_invalidate_range_start/mmu_notifier"]],
    ["the retry of an interval", interval, ["mmu_interval_read_retry/read_once/interval_seq"]],
    ["the wait of an interval", interval, ["mmu_interval_read_begin/wait_event/invalidate_seq"]],
    ["the notifiers of an interval", interval, ["unmap/mmu_notifier_invalidate_range_start/mmu_notifier"]],
  ])("without %s it may", (_name, scenario, sites) => {
    const ablations = sites.map((site) => without.site(site));
    expect([...agreed(scenario, memory, { ablations, isSmall: false }).endings]).toContain(STALE);
  });

  test("x86 keeps loads and stores in order: the barriers are for the compiler", () => {
    for (const site of ["mmu_invalidate_retry/smp_rmb/memory", "kvm_mmu_invalidate_end/smp_wmb/memory"]) {
      expect(agreed(kvm, memory, { ablations: [without.site(site)], isSmall: false }).wrong).toBe(0);
    }
  });

  test("pairs nest: a fault between the inner and the outer end still retries", () => {
    const nested: Body = function* (w) {
      yield* mmuNotifierInvalidateRangeStart(w.notifiers, PAGE);
      yield* mmuNotifierInvalidateRangeStart(w.notifiers, PAGE);
      yield* mmuNotifierInvalidateRangeEnd(w.notifiers, PAGE);
      yield* writeOnce(w.pte, 2);
      yield* mmuNotifierInvalidateRangeEnd(w.notifiers, PAGE);
    };
    expect(agreed(scenarioOf("kvm", { fault, nested }), memory, { isSmall: false }).wrong).toBe(0);
    expect(agreed(scenarioOf("interval", { mirror, nested }), memory, { isSmall: false }).wrong).toBe(0);
  });
});

test("executions of source-DPOR", () => {
  expect([kvm, interval].map((scenario) => verdictOf(scenario, dpor()).executions)).toEqual([15, 8]);
});

describe("misuse", () => {
  const complaints = (body: Body): readonly string[] => [
    ...verdictOf(scenarioOf("kvm", { body }), exhaustive()).endings,
  ];

  test.each<[string, Body, string]>([
    [
      "ending what was not started",
      (w) => mmuNotifierInvalidateRangeEnd(w.notifiers, PAGE),
      "body ends an invalidation that it has not started",
    ],
    [
      "starting under a spinlock",
      function* (w) {
        yield* spinLock(w.driverLock);
        yield* mmuNotifierInvalidateRangeStart(w.notifiers, PAGE);
      },
      "body may sleep in mmu_notifier_invalidate_range_start() while it holds driver_lock",
    ],
    [
      "counting without mmu_lock",
      (w) => kvmMmu.kvmMmuInvalidateBegin(w.kvm),
      "body relies on mmu_lock, which it does not hold",
    ],
    [
      "counting below zero",
      function* (w) {
        yield* writeLock(w.kvm.mmuLock);
        yield* kvmMmu.kvmMmuInvalidateEnd(w.kvm);
      },
      "body ends an invalidation of no beginning",
    ],
    [
      "asking without mmu_lock",
      function* (w) {
        yield* kvmMmu.mmuInvalidateRetry(w.kvm, 0);
      },
      "body relies on mmu_lock, which it does not hold",
    ],
  ])("%s", (_name, body, message) => {
    expect(complaints(body)).toEqual([`lock protocol: ${message}`]);
  });

  test("what may not sleep says so", () => {
    const scenario = scenarioOf("kvm", {
      *body(w) {
        yield* spinLock(w.driverLock);
        yield* mmuNotifierInvalidateRangeStart(w.notifiers, PAGE, false);
        yield* mmuNotifierInvalidateRangeEnd(w.notifiers, PAGE);
        yield* spinUnlock(w.driverLock);
      },
    });
    expect(verdictOf(scenario, exhaustive())).toMatchObject({ executions: 1, wrong: 0 });
  });
});
