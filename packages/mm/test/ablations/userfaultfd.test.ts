/** The oracles of userfaultfd and mremap can see: guards taken out one by one, and what notices. */

import {
  defineFamily,
  kernelById,
  linux_6_18,
  LOST_ENTRY,
  LOST_MARKER,
  moveEntriesAndUnlock_7b6efc2bc4f1,
  populateTable,
  scenarioFamily,
  setPte,
  SILENT_WRITE,
  STALE_TRANSLATION,
  UFFD_EVENT_LOST,
  USER_BASE,
  VM_READ_WRITE,
  VM_UFFD_MISSING,
  wholePmd,
  World,
} from "@mmrace/mm";
import { exhaustive, explore, iterativeBound, without } from "@mmrace/scheduler";
import { expectViolation } from "@mmrace/scheduler/testing";
import { mkPte, USER, PRESENT } from "@mmrace/x86-paging";
import { expect, test } from "vitest";

test.each([
  // A wakeup that looks at an empty queue for ever is none: the fault waits for ever.
  ["uffdcopy-vs-fault", "6.18", "wake_userfault/waitqueue_active/fault_pending_wqh=false", ["deadlock"]],
  // What the gather's flush is for: a store through the TLB after UFFDIO_WRITEPROTECT has returned.
  ["uffdwp-vs-store", "6.18", "tlb_flush_mmu_tlbonly/flush_tlb_mm_range/tlb", [SILENT_WRITE]],
  // Why retract_page_tables looks at anon_vma again: entries that nobody counts, and markers, are lost as well.
  ["zeropage-vs-retract", "6.12", "retract_page_tables/read_once/anon_vma/2", [LOST_ENTRY]],
  ["poison-vs-retract", "6.12", "retract_page_tables/read_once/anon_vma/2", [LOST_MARKER]],
  // In a shared mapping it is the folio's lock that keeps a fill and the collapse apart.
  ["continue-vs-retract", "6.12", "mfill_atomic_pte_continue/folio_lock/folio_lock", [LOST_ENTRY]],
  // dd95d2782a25: a none entry of a detached table looks like any other.
  ["uffdmove-vs-reclaim", "6.18", "is_pte_pages_stable/read_once/pmd", [LOST_ENTRY]],
] as const)("%s on %s without %s: %j", (scenario, kernel, site, oracles) => {
  const exploration = explore(scenarioFamily(scenario).on(kernel), exhaustive({ preemptionsMax: 1 }), {
    ablations: [without.site(site)],
    stopAtFirst: false,
  });
  expect(exploration.unmatched).toEqual([]);
  expect([...new Set(exploration.violations.map(({ oracle }) => oracle))]).toEqual(oracles);
});

test("T2-01 as it was: the flush after the unlock takes one preemption", () => {
  const late = {
    id: "late",
    ops: { ...linux_6_18, moveEntriesAndUnlock: moveEntriesAndUnlock_7b6efc2bc4f1 },
    about: "6.18 with the flush of 4.18",
  };
  const oracle = STALE_TRANSLATION;
  const exploration = explore(
    scenarioFamily("mremap-vs-truncate").on(late),
    iterativeBound({ preemptionsMax: 2 }),
    { stopWhen: (violation) => violation.oracle === oracle },
  );
  expect(expectViolation(exploration, oracle).preemptions).toBe(1);
});

test("T1-14 up to 6.13 needs no race: the label stays behind in the swap cache", () => {
  const { violations } = explore(
    scenarioFamily("uffdmove-vs-swap").on("6.12"),
    exhaustive({ reduction: "sleep-sets" }),
  );
  expect(violations.map(({ oracle }) => oracle)).toEqual(["rmap index"]);
});

test("a missing page that somebody maps behind userfaultfd's back is noticed", () => {
  const family = defineFamily<World>({
    name: "behind-its-back",
    about: "an entry is written without a fill and without an event",
    kernelDefault: "6.18",
    setup: (kernel, geometry) => {
      const w = new World(kernel, geometry);
      const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, null), VM_READ_WRITE | VM_UFFD_MISSING);
      populateTable(w, vma);
      return w;
    },
    threads: {
      *mapper(w) {
        const [table] = [...w.tables.values()];
        yield* setPte(table!, 0, mkPte(w.zeroFolio.pfn, { lo: PRESENT | USER, hi: 0 }));
      },
    },
    reaches: () => [],
  });
  const { violations } = explore(family.on(kernelById("6.18")), exhaustive());
  expect(violations.map(({ oracle }) => oracle)).toEqual([UFFD_EVENT_LOST]);
});
