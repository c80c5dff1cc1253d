/**
 * The entries that faults install, and the accounting that goes with each.
 *
 * @see mm/memory.c, set_pte_range(), maybe_mkwrite(); mm/mmap.c, vma_set_page_prot(), Linux v6.12
 */

import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import {
  isUffdWpMarker,
  mkHugePmd,
  mkPte,
  pmdMkdirty,
  pmdMkwrite,
  pteMkdirty,
  pteMkuffdWp,
  pteMkwrite,
  type Entry,
  type Word,
} from "@mmrace/x86-paging";
import { folioRmap, type Folio } from "../../state/folio.ts";
import { pteIndex } from "../../state/geometry.ts";
import { along, type GhostChange } from "../../state/ghost.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import { setPte } from "../../state/page-table.ts";
import { READ_FAULT, SHARED_WRITABLE } from "../../state/protections.ts";
import { VM_SHARED, VM_UFFD_WP, VM_WRITE, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Fault } from "./fault.ts";

/** Whether a file tells its file system of the first store to a page: all but shmem, `->page_mkwrite`. */
export function hasPageMkwrite({ file }: Vma): boolean {
  return file !== null && !file.isShmem;
}

/**
 * The protection of entries that nobody has written through: vma->vm_page_prot. Writable in shared mappings, unless
 * somebody wants to hear of the first store: vma_wants_writenotify().
 */
export function vmPageProt(vma: Vma, flags: number): Word {
  const isShared = (flags & VM_SHARED) !== 0 && (flags & VM_WRITE) !== 0;
  const wantsWriteNotify = hasPageMkwrite(vma) || (flags & VM_UFFD_WP) !== 0;
  return isShared && !wantsWriteNotify ? SHARED_WRITABLE : READ_FAULT;
}

/** A present entry for a page; for a write it is dirty, and writable if the VMA is. */
export function* makePte(vma: Vma, pfn: number, isWrite: boolean): Steps<Entry> {
  const flags = yield* readOnce(vma.flags);
  const pte = mkPte(pfn, vmPageProt(vma, flags));
  if (!isWrite) return pte;
  return (flags & VM_WRITE) !== 0 ? pteMkwrite(pteMkdirty(pte)) : pteMkdirty(pte);
}

/** A huge one. */
export function* makeHugePmd(vma: Vma, pfn: number, isWrite: boolean): Steps<Entry> {
  const flags = yield* readOnce(vma.flags);
  const pmd = mkHugePmd(pfn, vmPageProt(vma, flags));
  if (!isWrite) return pmd;
  return (flags & VM_WRITE) !== 0 ? pmdMkwrite(pmdMkdirty(pmd)) : pmdMkdirty(pmd);
}

/** An entry that takes over the write protection of the marker in whose place it comes: vmf_orig_pte_uffd_wp(). */
export function withMarkerOf({ origPte }: Fault, pte: Entry): Entry {
  return origPte !== undefined && isUffdWpMarker(origPte) ? pteMkuffdWp(pte) : pte;
}

/** A new anonymous page, which nobody else can see yet, with what the rmap finds it by. The VMA has its anon_vma. */
export function newAnonFolio(w: World, vma: Vma, address: number, pages = 1): Folio {
  const folio = w.createFolio(pages, true);
  folio.mapping.value = vma.anonVma.value;
  folio.index.value = vma.indexOf(address);
  return folio;
}

/** Maps a new anonymous page: rmap, LRU, entry. The maker's reference becomes that of the mapping. */
export function* installAnonPage(f: Fault, folio: Folio, pte: Entry, change?: GhostChange): Steps<void> {
  yield* folioRmap(folio, 1);
  yield* writeOnce(folio.lru, true);
  yield* along(setPte(f.mapped!.table, pteIndex(f.address), withMarkerOf(f, pte)), change);
}

/** Maps a page of a file at an address: rmap, entry. The caller's reference becomes that of the mapping. */
export function* installFilePage(f: Fault, address: number, folio: Folio, pte: Entry): Steps<void> {
  yield* folioRmap(folio, 1);
  yield* setPte(f.mapped!.table, pteIndex(address), pte);
  yield* addMmCounter(f.vma.mm, "rss_file", 1);
}

/** The frame of the page of a folio that a page of the file is. The caller holds the folio. */
export function* pfnInFolio(folio: Folio, index: number): Steps<number> {
  return folio.pfn + index - (yield* readOnce(folio.index));
}
