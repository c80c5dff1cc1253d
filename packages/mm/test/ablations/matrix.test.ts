/**
 * Guards against scenarios: each guard is removed on its own. What notices within one preemption is written down; a guard
 * that nothing notices in any schedule is written down too, with the reason. The rows are the oracles' proof that they
 * can see. docs/model/ablation-matrix.md does this for every site of the newest release.
 */

import {
  KERNEL_ASSERTION,
  LOST_ENTRY,
  PAGE_TABLE_USE_AFTER_FREE,
  RECOUNT,
  scenarioFamily,
  TABLE_SHAPE,
} from "@mmrace/mm";
import { LOCK_PROTOCOL } from "@mmrace/locks";
import { exhaustive, explore, without, type PositionedSearch } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";

type Row = readonly [scenario: string, site: string, oracles: readonly string[]];

const everySchedule = (): PositionedSearch => exhaustive({ reduction: "sleep-sets" });

function oraclesThatNotice(
  scenario: string,
  site: string,
  search = exhaustive({ preemptionsMax: 1 }),
): readonly string[] {
  const exploration = explore(scenarioFamily(scenario).on("6.12"), search, {
    ablations: [without.site(site)],
    stopAtFirst: false,
  });
  expect(exploration.unmatched).toEqual([]);
  return [...new Set(exploration.violations.map(({ oracle }) => oracle))].toSorted();
}

/** Why the locks and rechecks of the protocol are there. */
const noticed: readonly Row[] = [
  // Why retract_page_tables takes the PTE lock: without it, a fill slips in between the second look and the unlink.
  ["retract-vs-uffdcopy", "retract_page_tables/spin_lock/pte_lock", [LOST_ENTRY]],
  // ... and why it looks at anon_vma again under that lock.
  ["retract-vs-uffdcopy", "retract_page_tables/read_once/anon_vma/2", [LOST_ENTRY]],
  // What protects somebody who takes the PTE lock after the table was ripped out: the recheck of the slot ...
  ["retract-vs-uffdcopy", "__pte_offset_map_lock/read_once/pmd", [LOST_ENTRY]],
  // ... and the RCU section, which keeps the lock's memory.
  ["retract-vs-uffdcopy", "__pte_offset_map/rcu_read_lock/rcu", [PAGE_TABLE_USE_AFTER_FREE]],
  ["cpmt-vs-uffdcopy", "__pte_offset_map_lock/read_once/pmd", [LOST_ENTRY]],
  // The folio's lock keeps faults out while the table goes away.
  ["fault-vs-retract", "shmem_get_folio_gfp/folio_lock/folio_lock", [LOST_ENTRY]],
  // The rmap lock keeps mremap's whole-table move and the collapse apart: without it, retract unlinks what has moved.
  ["mremap-vs-retract", "retract_page_tables/down_read/i_mmap_rwsem", [TABLE_SHAPE]],
  // The recheck that CVE-2024-50066 was about.
  ["mremap-vs-retract", "move_normal_pmd/read_once/pmd/2", [TABLE_SHAPE]],
];

/** Guards whose absence these scenarios cannot notice, and why. */
const unnoticed: readonly (readonly [scenario: string, site: string, reason: string])[] = [
  [
    "retract-vs-uffdcopy",
    "retract_page_tables/spin_lock/pmd_lock",
    "the fill finds the slot taken, so nobody else writes it: pml is for writers of the slot",
  ],
  [
    "fault-vs-retract",
    "retract_page_tables/spin_lock/pmd_lock",
    "the fault writes the slot only after the folio's lock, which the collapse holds to its end",
  ],
];

describe("noticed", () => {
  test.each(noticed)("%s without %s: %j", (scenario, site, oracles) => {
    expect(oraclesThatNotice(scenario, site)).toEqual(oracles.toSorted());
  });
});

describe("not noticed", () => {
  test.each(unnoticed)("%s without %s: %s", (scenario, site) => {
    expect(oraclesThatNotice(scenario, site, everySchedule())).toEqual([]);
  });
});

describe("every oracle can see", () => {
  test("the recount notices a counter that nobody takes back", () => {
    expect(
      oraclesThatNotice("cpmt-vs-uffdcopy", "collapse_pte_mapped_thp/add_mm_counter/mm_counter/1"),
    ).toEqual([RECOUNT]);
  });

  test("lockdep notices a lock that is not released", () => {
    expect(oraclesThatNotice("fault-vs-retract", "collapse_file/folio_unlock/folio_lock")).toEqual([
      "deadlock",
      LOCK_PROTOCOL,
    ]);
  });

  test("the kernel's assertion is one on 6.6", () => {
    const { violations } = explore(
      scenarioFamily("cpmt-vs-uffdcopy").on("6.6"),
      exhaustive({ preemptionsMax: 1 }),
    );
    expect(violations.map(({ oracle }) => oracle)).toEqual([KERNEL_ASSERTION]);
  });
});
