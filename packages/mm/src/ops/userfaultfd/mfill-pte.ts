/**
 * Fills of one entry: what each mode installs, under the PTE lock.
 *
 * Reduced: allocation does not fail; new pages hold zeroes, whatever is copied; UFFDIO_COPY_MODE_WP and the WP mode of
 * CONTINUE are left out.
 *
 * @see mm/userfaultfd.c, mm/shmem.c, Linux v6.12 (the same in v6.1, which has no POISON, and in v6.18)
 */

import { folioLock, folioSetLocked, folioUnlock, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, writeOnce, type Operation, type Steps } from "@mmrace/scheduler";
import { DIRTY, mkPoisonMarker, mkPte, pteMkspecial, pteNone, pteNoneMostly } from "@mmrace/x86-paging";
import type { Entry } from "@mmrace/x86-paging";
import { withFolio, type AddressSpace } from "../../state/address-space.ts";
import { folioGet, folioPut, folioRmap, folioTryGet, type Folio, type PageData } from "../../state/folio.ts";
import { pageStart, pteIndex } from "../../state/geometry.ts";
import { along, together, type GhostChange } from "../../state/ghost.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import { ptepGet, setPte, type PageTable } from "../../state/page-table.ts";
import { ANON_WRITABLE, READ_FAULT } from "../../state/protections.ts";
import { VM_SHARED, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Result } from "./mfill-atomic.ts";

const READ_ONLY_DIRTY = { lo: READ_FAULT.lo | DIRTY, hi: READ_FAULT.hi };

/** A new anonymous page, without a look at the page cache. */
export function* mfillAtomicPteCopy(w: World, vma: Vma, address: number): Steps<Result> {
  const folio = w.createFolio(1, true);
  const result = yield* w.kernel.mfillAtomicInstallPte(w, vma, address, folio);
  if (result !== 0) yield* folioPut(folio);
  return result;
}

/** Whether an address lies beyond the end of its file. Under the PTE lock, so that truncation's zap comes after. */
function* isBeyondEnd(vma: Vma, address: number): Steps<boolean> {
  return vma.file !== null && vma.indexOf(address) >= (yield* readOnce(vma.file.size));
}

/** Changes the entry of an address under the lock of its table, if what stands there leaves room. */
function* installWhere(
  w: World,
  vma: Vma,
  address: number,
  isFree: (pte: Entry) => boolean,
  install: (table: PageTable) => Steps<void> | Operation<void>,
): Steps<Result> {
  const mapped = yield* w.kernel.__pteOffsetMapLock(w, vma.mm.slotOf(address));
  if (mapped === null) {
    w.reached.add("a fill found its table gone");
    return "EAGAIN";
  }
  let result: Result = 0;
  if (yield* isBeyondEnd(vma, address)) result = "EFAULT";
  else if (!isFree(yield* ptepGet(mapped.table, pteIndex(address)))) result = "EEXIST";
  else yield* install(mapped.table);
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  return result;
}

/**
 * Installs a page where nothing is mapped yet; the maker's reference to the folio goes to the entry. A folio of the page
 * cache is locked.
 */
export function* mfillAtomicInstallPte(w: World, vma: Vma, address: number, folio: Folio): Steps<Result> {
  return yield* installWhere(w, vma, address, pteNoneMostly, (table) =>
    mapFolio(w, vma, address, folio, table),
  );
}

function* mapFolio(w: World, vma: Vma, address: number, folio: Folio, table: PageTable): Steps<void> {
  yield* addRmap(vma, address, folio);
  yield* addMmCounter(vma.mm, folio.isAnon ? "rss_anon" : "rss_file", 1);
  const page = vma.indexOf(address) - (yield* readOnce(folio.index));
  const pte = yield* entryFor(vma, folio, page);
  yield* along(setPte(table, pteIndex(address), pte), filled(w, vma, address, folio.data[page]));
}

/** The entry is writable unless it maps a page of the file privately. */
function* entryFor(vma: Vma, folio: Folio, page: number): Steps<Entry> {
  const isWritable = folio.isAnon || ((yield* readOnce(vma.flags)) & VM_SHARED) !== 0;
  return mkPte(folio.pfn + page, isWritable ? ANON_WRITABLE : READ_ONLY_DIRTY);
}

/** folio_add_new_anon_rmap(), or folio_add_file_rmap_pte(). */
function* addRmap(vma: Vma, address: number, folio: Folio): Steps<void> {
  if (folio.isAnon) {
    yield* writeOnce(folio.mapping, yield* readOnce(vma.anonVma));
    yield* writeOnce(folio.index, vma.indexOf(address));
    yield* writeOnce(folio.lru, true);
  }
  yield* folioRmap(folio, 1);
}

/** Ghost state, in the step that writes the entry. Without `data` it is the page of zeroes. */
function filled(w: World, vma: Vma, address: number, data?: PageData): GhostChange {
  const owed = w.uffd.changed(() => {
    w.uffd.release(vma.mm, address);
    w.uffd.account(vma.mm, address);
    w.reached.add("a fill installed a page");
  });
  return together(owed, w.reference.filled(vma, pageStart(address), data));
}

/** The page of zeroes, which nobody counts. */
export function* mfillAtomicPteZeropage(w: World, vma: Vma, address: number): Steps<Result> {
  const zero = pteMkspecial(mkPte(w.zeroFolio.pfn, READ_FAULT));
  return yield* installWhereNone(w, vma, address, zero, filled(w, vma, address));
}

/** A marker: who touches the page gets SIGBUS. */
export function* mfillAtomicPtePoison(w: World, vma: Vma, address: number): Steps<Result> {
  const poisoned = w.uffd.changed(() => {
    w.uffd.promise(vma.mm, address, "poison");
    w.reached.add("UFFDIO_POISON installed a marker");
  });
  return yield* installWhereNone(w, vma, address, mkPoisonMarker(), poisoned);
}

/** v6.1: unknown. */
export function* mfillAtomicPtePoison_6_1(_w: World, _vma: Vma, _address: number): Steps<Result> {
  return "EINVAL";
}

/** Writes an entry that needs no accounting, if the one there is strictly none. */
function* installWhereNone(
  w: World,
  vma: Vma,
  address: number,
  pte: Entry,
  change: GhostChange,
): Steps<Result> {
  return yield* installWhere(w, vma, address, pteNone, (table) =>
    along(setPte(table, pteIndex(address), pte), change),
  );
}

/** COPY and ZEROPAGE of a shared mapping: a new folio goes into the page cache, locked, and is mapped from there. */
export function* shmemMfillAtomicPte(w: World, vma: Vma, address: number): Steps<Result> {
  const file = vma.file!;
  const index = vma.indexOf(address);
  const folio = w.createFolio(1, false);
  yield* folioSetLocked(folio.lock);
  let result: Result = (yield* addToPageCache(file, index, folio)) ? 0 : "EEXIST";
  if (result === 0) {
    result = yield* w.kernel.mfillAtomicInstallPte(w, vma, address, folio);
    if (result !== 0) yield* removeFromPageCache(file, index, folio);
  }
  yield* folioUnlock(folio.lock);
  if (result !== 0) yield* folioPut(folio);
  return result;
}

/** shmem_add_to_page_cache(): the cache takes a reference of its own. */
function* addToPageCache(file: AddressSpace, index: number, folio: Folio): Steps<boolean> {
  yield* spinLock(file.xaLock);
  const cache = yield* readOnce(file.iPages);
  const isFree = (cache[index] ?? null) === null;
  if (isFree) {
    yield* folioGet(folio);
    yield* writeOnce(folio.mapping, file);
    yield* writeOnce(folio.index, index);
    yield* writeOnce(file.iPages, withFolio(cache, index, 1, folio));
  }
  yield* spinUnlock(file.xaLock);
  return isFree;
}

/** filemap_remove_folio(). */
function* removeFromPageCache(file: AddressSpace, index: number, folio: Folio): Steps<void> {
  yield* spinLock(file.xaLock);
  yield* writeOnce(file.iPages, withFolio(yield* readOnce(file.iPages), index, 1, null));
  yield* writeOnce(folio.mapping, null);
  yield* spinUnlock(file.xaLock);
  yield* folioPut(folio);
}

/** The page that is in the cache already, as it is: shmem_get_folio(SGP_NOALLOC) gives it locked. */
export function* mfillAtomicPteContinue(w: World, vma: Vma, address: number): Steps<Result> {
  const folio = yield* lockCached(vma.file!, vma.indexOf(address));
  if (folio === null) return "EFAULT";
  const result = yield* w.kernel.mfillAtomicInstallPte(w, vma, address, folio);
  yield* folioUnlock(folio.lock);
  if (result !== 0) yield* folioPut(folio);
  return result;
}

/** Looks a folio up, takes a reference and the lock, and makes sure that it is still the one that is cached. */
function* lockCached(file: AddressSpace, index: number): Steps<Folio | null> {
  for (;;) {
    const folio = (yield* readOnce(file.iPages))[index] ?? null;
    if (folio === null) return null;
    if (!(yield* folioTryGet(folio))) continue;
    yield* folioLock(folio.lock);
    if ((yield* readOnce(file.iPages))[index] === folio) return folio;
    yield* folioUnlock(folio.lock);
    yield* folioPut(folio);
  }
}
