/**
 * The oracles: what must hold in every scenario of this package. Page-table use-after-free, table shape while walking,
 * the lock protocol and kernel assertions are reported by the operations themselves; the rest are properties.
 */

import { LOCK_PROTOCOL } from "@mmrace/locks";
import { always, atEnd, oracle, type Property } from "@mmrace/scheduler";
import { pfnOf, pmdLeaf, pmdPresent, pteNone, ptePresent, pteSpecial, type Entry } from "@mmrace/x86-paging";
import { endingNotes, endingOracles, swapCountsAgree } from "./endings.ts";
import { userfaultfdNotes, userfaultfdOracles } from "./userfaultfd.ts";
import { KERNEL_ASSERTION } from "../ops/userfaultfd/mfill-atomic.ts";
import { HPAGE_PMD_NR } from "../state/folio.ts";
import { pteIndex } from "../state/geometry.ts";
import type { MmStruct } from "../state/mm-struct.ts";
import { PAGE_TABLE_USE_AFTER_FREE, type PageTable } from "../state/page-table.ts";
import { PIN_COHERENCE } from "../state/pins.ts";
import { UFFD_EVENT_LOST } from "../state/uffd-ledger.ts";
import { TABLE_SHAPE, type World } from "../state/world.ts";
import { STALE_TRANSLATION } from "../state/discards.ts";
import { cachesAreLive, COW_BREACH, writersAreAlone } from "./translations.ts";
import { teardownNotes, teardownOracles } from "./teardown.ts";

/** Oracle: an entry sits in a table that no longer translates anything. */
export const LOST_ENTRY = "lost entry";
/** Oracle: the counters disagree with a recount of the tables. */
export const RECOUNT = "rss recount";

/** What each oracle watches, for people. */
export const oracleNotes: Readonly<Record<string, string>> = {
  [PAGE_TABLE_USE_AFTER_FREE]: "a table, its entries or its lock is used after the table was freed",
  [TABLE_SHAPE]: "a PMD slot that claims to name a table names none",
  [LOST_ENTRY]: "a page is mapped in a table that has been given up",
  [RECOUNT]: "rss, nr_ptes and mapcounts equal a recount of the tables when everybody has finished",
  [PIN_COHERENCE]:
    "a page pinned by GUP is the one mapped at its address, unless it was thrown away on purpose",
  [UFFD_EVENT_LOST]: "a missing page of a registered VMA comes without a fill or an event",
  [COW_BREACH]: "a private mapping may write a page that the page cache or another mapping has too",
  [LOCK_PROTOCOL]: "lock order, recursion, ownership, sleeping while atomic, locks held at the end (lockdep)",
  [KERNEL_ASSERTION]: "a BUG_ON of the kernel fires",
  ...userfaultfdNotes,
  ...teardownNotes,
  ...endingNotes,
  deadlock: "threads wait for each other for ever",
  livelock: "threads run for ever without getting anywhere",
};

/** Whether a PMD entry claims to name a PTE table. */
function claimsTable(pmd: Entry): boolean {
  return pmdPresent(pmd) && !pmdLeaf(pmd);
}

/** The tables that wait for the split of a huge page. */
function depositedTables(mm: MmStruct): readonly PageTable[] {
  return mm.pmdTables.flatMap(({ deposits }) => deposits.value);
}

/** The tables that slots of an mm name. */
function linkedTables(w: World, mm: MmStruct): PageTable[] {
  return mm.pmds.flatMap(({ value }) => {
    const table = claimsTable(value) ? w.tables.get(pfnOf(value)) : undefined;
    return table === undefined ? [] : [table];
  });
}

function everyTable(w: World, holds: (table: PageTable) => boolean): boolean {
  for (const table of w.tables.values()) if (!holds(table)) return false;
  return true;
}

/** Whether every slot that looks like a table pointer names a table that has not been given up. */
function slotsNameTables(w: World): boolean {
  return w.mms.every(({ pmds }) =>
    pmds.every(({ value }) => {
      if (!claimsTable(value)) return true;
      const table = w.tables.get(pfnOf(value));
      return table !== undefined && !table.isDoomed && !table.lifetime.ended;
    }),
  );
}

function countPages(w: World, mm: MmStruct, isAnon: boolean): number {
  let pages = 0;
  for (const { value } of mm.pmds) {
    if (pmdLeaf(value) && pmdPresent(value) && w.folioOf(pfnOf(value))?.isAnon === isAnon)
      pages += HPAGE_PMD_NR;
  }
  for (const table of linkedTables(w, mm)) {
    for (const pte of table.ptes.values) {
      if (
        ptePresent(pte) &&
        !pteSpecial(pte) &&
        w.folios.find((folio) => folio.hasPfn(pfnOf(pte)))?.isAnon === isAnon
      )
        pages++;
    }
  }
  return pages;
}

function mapcountsAgree(w: World): boolean {
  return w.folios.every((folio) => {
    let mappings = 0;
    for (const mm of w.mms) {
      for (const { value } of mm.pmds) if (pmdLeaf(value) && folio.hasPfn(pfnOf(value))) mappings++;
      for (const table of linkedTables(w, mm)) {
        mappings += table.ptes.values.filter(
          (pte) => ptePresent(pte) && !pteSpecial(pte) && folio.hasPfn(pfnOf(pte)),
        ).length;
      }
    }
    return mappings === folio.mapcount.value;
  });
}

/** Whether nothing else is mapped where a page is pinned. While a collapse is under way, nothing may be. */
function pinsAreMapped(w: World): boolean {
  return w.pins.all.every(({ mm, address, pfn }) => {
    const pmd = mm.slotOf(address).value;
    if (!pmdPresent(pmd)) return true;
    if (pmdLeaf(pmd)) return pfnOf(pmd, 2) + pteIndex(address) === pfn;
    const pte = w.tables.get(pfnOf(pmd))?.ptes.values[pteIndex(address)];
    return pte === undefined || !ptePresent(pte) || pfnOf(pte) === pfn;
  });
}

const NOTHING: readonly number[] = [];

/** Whether the pages of files that owners of userfaultfds have seen missing are missing still. */
function holesStay(w: World): boolean {
  for (const mm of w.mms) {
    for (const { uffdCtx, file } of mm.vmas.value) {
      for (const index of uffdCtx.value?.seenMissing ?? NOTHING)
        if (file?.iPages.value[index] !== null) return false;
    }
  }
  return true;
}

/** All oracles, for the `properties` of a scenario. */
export const allOracles: readonly Property<World>[] = [
  ...oracle(TABLE_SHAPE, [always("a PMD slot that names a table names a live one", slotsNameTables)]),
  ...oracle(LOST_ENTRY, [
    always("a table that was given up maps nothing", (w: World) =>
      everyTable(w, ({ isDoomed, ptes }) => !isDoomed || ptes.values.every(pteNone)),
    ),
    // VM_BUG_ON(!pte_none(ptep_get(pte))) in __split_huge_pmd_locked(), which fills it.
    always("a table that waits for the split of a huge page maps nothing", (w: World) =>
      w.mms.every((mm) => depositedTables(mm).every(({ ptes }) => ptes.values.every(pteNone))),
    ),
  ]),
  ...oracle(RECOUNT, [
    atEnd("rss_anon equals the anonymous pages mapped", (w: World) =>
      w.mms.every((mm) => mm.counters.values.rss_anon === countPages(w, mm, true)),
    ),
    atEnd("rss_file equals the file pages mapped", (w: World) =>
      w.mms.every((mm) => mm.counters.values.rss_file === countPages(w, mm, false)),
    ),
    atEnd("nr_ptes equals the tables in slots, and those deposited", (w: World) =>
      w.mms.every(
        (mm) => mm.counters.values.nr_ptes === linkedTables(w, mm).length + depositedTables(mm).length,
      ),
    ),
    atEnd("every mapcount equals the entries that map the folio", mapcountsAgree),
    atEnd("the count of every swap slot equals the entries that name it", swapCountsAgree),
    atEnd("every table is in a slot, deposited or freed", (w: World) => {
      const kept = new Set(w.mms.flatMap((mm) => [...linkedTables(w, mm), ...depositedTables(mm)]));
      return everyTable(w, (table) => kept.has(table) || table.lifetime.ended);
    }),
  ]),
  ...oracle(PIN_COHERENCE, [always("a pinned page stays mapped where it was pinned", pinsAreMapped)]),
  ...oracle(UFFD_EVENT_LOST, [always("a page that the owner has seen missing stays missing", holesStay)]),
  ...oracle(STALE_TRANSLATION, [always("no CPU can reach freed memory", cachesAreLive)]),
  ...oracle(COW_BREACH, [always("who may write a private page has it alone", writersAreAlone)]),
  ...teardownOracles,
  ...oracle(LOCK_PROTOCOL, [atEnd("nobody holds a lock at the end", (w: World) => w.lockdep.isQuiet)]),
  ...userfaultfdOracles,
  ...endingOracles,
];
