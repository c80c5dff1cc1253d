/** What /proc/pid/pagemap says. @see fs/proc/task_mmu.c, pte_to_pagemap_entry(), Linux v6.12 */

import {
  isPteMarker,
  isUffdWpMarker,
  pfnOf,
  pmdLeaf,
  pmdNone,
  pmdPresent,
  pmdUffdWp,
  pteNone,
  ptePresent,
  pteUffdWp,
} from "@mmrace/x86-paging";
import { pteIndex } from "../state/geometry.ts";
import type { MmStruct } from "../state/mm-struct.ts";
import type { World } from "../state/world.ts";

/** One page, decoded. */
export interface PagemapEntry {
  /** Bit 63. */
  readonly present: boolean;
  /** Bit 62: swapped out, and markers too. */
  readonly swapped: boolean;
  /** Bit 61: a page of a file or of shmem. */
  readonly file: boolean;
  /** Bit 56: mapped by nobody else. */
  readonly exclusive: boolean;
  /** Bit 57: write-protected by userfaultfd. */
  readonly uffdWp: boolean;
}

const NOTHING: PagemapEntry = {
  present: false,
  swapped: false,
  file: false,
  exclusive: false,
  uffdWp: false,
};

/** Ghost code: looks at everything in one step. */
export function pagemapOf(w: World, mm: MmStruct, address: number): PagemapEntry {
  if (!mm.covers(address)) return NOTHING;
  const slot = mm.slotOf(address);
  const pmd = slot.value;
  if (pmdNone(pmd) || !pmdPresent(pmd)) return NOTHING;
  if (pmdLeaf(pmd)) return presentEntry(w, pfnOf(pmd), pmdUffdWp(pmd));
  const pte = w.tableNamedBy(pmd, slot).ptes.values[pteIndex(address)];
  if (pte === undefined || pteNone(pte)) return NOTHING;
  if (ptePresent(pte)) return presentEntry(w, pfnOf(pte), pteUffdWp(pte));
  return { ...NOTHING, swapped: true, uffdWp: isPteMarker(pte) && isUffdWpMarker(pte) };
}

function presentEntry(w: World, pfn: number, uffdWp: boolean): PagemapEntry {
  const folio = w.folioOf(pfn);
  const isCounted = folio !== undefined && folio !== w.zeroFolio;
  return {
    present: true,
    swapped: false,
    file: isCounted && !folio.isAnon,
    exclusive: isCounted && folio.mapcount.value === 1,
    uffdWp,
  };
}
