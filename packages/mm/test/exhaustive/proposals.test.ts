/**
 * The proposals for collapse_pte_mapped_thp(): nothing speaks in any scenario that comes to it; and what each of them relies on is
 * needed, so the silence is worth something.
 */

import { LOST_ENTRY, proposals, scenarioFamily } from "@mmrace/mm";
import { exhaustive, explore, without, type Exploration } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";

const FAMILIES = [
  "cpmt-vs-uffdcopy",
  "cpmt-vs-rmap-walk",
  "cpmt-vs-page-referenced",
  "cpmt-vs-gup-fast",
  "cpmt-vs-secondary-mmu",
  "cpmt-vs-retract",
  "collapse-in-two-mms",
];

function searchAll(family: string, kernel: string, ablated?: string): Exploration {
  const ablations = ablated === undefined ? [] : [without.site(ablated)];
  const strategy = exhaustive({ reduction: "sleep-sets" });
  return explore(scenarioFamily(family).on(kernel), strategy, { stopAtFirst: false, ablations });
}

describe.each(proposals.map(({ id }) => id))("%s", (kernel) => {
  test.each(FAMILIES)("is silent in %s", (family) => {
    const { violations, complete, unreached } = searchAll(family, kernel);
    expect({ violations, complete, unreached }).toEqual({ violations: [], complete: true, unreached: [] });
  });
});

test("aligned: the PTE lock keeps fills out while the table is emptied and unlinked", () => {
  const site = "collapse_pte_mapped_thp/spin_lock/pte_lock";
  const { violations } = searchAll("cpmt-vs-uffdcopy", "6.18-aligned", site);
  expect(violations.map(({ oracle }) => oracle)).toContain(LOST_ENTRY);
});

test("trylock: where it failed, the entries must be looked at again", () => {
  const site = "collapse_pte_mapped_thp/scan_ptes/pte/2";
  const { violations } = searchAll("cpmt-vs-uffdcopy-and-neighbour", "6.18-trylock", site);
  expect(violations.map(({ oracle }) => oracle)).toContain(LOST_ENTRY);
});
