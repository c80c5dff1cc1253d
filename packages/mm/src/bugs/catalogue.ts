/** Real races of the kernel's history that the model can show: on the release that had them, and gone on the fix. */

import { UsageError } from "@mmrace/scheduler";
import { LOST_ENTRY } from "../oracles/oracles.ts";
import { cpmtVsUffdcopy } from "../scenarios/cpmt-vs-uffdcopy.ts";
import { dontneedVsDontneed } from "../scenarios/dontneed-vs-dontneed.ts";
import { exitVsRetract } from "../scenarios/exit-vs-retract.ts";
import type { ScenarioFamily } from "../scenarios/family.ts";
import { mremapVsRetract } from "../scenarios/mremap-vs-retract.ts";
import { pfnmapMunmapVsRevoke } from "../scenarios/pfnmap-munmap-vs-revoke.ts";
import { STALE_TRANSLATION } from "../state/discards.ts";
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
  /** A release that had the bug. */
  readonly buggy: string;
  /** The oldest modelled release on which the whole scenario is clean. */
  readonly fixed: string;
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
    note:
      "v6.6 has the fix, and this oracle is silent there; but until 4828d207dc51 (6.11) the fill asserts that its slot " +
      "stays a table, and the same two threads break that assertion. So the whole scenario is clean from 6.11 on.",
  },
  {
    id: "T1-10",
    slug: "retract-vs-exit",
    title: "file collapse takes page tables from an mm that is being torn down without mmap_lock",
    cve: undefined,
    fix: "18e77600f7a1 (5.9); introduced by f3f0e1d2150b (4.8)",
    family: exitVsRetract,
    buggy: "4.12",
    fixed: "6.6",
    oracle: TABLE_SHAPE,
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
    oracle: PAGE_USE_AFTER_FREE,
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
