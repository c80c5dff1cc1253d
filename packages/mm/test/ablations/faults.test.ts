/** Guards of page faults, each taken out on its own: what notices. As in matrix.test.ts, on the scenarios of faults. */

import { COW_BREACH, LOST_STORE, RECOUNT, scenarioFamily, STALE_TRANSLATION } from "@mmrace/mm";
import { exhaustive, explore, without } from "@mmrace/scheduler";
import { expect, test } from "vitest";

const noticed: readonly (readonly [scenario: string, site: string, oracle: string])[] = [
  // Why a copy is mapped only after the old translation has gone from all CPUs.
  ["reuse-vs-copy", "ptep_clear_flush/flush_tlb_mm_range/tlb", STALE_TRANSLATION],
  ["speculation-vs-copy", "ptep_clear_flush/flush_tlb_mm_range/tlb", STALE_TRANSLATION],
  ["zero-page-vs-store", "ptep_clear_flush/flush_tlb_mm_range/tlb", LOST_STORE],
  // Why a page that others may have is not reused.
  ["store-vs-store-after-fork", "wp_can_reuse_anon_folio/read_once/folio_ref=1", COW_BREACH],
  ["store-vs-store-after-fork", "do_wp_page/read_once/anon_exclusive=true", COW_BREACH],
  // Why whoever comes second looks again under the lock of the table, or of the slot.
  ["fault-vs-fault", "do_anonymous_page/ptep_get/pte", RECOUNT],
  ["fault-vs-fault", "__pte_offset_map_lock/spin_lock/pte_lock", RECOUNT],
  ["copy-vs-copy", "wp_page_copy/ptep_get/pte", RECOUNT],
  ["copy-vs-copy", "handle_pte_fault/ptep_get/pte/2", RECOUNT],
  ["huge-fault-vs-fill", "do_huge_pmd_anonymous_page/read_once/pmd", RECOUNT],
  ["huge-fault-vs-fill", "do_huge_pmd_anonymous_page/spin_lock/pmd_lock", RECOUNT],
  ["huge-fault-vs-fill", "pmd_install/spin_lock/pmd_lock", RECOUNT],
];

test.each(noticed)("%s without %s: %s", (scenario, site, oracle) => {
  const exploration = explore(scenarioFamily(scenario).on("6.12"), exhaustive({ reduction: "sleep-sets" }), {
    ablations: [without.site(site)],
  });
  expect(exploration.unmatched).toEqual([]);
  expect(exploration.violations.map((violation) => violation.oracle)).toEqual([oracle]);
});

test("the folio's lock is not what keeps a copy and a shared store apart: a page is copied as it is at that moment", () => {
  const exploration = explore(
    scenarioFamily("cow-vs-shared-store").on("6.12"),
    exhaustive({ reduction: "sleep-sets" }),
    { ablations: [without.site("shmem_get_folio_gfp/folio_lock/folio_lock")], stopAtFirst: false },
  );
  expect(exploration.complete).toBe(true);
  expect(exploration.violations).toEqual([]);
});
