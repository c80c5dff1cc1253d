/** The oracles of unmapping: what must have gone is gone, what is still used is not, and nothing is forgotten. */

import { always, atEnd, oracle, type Property } from "@mmrace/scheduler";
import { pfnOf, pmdLeaf, pmdNone, pmdPresent, ptePresent, pteSpecial } from "@mmrace/x86-paging";
import { LOST_ZAP, STALE_TRANSLATION } from "../state/discards.ts";
import { PAGE_USE_AFTER_FREE, type Folio } from "../state/folio.ts";
import { LOST_GUARD } from "../state/guards.ts";
import { SECONDARY_STALE } from "../state/secondary-mmu.ts";
import type { World } from "../state/world.ts";

/** Oracle: a page is kept alive by nobody, or by fewer than it should be. */
export const LEAK = "leak";

/** What these watch, for people. */
export const teardownNotes: Readonly<Record<string, string>> = {
  [PAGE_USE_AFTER_FREE]: "a page is used, mapped, in a page cache or in a TLB after it was freed",
  [LOST_ZAP]:
    "an entry that MADV_DONTNEED found is still there after its return, or one of a page that was truncated at the end",
  [STALE_TRANSLATION]:
    "a CPU has cached a freed page or table, or what a finished MADV_DONTNEED has discarded",
  [LOST_GUARD]: "a guard marker that MADV_GUARD_INSTALL has set is gone, though nobody has removed it",
  [SECONDARY_STALE]: "a secondary MMU maps a page that the primary one does not, outside of an invalidation",
  [LEAK]:
    "references of a page equal its mappings, its places in a page cache and its pins when everybody has finished",
};

/** How often entries of linked tables map the folio with a reference. */
function mappings(w: World, folio: Folio): number {
  let count = 0;
  for (const mm of w.mms) {
    for (const { value } of mm.pmds) {
      if (!pmdPresent(value)) continue;
      if (pmdLeaf(value)) {
        if (folio.hasPfn(pfnOf(value))) count++;
        continue;
      }
      const ptes = w.tables.get(pfnOf(value))?.ptes.values ?? [];
      for (const pte of ptes) {
        if (ptePresent(pte) && !pteSpecial(pte) && folio.hasPfn(pfnOf(pte))) count++;
      }
    }
  }
  return count;
}

/** How many references the page cache holds, or the swap cache. */
function cached(w: World, folio: Folio): number {
  for (const slot of w.swap.slots) if (slot.cached.value === folio) return folio.pages;
  return w.files.some((file) => file.iPages.value.includes(folio)) ? folio.pages : 0;
}

/** Nobody who has finished holds a page, so whatever is neither mapped nor cached nor pinned is freed. */
function referencesAgree(w: World): boolean {
  return w.folios.every(
    (folio) => folio.refcount.value === mappings(w, folio) + cached(w, folio) + folio.pins.value,
  );
}

/** For the `properties` of a scenario. */
export const teardownOracles: readonly Property<World>[] = [
  ...oracle(LOST_ZAP, [
    always("what MADV_DONTNEED found is not mapped after its return", (w: World) =>
      w.discards.entriesAreGone(),
    ),
  ]),
  ...oracle(LOST_ZAP, [
    atEnd("no page is mapped that was truncated", (w: World) =>
      w.folios.every(
        (folio) => folio.isAnon || !folio.lru.value || mappings(w, folio) === 0 || cached(w, folio) > 0,
      ),
    ),
  ]),
  ...oracle(STALE_TRANSLATION, [
    always("no TLB has what MADV_DONTNEED discarded after its return", (w: World) =>
      w.discards.translationsAreGone(),
    ),
  ]),
  ...oracle(PAGE_USE_AFTER_FREE, [
    always("a freed page is neither mapped nor cached", (w: World) =>
      w.folios.every((folio) => !folio.isFreed || mappings(w, folio) + cached(w, folio) === 0),
    ),
  ]),
  ...oracle(LOST_GUARD, [always("guard markers stay", (w: World) => w.guards.areThere(w))]),
  ...oracle(SECONDARY_STALE, [
    always("secondary MMUs map what the primary one does", (w: World) =>
      w.secondaryMmus.every((secondary) => secondary.isFresh(w)),
    ),
  ]),
  ...oracle(LEAK, [
    atEnd("every reference to a page is accounted for", referencesAgree),
    atEnd("an address space that has exited has no VMAs, no tables and no counts", (w: World) =>
      [...w.exited].every(
        (mm) =>
          mm.vmas.value.length === 0 &&
          mm.pmds.every(({ value }) => pmdNone(value)) &&
          Object.values(mm.counters.values).every((count) => count === 0),
      ),
    ),
  ]),
];
