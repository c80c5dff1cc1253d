/** Real races of the kernel's history that the model can show: on the release that had them, and gone on the fix. */

import { exhaustive, parseAblation, UsageError, type Ablation, type Strategy } from "@mmrace/scheduler";
import { LOST_ENTRY } from "../oracles/oracles.ts";
import { UFFD_EVENT_LOST } from "../state/uffd-ledger.ts";
import { anonCollapseVsDontneed } from "../scenarios/anon-collapse-vs-dontneed.ts";
import { anonCollapseVsGupFast } from "../scenarios/anon-collapse-vs-gup-fast.ts";
import { collapseFileVsUffdMissing } from "../scenarios/collapse-file-vs-uffd-missing.ts";
import { cpmtVsGupFast } from "../scenarios/cpmt-vs-gup-fast.ts";
import { cpmtVsPageReferenced, cpmtVsRmapWalk } from "../scenarios/cpmt-vs-rmap-walk.ts";
import { cpmtVsSecondaryMmu } from "../scenarios/cpmt-vs-secondary-mmu.ts";
import { SECONDARY_STALE } from "../state/secondary-mmu.ts";
import { cpmtVsUffdcopy } from "../scenarios/cpmt-vs-uffdcopy.ts";
import { dontneedVsDontneed } from "../scenarios/dontneed-vs-dontneed.ts";
import { exitVsRetract } from "../scenarios/exit-vs-retract.ts";
import type { ScenarioFamily } from "../scenarios/family.ts";
import { mremapVsRetract } from "../scenarios/mremap-vs-retract.ts";
import { retractVsUffdWp } from "../scenarios/retract-vs-uffd-wp.ts";
import { retractVsUffdcopy } from "../scenarios/retract-vs-uffdcopy.ts";
import { PAGE_TABLE_USE_AFTER_FREE } from "../state/page-table.ts";
import { PIN_COHERENCE } from "../state/reference-memory.ts";
import { KERNEL_ASSERTION } from "../ops/userfaultfd/mfill-atomic.ts";
import { RMAP_INDEX } from "../oracles/userfaultfd.ts";
import { mremapVsTruncate } from "../scenarios/mremap-vs-truncate.ts";
import { uffdmoveLivelock } from "../scenarios/uffdmove-livelock.ts";
import { uffdmoveVsMigration } from "../scenarios/uffdmove-vs-migration.ts";
import { uffdmoveVsSwap } from "../scenarios/uffdmove-vs-swap.ts";
import { STALE_TRANSLATION } from "../state/discards.ts";
import { stalePtlFilemap } from "../scenarios/stale-ptl-filemap.ts";
import { pfnmapMunmapVsRevoke } from "../scenarios/pfnmap-munmap-vs-revoke.ts";
import { TABLE_SHAPE } from "../state/world.ts";

/** One catalogue entry. */
export interface Bug {
  readonly id: string;
  readonly slug: string;
  readonly title: string;
  readonly cve: string | undefined;
  /** Fixing commit, and the release that first had it. */
  readonly fix: string;
  readonly family: ScenarioFamily;
  /** A release that had the bug, or one that has it with `ablations`. */
  readonly buggy: string;
  /** Guards that are taken out of `buggy` to have the bug back, where no modelled release had it. */
  readonly ablations?: readonly string[];
  /** The fewest preemptions with which `oracle` sees it. */
  readonly preemptions: number;
  /** The oldest modelled release on which the whole scenario is clean. */
  readonly fixed: string;
  /** Where the scenario is too large to be searched whole: the preemptions up to which `fixed` is searched. */
  readonly cleanUpTo?: number;
  /** The oracle that sees it. */
  readonly oracle: string;
  /** What a reader should know beyond the title. */
  readonly note: string;
}

/** Every entry, in the order of ids; each names the fixing commit it rests on. */
export const bugs: readonly Bug[] = [
  {
    id: "T1-01",
    slug: "mremap-vs-retract",
    title: "mremap's whole-table move acts on a PMD that file collapse has emptied",
    cve: "CVE-2024-50066",
    fix: "6fa1066fc5d0 (6.12); introduced by 1d65b771bc08 (6.6)",
    family: mremapVsRetract,
    buggy: "6.11",
    fixed: "6.12",
    oracle: TABLE_SHAPE,
    preemptions: 1,
    note: "The new slot comes to name the table at physical address 0.",
  },
  {
    id: "T1-02",
    slug: "cpmt-vs-uffdcopy",
    title: "collapse_pte_mapped_thp detaches a table that UFFDIO_COPY has just refilled",
    cve: undefined,
    fix: "a98460494b16 (6.6-rc1); introduced by 1043173eb5eb in the same cycle",
    family: cpmtVsUffdcopy,
    buggy: "6.6-dev",
    fixed: "6.11",
    oracle: LOST_ENTRY,
    preemptions: 1,
    note:
      "v6.6 has the fix, and this oracle is silent there; but until 4828d207dc51 (6.11) the fill asserts that its slot " +
      "stays a table, and the same two threads break that assertion. So the whole scenario is clean from 6.11 on.",
  },
  {
    id: "T1-03",
    slug: "cpmt-rmap-locks",
    title: "collapse_pte_mapped_thp frees a table while walkers of the rmap may be inside it",
    cve: undefined,
    fix: "8d3c106e19e8 (6.1); introduced by 27e1f8273113 (5.4)",
    family: cpmtVsRmapWalk,
    buggy: "6.0",
    fixed: "6.1",
    oracle: PAGE_TABLE_USE_AFTER_FREE,
    preemptions: 1,
    note: "A walk may begin under mmap_lock, i_mmap_rwsem or the anon_vma's lock; 6.0 excludes the first only.",
  },
  {
    id: "T1-04",
    slug: "cpmt-folio-lock",
    title: "collapse_pte_mapped_thp pulls the table away under a walker that holds its PTE lock",
    cve: undefined,
    fix: "119a5fc16105 (5.9); introduced by 27e1f8273113 (5.4)",
    family: cpmtVsPageReferenced,
    buggy: "6.0",
    ablations: ["collapse_pte_mapped_thp/folio_lock/folio_lock"],
    fixed: "6.0",
    oracle: PAGE_TABLE_USE_AFTER_FREE,
    preemptions: 1,
    note: "No modelled release is so old: 6.0 without the folio's lock. Since 6.1 i_mmap_rwsem hides it.",
  },
  {
    id: "T1-05",
    slug: "collapse-no-ipi",
    title: "collapse frees a table while GUP-fast is still walking it",
    cve: undefined,
    fix: "2ba99c5e0881 (6.1); introduced by ba76149f47d8 (2.6.38)",
    family: cpmtVsGupFast,
    buggy: "6.0",
    fixed: "6.1",
    oracle: PAGE_TABLE_USE_AFTER_FREE,
    preemptions: 1,
    note: "Only where a TLB flush interrupts nobody, as with paravirtual or broadcast invalidation.",
  },
  {
    id: "T1-06",
    slug: "gupfast-vs-collapse",
    title: "GUP-fast pins a page out of a table that collapse has detached",
    cve: undefined,
    fix: "70cbc3cc78a9 (6.1); introduced by 2667f50e8b81",
    family: anonCollapseVsGupFast,
    buggy: "6.0",
    fixed: "6.1",
    oracle: PIN_COHERENCE,
    preemptions: 2,
    note: "Only where a TLB flush interrupts nobody; the interrupt of 2ba99c5e0881, in 6.1 too, is enough against it.",
  },
  {
    id: "T1-07",
    slug: "file-collapse-no-notifier",
    title: "file collapse drops entries and tables without telling secondary MMUs",
    cve: "CVE-2022-48991",
    fix: "f268f6cf875f (6.1); introduced by f3f0e1d2150b (4.8)",
    family: cpmtVsSecondaryMmu,
    buggy: "6.0",
    fixed: "6.1",
    oracle: SECONDARY_STALE,
    preemptions: 0,
    note: "No race is needed: nobody tells the secondary MMU, whatever the schedule.",
  },
  {
    id: "T1-08",
    slug: "retract-anonvma",
    title: "retract_page_tables tests anon_vma before it holds what keeps it so",
    cve: "CVE-2023-52935",
    fix: "023f47a8250c (6.2, and 6.1.y); introduced by f3f0e1d2150b (4.8)",
    family: retractVsUffdcopy,
    buggy: "6.0",
    fixed: "6.1",
    oracle: LOST_ENTRY,
    preemptions: 1,
    note: "The model's 6.1 is the stable release, which has the fix.",
  },
  {
    id: "T1-09",
    slug: "retract-uffdwp",
    title: "retraction throws away markers of a write-protection that was registered meanwhile",
    cve: undefined,
    fix: "deb4c93a9871 (5.19), repeated under the PTE lock since 6.6",
    family: retractVsUffdWp,
    buggy: "6.12",
    ablations: ["retract_page_tables/read_once/vm_flags/2"],
    fixed: "6.12",
    oracle: LOST_ENTRY,
    preemptions: 1,
    note: "No modelled release is so old: 6.12 without its second look at the flags.",
  },
  {
    id: "T1-12",
    slug: "collapsefile-uffd-missing",
    title: "collapse_file fills holes that a userfaultfd is entitled to hear about",
    cve: undefined,
    fix: "895f5ee464cc (6.4); introduced with shmem collapse (4.8)",
    family: collapseFileVsUffdMissing,
    buggy: "6.1",
    fixed: "6.6",
    oracle: UFFD_EVENT_LOST,
    preemptions: 0,
    note: "The owner registers, finds the page missing, and is never told that somebody filled it; no race is needed.",
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
    cleanUpTo: 1,
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
    cleanUpTo: 1,
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
    id: "T1-13",
    slug: "stale-ptl-filemap",
    title: "a fault rechecks its entry under the lock of a table that is gone",
    cve: "CVE-2024-42233",
    fix: "24be02a42181 (6.10); introduced by 58f327f2ce80 (6.9)",
    family: stalePtlFilemap,
    buggy: "6.9",
    fixed: "6.11",
    cleanUpTo: 1,
    oracle: PAGE_TABLE_USE_AFTER_FREE,
    preemptions: 1,
    note:
      "The lock is part of the table's memory, which is free by then, or somebody else's. Tests search all schedules with " +
      "one preemption; there are too many others.",
  },
  {
    id: "T1-10",
    slug: "retract-vs-exit",
    title: "file collapse takes page tables from an mm that is being torn down without mmap_lock",
    cve: undefined,
    fix: "18e77600f7a1 (5.9); introduced by f3f0e1d2150b (4.8)",
    family: exitVsRetract,
    buggy: "4.12",
    fixed: "6.1",
    oracle: TABLE_SHAPE,
    preemptions: 1,
    note: "The mapping of a table reads its slot twice, and the second time the slot is none.",
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
];

/** Finds an entry by id or slug. @throws {UsageError} when there is none. */
export function bugById(id: string): Bug {
  const found = bugs.find((bug) => bug.id === id.toUpperCase() || bug.slug === id);
  if (found !== undefined) return found;
  throw new UsageError(
    `There is no bug "${id}" in the catalogue. It has ${bugs.map((bug) => `${bug.id} (${bug.slug})`).join(", ")}.`,
  );
}

/** What to take out of `buggy` to have the bug. */
export function ablationsOf({ ablations = [] }: Bug): readonly Ablation[] {
  return ablations.map(parseAblation);
}

/** How a release is searched for everything that the scenario can show: all schedules, or those that can be afforded. */
export function cleanSearchOf({ cleanUpTo }: Bug): Strategy {
  return cleanUpTo === undefined
    ? exhaustive({ reduction: "sleep-sets" })
    : exhaustive({ preemptionsMax: cleanUpTo });
}
