/** Races of faults, userfaultfd, mremap and unmapping. */

import { KERNEL_ASSERTION } from "../ops/userfaultfd/mfill-atomic.ts";
import { RMAP_INDEX } from "../oracles/userfaultfd.ts";
import { anonCollapseVsDontneed } from "../scenarios/anon-collapse-vs-dontneed.ts";
import { dontneedVsDontneed } from "../scenarios/dontneed-vs-dontneed.ts";
import { mremapVsTruncate } from "../scenarios/mremap-vs-truncate.ts";
import { pfnmapMunmapVsRevoke } from "../scenarios/pfnmap-munmap-vs-revoke.ts";
import { retractVsUffdcopy } from "../scenarios/retract-vs-uffdcopy.ts";
import { stalePtlFilemap } from "../scenarios/stale-ptl-filemap.ts";
import { uffdmoveLivelock } from "../scenarios/uffdmove-livelock.ts";
import { uffdmoveVsMigration } from "../scenarios/uffdmove-vs-migration.ts";
import { uffdmoveVsSwap } from "../scenarios/uffdmove-vs-swap.ts";
import { STALE_TRANSLATION } from "../state/discards.ts";
import { PAGE_TABLE_USE_AFTER_FREE } from "../state/page-table.ts";
import { TABLE_SHAPE } from "../state/world.ts";
import type { Bug } from "./bug.ts";

/** In the order of ids. */
export const otherBugs: readonly Bug[] = [
  {
    id: "T1-13",
    slug: "stale-ptl-filemap",
    title: "a fault rechecks its entry under the lock of a table that is gone",
    cve: "CVE-2024-42233",
    fix: "24be02a42181 (6.10); introduced by 58f327f2ce80 (6.9)",
    family: stalePtlFilemap,
    buggy: "6.9",
    fixed: "6.11",
    hasManySchedules: true,
    oracle: PAGE_TABLE_USE_AFTER_FREE,
    preemptions: 1,
    note: "The lock is part of the table's memory, which is free by then, or somebody else's.",
  },
  {
    id: "T1-14",
    slug: "uffd-move-swapcache",
    title: "UFFDIO_MOVE of a swap entry misses the folio that the swap cache has for it",
    cve: "CVE-2025-38242",
    fix: "0ea148a79919 (6.16); introduced by adef440691ba (6.8)",
    family: uffdmoveVsSwap,
    buggy: "6.14",
    fixed: "6.18",
    oracle: RMAP_INDEX,
    preemptions: 1,
    note: "The folio keeps the index of its old address. Up to 6.13 (c50f8e6053b0, CVE-2025-21984) no race was needed.",
  },
  {
    id: "T1-15",
    slug: "uffd-move-pmd-migration",
    title: "UFFDIO_MOVE takes a PMD migration entry for a mapped huge page",
    cve: "CVE-2025-38686",
    fix: "aba6faec0103 (6.17); introduced by adef440691ba (6.8)",
    family: uffdmoveVsMigration,
    buggy: "6.14",
    fixed: "6.18",
    hasManySchedules: true,
    oracle: TABLE_SHAPE,
    preemptions: 1,
    note: "Only where the huge page has to be split: a part of it is moved, or the destination has a table.",
  },
  {
    id: "T1-16",
    slug: "uffd-move-livelock",
    title: "two UFFDIO_MOVE keep each other from ever splitting a large folio",
    cve: undefined,
    fix: "37b338eed105 (6.14); introduced by adef440691ba (6.8)",
    family: uffdmoveLivelock,
    buggy: "6.12",
    fixed: "6.14",
    hasManySchedules: true,
    oracle: "livelock",
    preemptions: 2,
    note: "Reported when each has failed twice for the other's reference: the lap can be run for ever.",
  },
  {
    id: "T2-01",
    slug: "mremap-late-flush",
    title: "mremap drops the page-table locks before it flushes the old addresses",
    cve: "CVE-2018-18281",
    fix: "eb66ae030829 (4.19); introduced by 7b6efc2bc4f1 (3.2)",
    family: mremapVsTruncate,
    buggy: "6.18",
    ablations: ["move_entries_and_unlock/flush_tlb_mm_range/tlb"],
    fixed: "6.18",
    oracle: STALE_TRANSLATION,
    preemptions: 0,
    note:
      "No modelled release is so old: 6.18 without the flush, which needs no preemption. With the flush where it was, " +
      "after the unlock, it takes one: a test does that.",
  },
  {
    id: "T2-04",
    slug: "nested-zap-flush-miss",
    title: "a MADV_DONTNEED that finds nothing to do returns before another has flushed",
    cve: undefined,
    fix: "99baac21e458 (4.13)",
    family: dontneedVsDontneed,
    buggy: "4.12",
    fixed: "6.1",
    oracle: STALE_TRANSLATION,
    preemptions: 1,
    note: "The caller goes on reading the page that it has just discarded, until the other call flushes.",
  },
  {
    id: "T2-06",
    slug: "pfnmap-unlink-before-flush",
    title: "munmap unlinks a mapping of pages without references before its TLB flush",
    cve: "CVE-2022-39188",
    fix: "b67fbebd4cf9 (5.19)",
    family: pfnmapMunmapVsRevoke,
    buggy: "4.12",
    fixed: "6.1",
    oracle: STALE_TRANSLATION,
    preemptions: 1,
    note: "The driver finds nobody who maps its page, frees it, and a processor still reaches it.",
  },
  {
    id: "R-06",
    slug: "fill-asserts-table",
    title: "a fill asserts that its slot still names a table, and retraction has cleared it",
    cve: undefined,
    fix: "4828d207dc51 (6.11); introduced by 1d65b771bc08 (6.6)",
    family: retractVsUffdcopy,
    buggy: "6.6",
    fixed: "6.11",
    oracle: KERNEL_ASSERTION,
    preemptions: 2,
    note: "The table must go after the fill has made sure of it, and before it looks once more.",
  },
  {
    id: "R-13",
    slug: "collapse-vs-dontneed",
    title:
      "collapse_huge_page looks at the slot before it locks the VMA, and MADV_DONTNEED reclaims the table",
    cve: undefined,
    fix: "366a4532d96f (6.17-rc2); introduced by a6fde7add78d (6.17-rc1)",
    family: anonCollapseVsDontneed,
    buggy: "6.17-rc1",
    fixed: "6.18",
    oracle: TABLE_SHAPE,
    preemptions: 1,
    note: "The abort puts back the table that a slot of none names: the one at physical address 0.",
  },
];
