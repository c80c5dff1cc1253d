/** The oracles of unmapping: what must have gone is gone, what is still used is not, and nothing is forgotten. */

import { always, atEnd, oracle, type Property } from "@mmrace/scheduler";
import { pfnOf, pmdLeaf, pmdPresent, ptePresent, pteSpecial } from "@mmrace/x86-paging";
import { LOST_ZAP, STALE_TRANSLATION } from "../state/discards.ts";
import { PAGE_USE_AFTER_FREE, type Folio } from "../state/folio.ts";
import type { World } from "../state/world.ts";

/** Oracle: a page is kept alive by nobody, or by fewer than it should be. */
export const LEAK = "leak";

/** What these watch, for people. */
export const teardownNotes: Readonly<Record<string, string>> = {
  [PAGE_USE_AFTER_FREE]: "a page is used, mapped or cached after it was freed",
  [LOST_ZAP]: "an entry that MADV_DONTNEED found is still there after its return",
  [STALE_TRANSLATION]: "a TLB still has an anonymous page that a finished MADV_DONTNEED has discarded",
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

/** How many references the page cache holds. */
function cached(w: World, folio: Folio): number {
  return w.files.some((file) => file.iPages.value.includes(folio)) ? folio.pages : 0;
}

/** Pages that nobody ever put on the LRU are somebody's own. */
function referencesAgree(w: World): boolean {
  return w.folios.every(
    (folio) =>
      !folio.lru.value || folio.refcount.value === mappings(w, folio) + cached(w, folio) + folio.pins.value,
  );
}

/** For the `properties` of a scenario. */
export const teardownOracles: readonly Property<World>[] = [
  ...oracle(LOST_ZAP, [
    always("what MADV_DONTNEED found is not mapped after its return", (w: World) =>
      w.discards.entriesAreGone(),
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
  ...oracle(LEAK, [atEnd("every reference to a page is accounted for", referencesAgree)]),
];
