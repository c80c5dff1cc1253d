/** What must not be left behind when everybody has finished: the other half of each pair, and what was taken for a while. */

import { atEnd, oracle, type Property } from "@mmrace/scheduler";
import {
  pfnOf,
  pmdDirty,
  pmdLeaf,
  pmdPresent,
  pteDirty,
  ptePresent,
  isSwapPte,
  nonSwapEntry,
  pteToSwpEntry,
} from "@mmrace/x86-paging";
import { LEAK } from "./teardown.ts";
import { RMAP_INDEX } from "./userfaultfd.ts";
import type { Folio } from "../state/folio.ts";
import type { SwapEntry } from "../state/swap.ts";
import type { World } from "../state/world.ts";

/** Oracle: an invalidation of secondary MMUs was begun and never ended, so that their faults try again for ever. */
export const OPEN_INVALIDATION = "open invalidation";
/** Oracle: a page of shmem was stored to, and nothing says so: reclaim would drop it. */
export const LOST_DIRTY = "lost dirty";

/** What these watch, for people. */
export const endingNotes: Readonly<Record<string, string>> = {
  [OPEN_INVALIDATION]: "every invalidation of secondary MMUs has ended when everybody has finished",
  [LOST_DIRTY]:
    "of a page of shmem that was stored to, the folio or an entry that maps it is dirty at the end",
};

function invalidationsHaveEnded(w: World): boolean {
  return (
    w.mms.every(({ notifiers }) => notifiers.open.every((open) => open === 0)) &&
    w.secondaryMmus.every(({ mmu }) => mmu.inProgress.value === 0)
  );
}

/** Whether an entry that maps the folio is dirty. */
function hasDirtyEntry(w: World, folio: Folio): boolean {
  return w.mms.some(({ pmds }) =>
    pmds.some(({ value }) => {
      if (!pmdPresent(value)) return false;
      if (pmdLeaf(value)) return folio.hasPfn(pfnOf(value)) && pmdDirty(value);
      const ptes = w.tables.get(pfnOf(value))?.ptes.values ?? [];
      return ptes.some((pte) => ptePresent(pte) && folio.hasPfn(pfnOf(pte)) && pteDirty(pte));
    }),
  );
}

/** Of shmem, whose pages are zeroes to begin with: what other files hold may have come from the disk. */
function storesAreKnown(w: World): boolean {
  return w.files.every(
    (file) => !file.isShmem || file.iPages.value.every((folio) => folio === null || isKnown(w, folio)),
  );
}

function isKnown(w: World, folio: Folio): boolean {
  return folio.dirty.value || folio.data.every(({ value }) => value === 0) || hasDirtyEntry(w, folio);
}

/** Pages of a file say where in it they are; what is freed says nothing: page_expected_state(), mm/page_alloc.c. */
function filePagesAreLabelled(w: World): boolean {
  return w.folios.every((folio) => {
    if (folio.isAnon) return true;
    if (folio.isFreed) return folio.mapping.value === null;
    return w.files.every((file) => {
      const at = file.iPages.value.indexOf(folio);
      return at < 0 || (folio.mapping.value === file && folio.index.value === at);
    });
  });
}

/** Whether the count of every swap slot equals the entries that name it. */
export function swapCountsAgree(w: World): boolean {
  return [...w.swap.slots].every((slot) => slot.count.value === swapEntries(w, slot));
}

/** How many entries of linked tables name a slot. */
function swapEntries(w: World, slot: SwapEntry): number {
  const tables = w.mms.flatMap(({ pmds }) => pmds.map(({ value }) => w.tables.get(pfnOf(value))));
  return tables
    .flatMap((table) => table?.ptes.values ?? [])
    .filter((pte) => isSwapPte(pte) && !nonSwapEntry(pteToSwpEntry(pte)) && w.swap.slotOf(pte) === slot)
    .length;
}

/** For the `properties` of a scenario. */
export const endingOracles: readonly Property<World>[] = [
  ...oracle(OPEN_INVALIDATION, [atEnd("every invalidation has ended", invalidationsHaveEnded)]),
  ...oracle(LOST_DIRTY, [atEnd("pages that were stored to are known to be dirty", storesAreKnown)]),
  ...oracle(RMAP_INDEX, [
    atEnd("pages of files are found by their labels, and freed ones have none", filePagesAreLabelled),
  ]),
  ...oracle(LEAK, [
    atEnd("every VMA is in its address space or freed", (w: World) =>
      w.mms.every(({ everyVma, vmas }) =>
        everyVma.every((vma) => vma.lifetime.ended || vmas.value.includes(vma)),
      ),
    ),
    atEnd("nobody is left in a queue for userfaultfd", (w: World) =>
      w.mms.every(({ userfaultfd }) => userfaultfd.faultPending.entries.length === 0),
    ),
  ]),
];
