/** Races of collapsing: real ones, of page tables that are taken away while others are in them. */

import { LOST_ENTRY } from "../oracles/oracles.ts";
import { anonCollapseVsGupFast } from "../scenarios/anon-collapse-vs-gup-fast.ts";
import { collapseFileVsUffdMissing } from "../scenarios/collapse-file-vs-uffd-missing.ts";
import { cpmtVsGupFast } from "../scenarios/cpmt-vs-gup-fast.ts";
import { cpmtVsPageReferenced, cpmtVsRmapWalk } from "../scenarios/cpmt-vs-rmap-walk.ts";
import { cpmtVsSecondaryMmu } from "../scenarios/cpmt-vs-secondary-mmu.ts";
import { cpmtVsUffdcopy } from "../scenarios/cpmt-vs-uffdcopy.ts";
import { exitVsRetract } from "../scenarios/exit-vs-retract.ts";
import { mremapVsRetract } from "../scenarios/mremap-vs-retract.ts";
import { retractVsUffdWp } from "../scenarios/retract-vs-uffd-wp.ts";
import { retractVsUffdcopy } from "../scenarios/retract-vs-uffdcopy.ts";
import { PAGE_TABLE_USE_AFTER_FREE } from "../state/page-table.ts";
import { PIN_COHERENCE } from "../state/pins.ts";
import { SECONDARY_STALE } from "../state/secondary-mmu.ts";
import { UFFD_EVENT_LOST } from "../state/uffd-ledger.ts";
import { TABLE_SHAPE } from "../state/world.ts";
import type { Bug } from "./bug.ts";

/** In the order of ids. */
export const collapseBugs: readonly Bug[] = [
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
];
