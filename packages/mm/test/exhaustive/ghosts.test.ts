/**
 * Ghost state is in footprints: where the order of its change and of something else decides what is reported, both orders
 * are run, whichever thread comes first. Each of these fails when the footprint loses what it names.
 */

import { defineScenario, exhaustive, explore, searchStates, type Steps } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { describe, expect, test } from "vitest";
import { userAccess } from "../../src/hardware/user-access.ts";
import {
  LOST_STORE,
  LOST_ZAP,
  linux_6_18,
  PAGE_USE_AFTER_FREE,
  SMALL,
  USER_BASE,
  VM_READ_WRITE,
  wholePmd,
  World,
} from "../../src/index.ts";
import { folioPut, folioRmap, type Folio } from "../../src/state/folio.ts";
import { along } from "../../src/state/ghost.ts";
import { setPte } from "../../src/state/page-table.ts";
import { populateAnon, populateTable, populateTlb } from "../../src/state/populate.ts";
import type { Vma } from "../../src/state/vma.ts";
import { teardownOracles } from "../../src/oracles/teardown.ts";

interface Cast extends World {
  vma: Vma;
  folio: Folio;
}

/** A page that holds 5, which CPU0 has in its TLB; somebody has a reference of his own. */
function setup(): Cast {
  const w = new World(linux_6_18, SMALL);
  const mm = w.createMm();
  w.runOn(0, mm);
  const vma = w.createVma(mm, wholePmd(USER_BASE, null), VM_READ_WRITE);
  const folio = populateAnon(w, vma, USER_BASE, 5);
  populateTlb(w, 0, vma, USER_BASE);
  return Object.assign(w, { vma, folio });
}

type Body = (w: Cast) => Steps<void>;

function* load(w: Cast): Steps<void> {
  yield* userAccess(w.current.tlb, { w, vma: w.vma, address: USER_BASE, store: undefined });
}

/** Writes an entry of another table, and with it what the page of the TLB must hold. */
function* fill(w: Cast): Steps<void> {
  const elsewhere = populateTable(w, w.vma, USER_BASE + 512 * PAGE_SIZE);
  yield* along(setPte(elsewhere, 0, elsewhere.ptes.values[0]!), w.reference.filled(w.vma, USER_BASE));
}

function* put(w: Cast): Steps<void> {
  yield* folioPut(w.folio);
}

function* map(w: Cast): Steps<void> {
  yield* folioRmap(w.folio, 1);
}

function* unmap(w: Cast): Steps<void> {
  yield* folioRmap(w.folio, -1);
}

function of(first: Body, second: Body, prepare: (w: Cast) => void = () => {}) {
  return defineScenario<Cast>({
    name: "ghosts",
    setup: () => {
      const w = setup();
      prepare(w);
      return w;
    },
    threads: { first: { cpu: 0, run: first }, second: { cpu: 1, run: second } },
    properties: [],
  });
}

describe.each([
  ["a load and a fill of the page", load, fill, LOST_STORE],
  ["a load and the last put of the page", load, put, PAGE_USE_AFTER_FREE],
  ["a mapping and the last put of the page", map, put, PAGE_USE_AFTER_FREE],
])("%s", (_what, first, second, oracle) => {
  test("are run in both orders, and one of them is wrong", () => {
    const scenario = of(first, second);
    const found = explore(scenario, exhaustive({ reduction: "sleep-sets" }), { stopAtFirst: false });
    expect(found.complete).toBe(true);
    expect(found.executions).toBe(2);
    expect(found.violations.map((violation) => violation.oracle)).toEqual([oracle]);
  });

  test("in a search over states too", () => {
    const found = searchStates(of(first, second), { stopAtFirst: false });
    expect(found.complete).toBe(true);
    expect(found.violations.map((violation) => violation.oracle)).toEqual([oracle]);
  });
});

test.each([
  ["a put that is not the last one", map, put, (w: Cast): void => void w.folio.refcount.value++],
  ["a mapping that goes", unmap, put, (): void => {}],
])("%s commutes with what looks whether the page is free", (_what, first, second, prepare) => {
  const found = explore(of(first, second, prepare), exhaustive({ reduction: "sleep-sets" }), {
    stopAtFirst: false,
  });
  expect(found).toMatchObject({ complete: true, executions: 1, violations: [] });
});

test("what MADV_DONTNEED finds at its beginning depends on who maps a page first", () => {
  // Nobody zaps anything: the page must go only if it was there when the call began.
  const scenario = defineScenario<Cast>({
    name: "dontneed-begins",
    setup,
    threads: {
      *dontneed(w) {
        const found = yield* w.discards.begin(w, w.vma.mm, USER_BASE + PAGE_SIZE, USER_BASE + 2 * PAGE_SIZE);
        yield* w.discards.end(w, found);
      },
      *mapper(w) {
        const { ptes } = populateTable(w, w.vma, USER_BASE);
        yield* setPte(populateTable(w, w.vma, USER_BASE), 1, ptes.values[0]!);
      },
    },
    properties: teardownOracles.filter(({ kind }) => kind === "always"),
  });
  const found = explore(scenario, exhaustive({ reduction: "sleep-sets" }), { stopAtFirst: false });
  expect(found).toMatchObject({ complete: true, executions: 2 });
  expect(found.violations.map(({ oracle }) => oracle)).toEqual([LOST_ZAP]);
});
