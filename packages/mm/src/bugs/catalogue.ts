/** Real races of the kernel's history that the model can show: on the release that had them, and gone on the fix. */

import { exhaustive, parseAblation, UsageError, type Ablation, type Strategy } from "@mmrace/scheduler";
import { KERNEL_ASSERTION } from "../ops/userfaultfd/mfill-atomic.ts";
import { LOST_ENTRY } from "../oracles/oracles.ts";
import { RMAP_INDEX } from "../oracles/userfaultfd.ts";
import { cpmtVsUffdcopy } from "../scenarios/cpmt-vs-uffdcopy.ts";
import type { ScenarioFamily } from "../scenarios/family.ts";
import { mremapVsRetract } from "../scenarios/mremap-vs-retract.ts";
import { mremapVsTruncate } from "../scenarios/mremap-vs-truncate.ts";
import { retractVsUffdcopy } from "../scenarios/retract-vs-uffdcopy.ts";
import { uffdmoveLivelock } from "../scenarios/uffdmove-livelock.ts";
import { uffdmoveVsMigration } from "../scenarios/uffdmove-vs-migration.ts";
import { uffdmoveVsSwap } from "../scenarios/uffdmove-vs-swap.ts";
import { PAGE_USE_AFTER_FREE } from "../state/folio.ts";
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
    oracle: PAGE_USE_AFTER_FREE,
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
