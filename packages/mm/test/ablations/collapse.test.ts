/** Guards of collapse and of GUP-fast, removed one by one or together: what each is for. */

import {
  LOST_ENTRY,
  PAGE_TABLE_USE_AFTER_FREE,
  PIN_COHERENCE,
  scenarioFamily,
  TABLE_SHAPE,
  UFFD_EVENT_LOST,
} from "@mmrace/mm";
import { exhaustive, explore, without } from "@mmrace/scheduler";
import { expect, test } from "vitest";

type Row = readonly [scenario: string, kernel: string, sites: readonly string[], oracles: readonly string[]];

const IPI = "tlb_remove_table_sync_one/smp_call_function/ipi";
const SLOT_RECHECK = "gup_fast_pte_range/read_once/pmd";

const rows: readonly Row[] = [
  // T1-06: the interrupt alone, or the second look at the slot alone, keeps pins and collapse apart.
  ["anon-collapse-vs-gup-fast", "6.1", [IPI], []],
  ["anon-collapse-vs-gup-fast", "6.1", [SLOT_RECHECK], []],
  ["anon-collapse-vs-gup-fast", "6.1", [IPI, SLOT_RECHECK], [PIN_COHERENCE]],
  ["anon-collapse-vs-gup-fast", "6.18", [IPI, SLOT_RECHECK], [PIN_COHERENCE]],
  // A pin that comes after the scan is seen by the isolation, and by nobody else.
  ["anon-collapse-vs-gup-fast", "6.18", ["collapse_huge_page/read_once/folio_ref"], [PIN_COHERENCE]],
  // T1-05: what keeps the table for GUP is an interrupt up to 6.5, and a grace period since.
  ["cpmt-vs-gup-fast", "6.1", [IPI], [PAGE_TABLE_USE_AFTER_FREE]],
  ["cpmt-vs-gup-fast", "6.12", ["gup_fast/local_irq_save/cpu"], [PAGE_TABLE_USE_AFTER_FREE]],
  // T1-03, T1-04: one lock of the two is enough for a walker that holds both, and none is not.
  [
    "cpmt-vs-rmap-walk",
    "6.1",
    ["collapse_pte_mapped_thp/down_write/i_mmap_rwsem"],
    [PAGE_TABLE_USE_AFTER_FREE, TABLE_SHAPE],
  ],
  ["cpmt-vs-page-referenced", "6.1", ["collapse_pte_mapped_thp/down_write/i_mmap_rwsem"], []],
  ["cpmt-vs-page-referenced", "6.1", ["collapse_pte_mapped_thp/folio_lock/folio_lock"], []],
  // T1-08 and T1-09 on 6.1: the second looks, under mmap_lock.
  ["retract-vs-uffdcopy", "6.1", ["retract_page_tables/read_once/anon_vma/2"], [LOST_ENTRY]],
  ["retract-vs-uffd-wp", "6.1", ["retract_page_tables/read_once/vm_flags=0"], [LOST_ENTRY]],
  // The folio's lock keeps a fault from mapping a piece after the table was emptied.
  ["cpmt-vs-fault", "6.18", ["collapse_pte_mapped_thp/folio_lock/folio_lock"], [LOST_ENTRY]],
  // T1-12.
  ["collapse-file-vs-uffd-missing", "6.6", ["collapse_file/read_once/vm_flags=0"], [UFFD_EVENT_LOST]],
];

test.each(rows)("%s on %s without %j: %j", (scenario, kernel, sites, oracles) => {
  const exploration = explore(scenarioFamily(scenario).on(kernel), exhaustive({ reduction: "sleep-sets" }), {
    ablations: sites.map((site) => without.site(site)),
    stopAtFirst: false,
  });
  expect(exploration.unmatched).toEqual([]);
  expect(exploration.complete).toBe(true);
  expect([...new Set(exploration.violations.map(({ oracle }) => oracle))].toSorted()).toEqual(
    oracles.toSorted(),
  );
});
