/**
 * Collapsing 2 MiB of a file: a new huge folio takes the place of the small ones in the page cache.
 *
 * - v6.4 and later: holes are filled only if no VMA of the file waits for missing pages (commit 895f5ee464cc);
 * - before: they are filled; and the new folio, locked, is in the cache before the old ones are copied.
 *
 * Reduced: pages of the file that this world does not have count as present, so that an extent is never empty; nothing is
 * swapped out, read from the disk or written back; no count of open writers; locks that turn interrupts off do not; before
 * 6.4 the folios were replaced one by one, each frozen, and not together.
 *
 * @see mm/khugepaged.c, collapse_file(), Linux v6.1 and v6.12
 */

import {
  downRead,
  folioSetLocked,
  folioTrylock,
  folioUnlock,
  spinLock,
  spinUnlock,
  upRead,
} from "@mmrace/locks";
import { readOnce, writeOnce, xchg, type Steps } from "@mmrace/scheduler";
import { withFolio, type AddressSpace, type PageCache } from "../../state/address-space.ts";
import { copyHighpage, folioGet, folioPut, HPAGE_PMD_NR, type Folio } from "../../state/folio.ts";
import { VM_UFFD_MISSING } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { UnmapFlags } from "../rmap/try-to-unmap.ts";
import type { CollapseTarget, ScanResult } from "./find-pmd.ts";

/** What step 3 has collected: locked folios that nobody but the cache and the collapse refers to. */
interface Collected {
  readonly folios: readonly (Folio | null)[];
  readonly holes: number;
  readonly result: ScanResult;
}

/** How mapped folios are unmapped: locked VMAs too, and all with one flush. */
const UNMAP: UnmapFlags = { ignoreMlock: true, batchFlush: true };

/** v6.4 and later. `huge` is new, its one reference the caller's, which the page cache or the allocator gets. */
export function* collapseFile(
  w: World,
  file: AddressSpace,
  huge: Folio,
  target?: CollapseTarget,
): Steps<ScanResult> {
  yield* prepare(file, huge); // 1.
  const collected = yield* collect(w, file); // 2. and 3.
  const old = collected.folios.filter((folio) => folio !== null);
  yield* w.kernel.tryToUnmapFlush(w); // 5. Before the copy: nobody stores to the old folios any more.
  let { result } = collected;
  if (result === "SUCCEED") {
    yield* copyAll(huge, collected); // 6.
    result = yield* publish(w, file, huge, collected.holes);
  }
  if (result !== "SUCCEED") return yield* rollback(w, huge, old, result);
  yield* w.kernel.retractPageTables(w, file, huge, target); // 9.
  yield* folioUnlock(huge.lock); // 10.
  for (const folio of old) yield* release(folio); // 11.
  w.reached.add("collapse_file published a huge folio");
  return target === undefined ? "SUCCEED" : "PTE_MAPPED_HUGEPAGE";
}

/** v6.1 to v6.3: the new folio, locked, is in the cache before anything is copied, and holes are filled. */
export function* collapseFile_6_1(
  w: World,
  file: AddressSpace,
  huge: Folio,
  target?: CollapseTarget,
): Steps<ScanResult> {
  yield* prepare(file, huge);
  const collected = yield* collect(w, file, huge);
  const old = collected.folios.filter((folio) => folio !== null);
  yield* w.kernel.tryToUnmapFlush(w);
  if (collected.result !== "SUCCEED") {
    yield* openHoles(file, huge);
    return yield* rollback(w, huge, old, collected.result);
  }
  yield* copyAll(huge, collected);
  for (const folio of old) yield* release(folio);
  yield* folioGet(huge, HPAGE_PMD_NR - 1);
  if (file.isShmem) yield* writeOnce(huge.dirty, true);
  yield* writeOnce(huge.lru, true);
  const result = yield* w.kernel.retractPageTables(w, file, huge, target);
  yield* folioUnlock(huge.lock);
  w.reached.add("collapse_file published a huge folio");
  return result ?? (target === undefined ? "SUCCEED" : "PTE_MAPPED_HUGEPAGE");
}

/** Nobody can see the new folio yet. */
function* prepare(file: AddressSpace, huge: Folio): Steps<void> {
  yield* folioSetLocked(huge.lock);
  yield* writeOnce(huge.mapping, file);
}

function* copyAll(huge: Folio, { folios }: Collected): Steps<void> {
  for (const [index, folio] of folios.entries())
    if (folio !== null) yield* copyHighpage(huge.data[index]!, folio.data[0]!);
}

/** Step 7, with the cache locked: whoever registers later finds the holes filled already. */
function* mayFillHoles(file: AddressSpace): Steps<boolean> {
  for (const vma of yield* readOnce(file.vmas))
    if ((yield* readOnce(vma.flags)) & VM_UFFD_MISSING) return false;
  return true;
}

/** Step 3. With a huge folio it takes the place of the others before the cache is unlocked. */
function* collect(w: World, file: AddressSpace, huge?: Folio): Steps<Collected> {
  const folios: (Folio | null)[] = [];
  let holes = 0;
  yield* spinLock(file.xaLock);
  for (let index = 0; index < w.geometry.ptesPerTable; index++) {
    const folio = (yield* readOnce(file.iPages))[index] ?? null;
    folios.push(null);
    if (folio === null) {
      holes++;
      if (file.isShmem) {
        if (huge !== undefined) yield* fillHole(file, index, huge);
        continue;
      }
      yield* spinUnlock(file.xaLock);
      return { folios, holes, result: "FAIL" };
    }
    if (!(yield* folioTrylock(folio.lock))) {
      yield* spinUnlock(file.xaLock);
      return { folios, holes, result: "PAGE_LOCK" };
    }
    yield* folioGet(folio);
    yield* spinUnlock(file.xaLock);
    const why = yield* isolate(w, file, folio);
    if (why !== null) return { folios, holes, result: why };
    folios[index] = folio;
  }
  if (huge !== undefined)
    yield* writeOnce(file.iPages, withFolio(yield* readOnce(file.iPages), 0, HPAGE_PMD_NR, huge));
  yield* spinUnlock(file.xaLock); // 4.
  return { folios, holes, result: "SUCCEED" };
}

/** v6.1: who comes to the hole finds the new folio, locked. */
function* fillHole(file: AddressSpace, index: number, huge: Folio): Steps<void> {
  yield* writeOnce(file.iPages, withFolio(yield* readOnce(file.iPages), index, 1, huge));
}

/** v6.1: the holes are holes again. */
function* openHoles(file: AddressSpace, huge: Folio): Steps<void> {
  yield* spinLock(file.xaLock);
  const cache = yield* readOnce(file.iPages);
  if (cache.includes(huge))
    yield* writeOnce(
      file.iPages,
      cache.map((folio) => (folio === huge ? null : folio)),
    );
  yield* spinUnlock(file.xaLock);
}

/** The tests of one locked folio. Without a reason, the cache is locked at the end; with one, the folio is unlocked and put. */
function* isolate(w: World, file: AddressSpace, folio: Folio): Steps<ScanResult | null> {
  let why: ScanResult | null = null;
  if (folio.pages === HPAGE_PMD_NR) why = "PTE_MAPPED_HUGEPAGE";
  else if ((yield* readOnce(folio.mapping)) !== file) why = "TRUNCATED";
  else if (!file.isShmem && (yield* readOnce(folio.dirty))) why = "FAIL";
  else if (!(yield* xchg(folio.lru, false))) why = "PAGE_LRU";
  if (why !== null) {
    yield* folioUnlock(folio.lock);
    yield* folioPut(folio);
    return why;
  }
  yield* folioGet(folio);
  // Other users of the folio come from mappings, mostly.
  if ((yield* readOnce(folio.mapcount)) > 0) yield* w.kernel.tryToUnmap(w, folio, UNMAP);
  yield* spinLock(file.xaLock);
  if ((yield* readOnce(folio.refcount)) === 2 + folio.pages) return null;
  yield* spinUnlock(file.xaLock);
  w.reached.add("collapse_file found a folio in use");
  yield* putback(folio);
  return "PAGE_COUNT";
}

/** Steps 7 and 8. Holes are filled only if nobody waits for missing pages, which i_mmap_rwsem keeps so. */
function* publish(w: World, file: AddressSpace, huge: Folio, holes: number): Steps<ScanResult> {
  if (holes > 0) yield* downRead(file.iMmap);
  yield* spinLock(file.xaLock);
  const cache = yield* readOnce(file.iPages);
  let result: ScanResult = "SUCCEED";
  if (holes > 0) {
    // The kernel puts entries into the holes that make everybody look again; here, who would see a hole locks the cache.
    if (countHoles(cache) !== holes) result = "PAGE_FILLED";
    else if (!(yield* mayFillHoles(file))) result = "EXCEED_NONE_PTE";
    yield* upRead(file.iMmap);
  }
  if (result === "SUCCEED") {
    yield* folioGet(huge, HPAGE_PMD_NR - 1); // 8.
    if (file.isShmem) yield* writeOnce(huge.dirty, true); // Whatever the old folios were.
    yield* writeOnce(huge.lru, true);
    yield* writeOnce(file.iPages, withFolio(cache, 0, HPAGE_PMD_NR, huge));
  } else w.reached.add(`collapse_file rolled back: ${result}`);
  yield* spinUnlock(file.xaLock);
  return result;
}

function countHoles(cache: PageCache): number {
  return cache.filter((folio) => folio === null).length;
}

/** The old folios stay, and the new one goes. */
function* rollback(_w: World, huge: Folio, old: readonly Folio[], result: ScanResult): Steps<ScanResult> {
  for (const folio of old) yield* putback(folio);
  yield* writeOnce(huge.mapping, null);
  yield* folioUnlock(huge.lock);
  yield* folioPut(huge);
  return result;
}

/** Back to the LRU: the references of the isolation and of the collapse. */
function* putback(folio: Folio): Steps<void> {
  yield* folioUnlock(folio.lock);
  yield* writeOnce(folio.lru, true);
  yield* folioPut(folio, 2);
}

/** A folio that is out of the cache: no file, and the last references. */
function* release(folio: Folio): Steps<void> {
  yield* writeOnce(folio.mapping, null);
  yield* folioUnlock(folio.lock);
  yield* folioPut(folio, 2 + folio.pages);
}
