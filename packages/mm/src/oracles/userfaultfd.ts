/**
 * What userfaultfd and moved pages must keep: facts that stand in entries, events, and labels that find pages.
 *
 * Entries are looked at where nobody is changing them: not while somebody holds the lock of their table or of their PMD
 * table, or mmap_lock for writing, under which tables go away for a while.
 */

import { always, atEnd, oracle, type Property } from "@mmrace/scheduler";
import {
  isGuardMarker,
  isPmdMigrationEntry,
  isPoisonMarker,
  isPteMarker,
  isSwapPte,
  nonSwapEntry,
  PAGE_SIZE,
  pfnOf,
  pmdLeaf,
  pmdPresent,
  pmdSwpUffdWp,
  pmdUffdWp,
  pteNone,
  ptePresent,
  pteSwpUffdWpAny,
  pteToSwpEntry,
  pteUffdWp,
  type Entry,
} from "@mmrace/x86-paging";
import { pteIndex } from "../state/geometry.ts";
import type { Folio } from "../state/folio.ts";
import type { MmStruct } from "../state/mm-struct.ts";
import { SILENT_WRITE, UFFD_EVENT_LOST, type MarkerPromise, type Promised } from "../state/uffd-ledger.ts";
import { AnonVma, VM_UFFD_MISSING, VM_UFFD_WP, type Vma } from "../state/vma.ts";
import type { World } from "../state/world.ts";

/** Oracle: a uffd-wp bit or marker, a poison marker or a guard marker goes without anybody having dropped it. */
export const LOST_MARKER = "lost marker";
/** Oracle: an anonymous page cannot be found by its own labels. */
export const RMAP_INDEX = "rmap index";

/** What each of them watches. */
export const userfaultfdNotes: Readonly<Record<string, string>> = {
  [LOST_MARKER]: "uffd-wp protections, poison and guard markers stay until resolved, unmapped or dropped",
  [SILENT_WRITE]:
    "a page that UFFDIO_WRITEPROTECT has protected can be written through a TLB, without an event",
  [RMAP_INDEX]: "mapping and index of an anonymous page, also in the swap cache, lead to where it is mapped",
};

/** What stands at an address when nobody is changing it. */
type Standing = { readonly pmd: Entry } | { readonly pte: Entry };

/** `null` while somebody may be changing it, and in tables that are no tables. */
function standing(w: World, mm: MmStruct, address: number): Standing | null {
  const slot = mm.slotOf(address);
  if (mm.lock.mmapLock.writer !== undefined || slot.pmdTable.lock.owner !== undefined) return null;
  const pmd = slot.value;
  if (!pmdPresent(pmd) || pmdLeaf(pmd)) return { pmd };
  const table = w.tables.get(pfnOf(pmd));
  const pte = table?.ptes.values[pteIndex(address)];
  return table === undefined || pte === undefined || table.ptl.owner !== undefined ? null : { pte };
}

const KEPT_BY_PTE: Readonly<Record<Promised, (pte: Entry) => boolean>> = {
  "uffd-wp": (pte) => (ptePresent(pte) ? pteUffdWp(pte) : pteSwpUffdWpAny(pte)),
  poison: (pte) => isPoisonMarker(pte),
  guard: (pte) => isGuardMarker(pte),
};

function isKept(w: World, { mm, address, what }: MarkerPromise): boolean {
  const vma = mm.vmas.value.find((one) => one.covers(address));
  if (vma === undefined) return true; // Unmapped.
  if (what === "uffd-wp" && (vma.flags.value & VM_UFFD_WP) === 0) return true;
  const found = standing(w, mm, address);
  if (found === null) return true;
  if ("pte" in found) return KEPT_BY_PTE[what](found.pte);
  if (what !== "uffd-wp") return false;
  return isPmdMigrationEntry(found.pmd)
    ? pmdSwpUffdWp(found.pmd)
    : pmdLeaf(found.pmd) && pmdUffdWp(found.pmd);
}

/** The pages of a VMA that this world has. */
function pagesOf(w: World, vma: Vma): number[] {
  return vma.mm.pmds.flatMap(({ address }) =>
    Array.from({ length: w.geometry.ptesPerTable }, (_, index) => address + index * PAGE_SIZE).filter(
      (page) => vma.covers(page),
    ),
  );
}

function allVmas(w: World): Vma[] {
  return w.mms.flatMap(({ vmas }) => vmas.value);
}

/** Whether a page may be there, or is not. */
function isExpected(w: World, { mm }: Vma, page: number): boolean {
  const found = standing(w, mm, page);
  if (found === null || w.uffd.isAccounted(mm, page)) return true;
  if ("pmd" in found) return !pmdLeaf(found.pmd) || !pmdPresent(found.pmd);
  return pteNone(found.pte) || isPteMarker(found.pte);
}

function missingPagesStay(w: World): boolean {
  return allVmas(w).every(
    (vma) =>
      vma.file !== null ||
      (vma.flags.value & VM_UFFD_MISSING) === 0 ||
      pagesOf(w, vma).every((page) => isExpected(w, vma, page)),
  );
}

/** Whether what an entry leads to has the labels of its place: a mapped page, or a page in the swap cache. */
function isLabelled(w: World, vma: Vma, page: number): boolean {
  const found = standing(w, vma.mm, page);
  if (found === null) return true;
  if ("pmd" in found) return isWholeLabelled(w, vma, page, found.pmd);
  const { pte } = found;
  if (pteNone(pte)) return true;
  const isSwap = isSwapPte(pte) && !isPteMarker(pte) && !nonSwapEntry(pteToSwpEntry(pte));
  const folio = isSwap ? w.swap.slotOf(pte).cached.value : ptePresent(pte) ? w.folioOf(pfnOf(pte)) : null;
  if (folio === null || folio === undefined || !folio.isAnon || folio === w.zeroFolio) return true;
  return leadsTo(folio, isSwap ? 0 : pfnOf(pte) - folio.pfn, vma, page);
}

/** The same for a huge page. */
function isWholeLabelled(w: World, vma: Vma, page: number, pmd: Entry): boolean {
  const folio = pmdPresent(pmd) && pmdLeaf(pmd) ? w.folioOf(pfnOf(pmd)) : undefined;
  return folio === undefined || !folio.isAnon || leadsTo(folio, pteIndex(page), vma, page);
}

/** Else page_address_in_vma(), mm/rmap.c, does not know the page. An anon_vma of several VMAs is one that fork has shared. */
function hasRoot({ anonVma }: Vma, mapping: AnonVma): boolean {
  return anonVma.value === mapping || mapping.vmas.value.length > 1;
}

function leadsTo({ index, mapping: { value: mapping } }: Folio, at: number, vma: Vma, page: number): boolean {
  return (
    index.value + at === vma.indexOf(page) &&
    mapping instanceof AnonVma &&
    mapping.vmas.value.includes(vma) &&
    hasRoot(vma, mapping)
  );
}

/** The oracles of this file, for `allOracles`. */
export const userfaultfdOracles: readonly Property<World>[] = [
  ...oracle(LOST_MARKER, [
    always("what markers and uffd-wp bits say stays until it is dropped", (w: World) => {
      for (const promise of w.uffd.promises) if (!isKept(w, promise)) return false;
      return true;
    }),
  ]),
  ...oracle(UFFD_EVENT_LOST, [always("a missing page comes by a fill or with an event", missingPagesStay)]),
  ...oracle(RMAP_INDEX, [
    atEnd("anonymous pages are found by their labels", (w: World) =>
      allVmas(w).every((vma) => pagesOf(w, vma).every((page) => isLabelled(w, vma, page))),
    ),
  ]),
];
