/**
 * Two procedures, three ablations, exact counts. The model is the smallest that asks the seed question: a table is
 * detached under two locks, while a copy installs a page under one of them. Every count is made a second time by an
 * enumerator that shares nothing with the engine: two hand-written state machines, walked in all orders.
 */

import { SpinLock, Lockdep, spinLock, spinUnlock } from "@mmrace/locks";
import {
  always,
  Cell,
  defineProcedures,
  defineScenario,
  exhaustive,
  explore,
  pct,
  random,
  readOnce,
  sometimes,
  without,
  writeOnce,
  type Ablation,
  type Scenario,
  type Steps,
  type Strategy,
} from "@mmrace/scheduler";
import { expectExactly, expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";

interface Table {
  readonly ptl: SpinLock;
  readonly anonPte: Cell<boolean>;
  detached: boolean;
}

interface World {
  readonly anonVma: Cell<boolean>;
  readonly pmd: Cell<Table | null>;
  readonly pml: SpinLock;
  readonly page: Table;
  retries: number;
}

const procedures = defineProcedures({
  *retractPageTables(w: World): Steps<void> {
    if (yield* readOnce(w.anonVma)) return;
    const table = yield* readOnce(w.pmd);
    if (table === null) return;
    yield* spinLock(w.pml);
    yield* spinLock(table.ptl);
    if (!(yield* readOnce(w.anonVma))) {
      yield* writeOnce(w.pmd, null);
      table.detached = true;
    }
    yield* spinUnlock(table.ptl);
    yield* spinUnlock(w.pml);
  },
  *mfillAtomicInstallPte(w: World): Steps<void> {
    yield* writeOnce(w.anonVma, true);
    const table = yield* readOnce(w.pmd);
    if (table === null) {
      w.retries++;
      return;
    }
    yield* spinLock(table.ptl);
    if ((yield* readOnce(w.pmd)) === table) yield* writeOnce(table.anonPte, true);
    else w.retries++;
    yield* spinUnlock(table.ptl);
  },
});

const DETACHED = "a detached page table maps no anonymous page";

const collapseVsCopy: Scenario<World> = defineScenario<World>({
  name: "collapse-vs-copy",
  setup: () => {
    const lockdep = new Lockdep();
    const page = { ptl: new SpinLock(lockdep, "pte_lock"), anonPte: new Cell("pte", false), detached: false };
    const pml = new SpinLock(lockdep, "pmd_lock");
    return {
      anonVma: new Cell("anon_vma", false),
      pmd: new Cell<Table | null>("pmd", page),
      pml,
      page,
      retries: 0,
    };
  },
  threads: {
    khugepaged: (w) => procedures.retractPageTables(w),
    uffd: (w) => procedures.mfillAtomicInstallPte(w),
  },
  properties: [
    always(DETACHED, (w) => !(w.page.detached && w.page.anonPte.value)),
    sometimes("the copy finds its table gone", (w) => w.retries > 0),
    sometimes("the copy stops the collapse", (w) => w.page.anonPte.value && !w.page.detached),
  ],
});

/** The guards that carry the proof, by the names that the enumerator gives them. */
const ablations: Readonly<Record<Exclude<Guard, "none">, Ablation>> = {
  recheck: without.recheck("retract_page_tables", "anon_vma", { nth: 2, answer: false }),
  "retract ptl": without.lock("retract_page_tables", "pte_lock"),
  "copy ptl": without.lock("mfill_atomic_install_pte", "pte_lock"),
};

type Guard = "none" | "recheck" | "retract ptl" | "copy ptl";

/** The state of the enumerator: shared memory, and for each thread a program counter and what it remembers. */
interface State {
  readonly anon: boolean;
  readonly attached: boolean;
  readonly ptl: "" | "r" | "c";
  readonly pte: boolean;
  readonly detached: boolean;
  readonly r: number;
  readonly c: number;
}

const START: State = { anon: false, attached: true, ptl: "", pte: false, detached: false, r: 0, c: 0 };
const END = 99;

/** One step of retract_page_tables; `undefined` when it has ended or must wait. pml is never contended here. */
function stepRetract(s: State, guard: Guard): State | undefined {
  const locks = guard !== "retract ptl";
  switch (s.r) {
    case 0:
      return { ...s, r: s.anon ? END : 1 };
    case 1:
      return { ...s, r: s.attached ? 2 : END };
    case 2:
      return { ...s, r: locks ? 3 : 4 };
    case 3:
      return s.ptl === "" ? { ...s, ptl: "r", r: 4 } : undefined;
    case 4:
      return { ...s, r: s.anon && guard !== "recheck" ? (locks ? 6 : 7) : 5 };
    case 5:
      return { ...s, attached: false, detached: true, r: locks ? 6 : 7 };
    case 6:
      return { ...s, ptl: "", r: 7 };
    case 7:
      return { ...s, r: END };
    default:
      return undefined;
  }
}

/** One step of mfill_atomic_install_pte. */
function stepCopy(s: State, guard: Guard): State | undefined {
  const locks = guard !== "copy ptl";
  switch (s.c) {
    case 0:
      return { ...s, anon: true, c: 1 };
    case 1:
      return { ...s, c: s.attached ? (locks ? 2 : 3) : END };
    case 2:
      return s.ptl === "" ? { ...s, ptl: "c", c: 3 } : undefined;
    case 3:
      return { ...s, c: s.attached ? 4 : locks ? 5 : END };
    case 4:
      return { ...s, pte: true, c: locks ? 5 : END };
    case 5:
      return { ...s, ptl: "", c: END };
    default:
      return undefined;
  }
}

interface Census {
  executions: number;
  violating: number;
  steps: number;
  readonly states: Set<string>;
}

/** Walks all interleavings; an execution ends when nobody can step or the property breaks. */
function enumerate(guard: Guard): Census {
  const census: Census = { executions: 0, violating: 0, steps: 0, states: new Set() };
  const visit = (s: State, depth: number): void => {
    census.states.add(JSON.stringify(s));
    const next = [stepRetract(s, guard), stepCopy(s, guard)].filter((after) => after !== undefined);
    const isBroken = s.detached && s.pte;
    if (!isBroken && next.length > 0) return next.forEach((after) => visit(after, depth + 1));
    census.executions++;
    census.steps += depth;
    if (isBroken) census.violating++;
  };
  visit(START, 0);
  return census;
}

/** The probability that a random walk, uniform among the threads that can step, breaks the property. */
function chanceOfRandomWalk(guard: Guard): number {
  const chance = (s: State): number => {
    if (s.detached && s.pte) return 1;
    const next = [stepRetract(s, guard), stepCopy(s, guard)].filter((after) => after !== undefined);
    return next.reduce((sum, after) => sum + chance(after) / next.length, 0);
  };
  return chance(START);
}

test("safe in every interleaving, both outcomes reached: 141 executions, 1,770 steps, 66 states", () => {
  const census = enumerate("none");
  expect([census.executions, census.steps, census.states.size, census.violating]).toEqual([141, 1770, 66, 0]);
  const exploration = explore(collapseVsCopy, exhaustive());
  expectExactly(exploration, 141);
  expect(exploration.steps).toBe(1770);
});

describe.each(Object.entries(ablations) as [Exclude<Guard, "none">, Ablation][])(
  "without %s",
  (guard, ablation) => {
    test("the property notices, in exactly as many executions as the enumerator counts", () => {
      const census = enumerate(guard);
      let violating = 0;
      const stopWhen = (): boolean => (violating++, false);
      const exploration = explore(collapseVsCopy, exhaustive(), { ablations: [ablation], stopWhen });
      expectViolation(exploration, DETACHED);
      expect(exploration.complete).toBe(true);
      expect([exploration.executions, exploration.steps, violating]).toEqual([
        census.executions,
        census.steps,
        census.violating,
      ]);
      expect(violating).toBeGreaterThan(0);
    });

    test("sleep sets find it too, with fewer executions", () => {
      const plain = explore(collapseVsCopy, exhaustive(), { ablations: [ablation], stopAtFirst: false });
      const reduced = explore(collapseVsCopy, exhaustive({ reduction: "sleep-sets" }), {
        ablations: [ablation],
        stopAtFirst: false,
      });
      expectViolation(reduced, DETACHED);
      expect(reduced.complete).toBe(true);
      expect(reduced.executions).toBeLessThan(plain.executions);
    });
  },
);

test("nobody contends for pml here, so its absence goes unnoticed: a finding about the scenario", () => {
  expectNoViolation(
    explore(collapseVsCopy, exhaustive(), { ablations: [without.lock("retract_page_tables", "pmd_lock")] }),
  );
});

describe("sampling strategies on the missing PTE lock", () => {
  const found = (make: (randomSeed: number) => Strategy): number => {
    let seeds = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { outcome } = explore(collapseVsCopy, make(seed), { ablations: [ablations["retract ptl"]] });
      if (outcome.kind === "violation") seeds++;
    }
    return seeds;
  };

  test("PCT at depth 3 finds it with almost every random seed", () => {
    expect(found((randomSeed) => pct({ randomSeed, depth: 3, executionsMax: 100 }))).toBeGreaterThan(180);
  });

  test("a random walk of the same budget mostly does not, but did run", () => {
    const chance = 1 - (1 - chanceOfRandomWalk("retract ptl")) ** 100;
    const seeds = found((randomSeed) => random({ randomSeed, executionsMax: 100 }));
    expect(chance).toBeLessThan(0.5);
    expect(Math.abs(seeds - 200 * chance)).toBeLessThan(4 * Math.sqrt(200 * chance * (1 - chance)));
  });
});
