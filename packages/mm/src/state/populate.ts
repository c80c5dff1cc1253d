/** Set-up: what was mapped before the threads began, with all counts as the kernel would have them. */

import {
  ALL_RIGHTS,
  mkHugePmd,
  mkPte,
  mkTable,
  narrowRights,
  PAGE_SIZE,
  pfnOf,
  pmdNone,
  protectionKeyOf,
  pteDirty,
  virtualPage,
  type Entry,
} from "@mmrace/x86-paging";
import { withFolio, type AddressSpace } from "./address-space.ts";
import { HPAGE_PMD_NR, type Folio } from "./folio.ts";
import { pteIndex } from "./geometry.ts";
import type { PageTable } from "./page-table.ts";
import { ANON_WRITABLE, READ_FAULT, SHARED_WRITABLE } from "./protections.ts";
import { AnonVma, VM_SHARED, type Vma } from "./vma.ts";
import type { World } from "./world.ts";

/** Gives the slot of an address a table, unless it has one. */
export function populateTable(w: World, vma: Vma, address: number = vma.start): PageTable {
  const slot = vma.mm.slotOf(address);
  if (!pmdNone(slot.value)) return w.tableNamedBy(slot.value, slot);
  const table = w.createTable();
  slot.value = mkTable(table.pfn);
  vma.mm.counters.values.nr_ptes++;
  return table;
}

/** Gives the VMA an anon_vma, unless it has one. */
export function populateAnonVma(w: World, vma: Vma): AnonVma {
  const anonVma = vma.anonVma.value ?? new AnonVma(w.lockdep);
  vma.anonVma.value = anonVma;
  if (!anonVma.vmas.value.includes(vma)) anonVma.vmas.value = [...anonVma.vmas.value, vma];
  return anonVma;
}

/** Puts a folio into the page cache of a file: `pages` references are the cache's, the maker's is gone. */
export function populateCache(file: AddressSpace, index: number, folio: Folio): Folio {
  file.iPages.value = withFolio(file.iPages.value, index, folio.pages, folio);
  folio.mapping.value = file;
  folio.index.value = index;
  folio.refcount.value += folio.pages - 1;
  folio.lru.value = true;
  return folio;
}

/** A new folio in the page cache: PMD-sized over the whole file, or one page at an index. */
export function cacheFolio(w: World, file: AddressSpace, index: number, isHuge = false): Folio {
  return populateCache(file, index, w.createFolio(isHuge ? HPAGE_PMD_NR : 1, false));
}

/** Writes an entry that maps a page of a folio, with its counts. */
function mapAt(w: World, vma: Vma, address: number, folio: Folio, page: number, pte: Entry): void {
  populateTable(w, vma, address).ptes.values[pteIndex(address)] = pte;
  folio.mapcount.value++;
  folio.refcount.value++;
  vma.mm.counters.values[folio.isAnon ? "rss_anon" : "rss_file"]++;
  const isOwn = folio.isAnon || (vma.flags.value & VM_SHARED) !== 0;
  w.reference[isOwn ? "fill" : "fillFile"](vma, address, folio.data[page]?.value ?? 0);
  w.uffd.account(vma.mm, address);
}

/** Maps pages of the cached folios at an address, as read faults, or stores to a shared mapping, have left them. */
export function populateFile(w: World, vma: Vma, address: number, pages = 1): void {
  const cache = vma.file!.iPages.value;
  const isWritable = (vma.flags.value & VM_SHARED) !== 0;
  for (let at = 0; at < pages; at++) {
    const here = address + at * PAGE_SIZE;
    const index = vma.indexOf(here);
    const folio = cache[index]!;
    const page = index - folio.index.value;
    mapAt(w, vma, here, folio, page, mkPte(folio.pfn + page, isWritable ? SHARED_WRITABLE : READ_FAULT));
  }
}

/** Maps a new anonymous page at an address, written, with a value. */
export function populateAnon(w: World, vma: Vma, address: number, value = 0): Folio {
  const folio = w.createFolio(1, true);
  folio.refcount.value = 0;
  folio.lru.value = true;
  folio.data[0]!.value = value;
  folio.mapping.value = populateAnonVma(w, vma);
  folio.index.value = vma.indexOf(address);
  mapAt(w, vma, address, folio, 0, mkPte(folio.pfn, ANON_WRITABLE));
  return folio;
}

/** Maps the huge folio of the file whole. */
export function populateHugeFile(vma: Vma, address: number = vma.start): Folio {
  const folio = vma.file!.iPages.value[vma.indexOf(address)]!;
  const isWritable = (vma.flags.value & VM_SHARED) !== 0;
  vma.mm.slotOf(address).value = mkHugePmd(folio.pfn, isWritable ? SHARED_WRITABLE : READ_FAULT);
  folio.mapcount.value++;
  folio.refcount.value++;
  vma.mm.counters.values.rss_file += HPAGE_PMD_NR;
  return folio;
}

/** Maps a huge anonymous page, with the table that is deposited for its split. */
export function populateHugeAnon(w: World, vma: Vma, address: number = vma.start): Folio {
  const folio = w.createFolio(HPAGE_PMD_NR, true);
  folio.mapcount.value = 1;
  folio.lru.value = true;
  folio.mapping.value = populateAnonVma(w, vma);
  folio.index.value = vma.indexOf(address);
  const slot = vma.mm.slotOf(address);
  const { deposits } = slot.pmdTable;
  deposits.value = [...deposits.value, w.createTable()];
  slot.value = mkHugePmd(folio.pfn, ANON_WRITABLE);
  vma.mm.counters.values.rss_anon += HPAGE_PMD_NR;
  vma.mm.counters.values.nr_ptes++;
  return folio;
}

/** Lets a CPU have cached what maps an address, as if it had used it before. */
export function populateTlb(w: World, cpu: number, vma: Vma, address: number): void {
  const slot = vma.mm.slotOf(address);
  const pte = w.tableNamedBy(slot.value, slot).ptes.values[pteIndex(address)]!;
  vma.mm.tlbs.cpus
    .find((one) => one.cpu === cpu)!
    .caches.insertTranslation({
      pcid: 0,
      global: false,
      level: 1,
      page: virtualPage(BigInt(address)),
      pages: 1,
      frame: pfnOf(pte),
      rights: narrowRights(narrowRights(ALL_RIGHTS, slot.value), pte),
      protectionKey: protectionKeyOf(pte),
      dirty: pteDirty(pte),
    });
}
