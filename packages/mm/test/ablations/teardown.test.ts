/** Guards of unmapping: each is removed on its own, all schedules are searched, and what notices is written down. */

import {
  linux_6_14,
  LOST_DIRTY,
  LOST_ENTRY,
  LOST_GUARD,
  LOST_ZAP,
  PAGE_TABLE_USE_AFTER_FREE,
  RECOUNT,
  scenarioFamily,
  SECONDARY_STALE,
  STALE_TRANSLATION,
  TABLE_SHAPE,
  type Kernel,
} from "@mmrace/mm";
import { exhaustive, explore, without } from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { VMA_USE_AFTER_FREE } from "../../src/state/vma.ts";

const noticed: readonly (readonly [
  scenario: string,
  release: string,
  site: string,
  oracles: readonly string[],
])[] = [
  // Why secondary MMUs are told before entries change, and why their faults count invalidations.
  [
    "dontneed-vs-secondary",
    "6.18",
    "zap_page_range_single_batched/mmu_notifier_invalidate_range_start/mmu_notifier",
    [SECONDARY_STALE],
  ],
  ["dontneed-vs-secondary", "6.18", "mmu_invalidate_retry/read_once/mmu_invalidate_seq", [SECONDARY_STALE]],
  // Why a guard marker needs an anon_vma before 6.19, and retract the second look at it.
  ["guard-vs-retract", "6.18", "anon_vma_prepare/write_once/anon_vma", [LOST_GUARD]],
  ["guard-vs-retract", "6.18", "retract_page_tables/read_once/anon_vma/2", [LOST_GUARD]],
  // Why the second attempt at an empty table takes both locks, and looks at all entries again.
  ["slow-dontneed-vs-fault", "6.14", "try_to_free_pte/spin_lock/pte_lock", [LOST_ENTRY]],
  ["slow-dontneed-vs-fault", "6.14", "try_to_free_pte/scan_ptes/pte", [LOST_ENTRY]],
  // Why an rmap walk is in an RCU section.
  ["dontneed-vs-unmap", "6.14", "__pte_offset_map/rcu_read_lock/rcu", [PAGE_TABLE_USE_AFTER_FREE]],
  // Why a VMA leaves the file's tree under its lock before its tables go.
  [
    "munmap-vs-retract",
    "6.12",
    "unlink_file_vma/down_write/i_mmap_rwsem",
    [PAGE_TABLE_USE_AFTER_FREE, RECOUNT, TABLE_SHAPE],
  ],
  // Why munmap waits for faults that hold the VMA's lock.
  [
    "munmap-vs-fault",
    "6.12",
    "vma_start_write/down_write/vma_lock",
    [LOST_ENTRY, PAGE_TABLE_USE_AFTER_FREE, VMA_USE_AFTER_FREE],
  ],
  // Why a gather that ends asks whether others are under way: what they have cleared, nobody may have flushed.
  ["dontneed-vs-dontneed", "6.18", "tlb_finish_mmu/read_once/tlb_flush_pending=1", [STALE_TRANSLATION]],
  // Stores that only an entry knows of.
  ["dontneed-vs-store", "6.18", "zap_dirty_page/write_once/folio_dirty", [LOST_DIRTY]],
  // Why truncation takes each folio's lock: a fault that has looked at the page cache maps what has left it.
  ["truncate-vs-fault", "6.12", "truncate_inode_pages/folio_lock/folio_lock", [LOST_ZAP]],
];

function oraclesThatNotice(scenario: string, release: string | Kernel, site: string): readonly string[] {
  const exploration = explore(scenarioFamily(scenario).on(release), exhaustive({ reduction: "sleep-sets" }), {
    ablations: [without.site(site)],
    stopAtFirst: false,
  });
  expect(exploration.unmatched).toEqual([]);
  expect(exploration.complete).toBe(true);
  return [...new Set(exploration.violations.map(({ oracle }) => oracle))].toSorted();
}

test.each(noticed)("%s on %s without %s: %j", (scenario, release, site, oracles) => {
  expect(oraclesThatNotice(scenario, release, site)).toEqual(oracles.toSorted());
});

// A table that goes away is empty, so a walk in it finds nothing: what 04965da7a4af (6.13) calls safe but confusing. The walk
// leaves its RCU section before it unlocks; from then on the PTE lock keeps the table, as holders of spinlocks are RCU readers.
test("without its recheck an rmap walk unlocks in a table that is still there", () => {
  const site = "lock_walked_pte/read_once/pmd";
  expect(oraclesThatNotice("dontneed-vs-unmap", "6.14", site)).toEqual([]);
  // The control: as it would be on PREEMPT_RT, if the walk were the same there.
  const ops = { ...linux_6_14, preemptionHoldsRcu: false };
  const preemptible = { id: "6.14 preemptible", ops, about: "" };
  expect(oraclesThatNotice("dontneed-vs-unmap", preemptible, site)).toEqual([PAGE_TABLE_USE_AFTER_FREE]);
});
