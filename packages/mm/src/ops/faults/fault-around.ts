/**
 * A load maps what the page cache has near it, without waiting for anything.
 *
 * Reduced: the window is the whole table, as far as the VMA has it; the kernel's is 16 pages, and few worlds have more. One
 * look at the cache finds the next entry; the kernel reads entry after entry. The RCU section around it is
 * left out: it keeps folios from being given to somebody else, which never happens here.
 *
 * @see mm/memory.c, do_fault_around(); mm/filemap.c, filemap_map_pages(), filemap_map_pmd(), next_uptodate_folio(),
 * Linux v6.12 (v6.1 looks at the slot once more before it maps the table)
 */

import { folioTestLocked, folioTrylock, folioUnlock } from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import { PAGE_SIZE, pmdLeaf, pmdNone, pteNone } from "@mmrace/x86-paging";
import { folioGet, folioPut, folioTryGet, HPAGE_PMD_NR, type Folio } from "../../state/folio.ts";
import { pmdStart, pteIndex } from "../../state/geometry.ts";
import { ptepGet } from "../../state/page-table.ts";
import type { World } from "../../state/world.ts";
import { unmapUnlock, type Fault } from "./fault.ts";
import { installFilePage, makePte, pfnInFolio } from "./page-entry.ts";

/** A folio that the cache has in a window: referenced and locked. */
export interface Near {
  readonly folio: Folio;
  /** The first page of the window that it is. */
  readonly index: number;
  /** The last page of the window that it is. */
  readonly last: number;
}

/** Pages of the file that the window has. */
export interface Window {
  readonly first: number;
  readonly last: number;
}

function windowOf(w: World, { vma, address }: Fault): Window {
  const start = Math.max(pmdStart(address), vma.start);
  const end = Math.min(pmdStart(address) + w.geometry.ptesPerTable * PAGE_SIZE, vma.end);
  return { first: vma.indexOf(start), last: vma.indexOf(end - PAGE_SIZE) };
}

/** `nopage`: the page that was asked for is mapped. A table is made beforehand, since nothing may sleep meanwhile. */
export function* doFaultAround(w: World, f: Fault): Steps<"ok" | "nopage"> {
  if (pmdNone(yield* readOnce(f.slot)) && f.prealloc === null) f.prealloc = w.createTable();
  return yield* w.kernel.filemapMapPages(w, f, windowOf(w, f));
}

/** Maps every folio of the window that is there for the taking. */
export function* filemapMapPages(w: World, f: Fault, window: Window): Steps<"ok" | "nopage"> {
  let near: Near | null = yield* w.kernel.nextUptodateFolio(w, f, window);
  if (near === null) return "ok";
  if (yield* w.kernel.filemapMapPmd(w, f, near.folio)) return "nopage";
  f.mapped = yield* w.kernel.pteOffsetMapLockChecked(w, f.slot);
  if (f.mapped === null) {
    yield* release(near.folio);
    return "ok";
  }
  let result: "ok" | "nopage" = "ok";
  while (near !== null) {
    if (yield* mapNear(w, f, near)) result = "nopage";
    yield* release(near.folio);
    const rest: Window = { ...window, first: near.last + 1 };
    near = yield* w.kernel.nextUptodateFolio(w, f, rest);
  }
  yield* unmapUnlock(w, f);
  return result;
}

function* release(folio: Folio): Steps<void> {
  yield* folioUnlock(folio.lock);
  yield* folioPut(folio);
}

/** Maps the pages of one folio whose entries are strictly none: markers stay. Whether the page asked for is among them. */
function* mapNear(w: World, f: Fault, { folio, index, last }: Near): Steps<boolean> {
  let hasServed = false;
  for (let page = index; page <= last; page++) {
    const address = f.vma.addressOf(page)!;
    if (!pteNone(yield* ptepGet(f.mapped!.table, pteIndex(address)))) continue;
    const pte = yield* makePte(f.vma, yield* pfnInFolio(folio, page), false);
    yield* folioGet(folio);
    yield* installFilePage(f, address, folio, pte);
    if (address === pageOf(f.address)) hasServed = true;
    else w.reached.add("fault-around mapped a neighbour");
  }
  return hasServed;
}

function pageOf(address: number): number {
  return address - (address % PAGE_SIZE);
}

/** Whether all is done: the slot is huge, or has just become so. Else it gets a table, if it is still none. */
export function* filemapMapPmd(w: World, f: Fault, folio: Folio): Steps<boolean> {
  if (pmdLeaf(yield* readOnce(f.slot))) {
    yield* release(folio);
    return true;
  }
  if (pmdNone(yield* readOnce(f.slot)) && folio.pages === HPAGE_PMD_NR) {
    if (yield* w.kernel.doSetPmd(w, f.vma, f.address, folio)) {
      yield* folioUnlock(folio.lock); // The reference is the mapping's.
      return true;
    }
  }
  if (f.prealloc !== null && pmdNone(yield* readOnce(f.slot))) yield* w.kernel.installTable(w, f);
  return false;
}

/** The next folio of the window that can be referenced and locked at once, and is the file's then. */
export function* nextUptodateFolio(_w: World, f: Fault, window: Window): Steps<Near | null> {
  const file = f.vma.file!;
  for (let from = window.first; from <= window.last; from++) {
    const cache = yield* readOnce(file.iPages); // Reduced: one look finds the next entry.
    const index = cache.findIndex((entry, at) => entry !== null && at >= from && at <= window.last);
    if (index < 0) return null;
    from = index;
    const folio = cache[index]!;
    if (yield* folioTestLocked(folio.lock)) continue;
    if (!(yield* folioTryGet(folio))) continue;
    const isSame = (yield* readOnce(file.iPages))[index] === folio;
    if (isSame && (yield* folioTrylock(folio.lock))) {
      const isOurs = (yield* readOnce(folio.mapping)) === file && index < (yield* readOnce(file.size));
      if (isOurs) {
        const end = (yield* readOnce(folio.index)) + folio.pages - 1;
        return { folio, index, last: Math.min(end, window.last) };
      }
      yield* folioUnlock(folio.lock);
    }
    yield* folioPut(folio);
  }
  return null;
}
