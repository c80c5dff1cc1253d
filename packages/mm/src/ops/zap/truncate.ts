/**
 * Taking pages out of a file, and out of all mappings of it.
 *
 * No mmap_lock is taken: it runs against any fault. A fault that finds a page after the size has changed looks at the size,
 * and at the page's mapping, under the folio's lock; one that found it before is undone by the second unmapping.
 *
 * Reduced: a huge folio of which a part goes is never split, and stays, as a folio of shmem does to which somebody else has
 * a reference; shadow entries and hole bookkeeping of file systems are left out.
 *
 * @see mm/memory.c, unmap_mapping_range(), unmap_mapping_folio(); mm/truncate.c; mm/shmem.c, shmem_undo_range(); Linux v6.1
 * to v6.18 (i_mmap_rwsem for reading since v5.18)
 */

import {
  downRead,
  downWrite,
  folioLock,
  folioUnlock,
  spinLock,
  spinUnlock,
  upRead,
  upWrite,
} from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { withFolio, type AddressSpace } from "../../state/address-space.ts";
import { clearHighpage, folioPut, folioTryGet, type Folio } from "../../state/folio.ts";
import { along, ghostStep, together, type GhostChange } from "../../state/ghost.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { ZAP_PAGES, type ZapDetails } from "./zap-details.ts";

/** Unmaps pages of a file, from one index up to another, everywhere; private copies too if asked to. */
export function* unmapMappingRange(
  w: World,
  file: AddressSpace,
  startIndex: number,
  endIndex: number,
  evenCows: boolean,
): Steps<void> {
  yield* unmapMappingRangeTree(w, file, startIndex, endIndex, { ...ZAP_PAGES, evenCows });
}

/** Unmaps one locked folio everywhere, markers included; private copies stay. */
export function* unmapMappingFolio(w: World, file: AddressSpace, folio: Folio): Steps<void> {
  const index = yield* readOnce(folio.index);
  const details = { ...ZAP_PAGES, evenCows: false, singleFolio: folio, dropMarkers: true };
  yield* unmapMappingRangeTree(w, file, index, index + folio.pages, details);
}

function* unmapMappingRangeTree(
  w: World,
  file: AddressSpace,
  startIndex: number,
  endIndex: number,
  details: ZapDetails,
): Steps<void> {
  yield* downRead(file.iMmap);
  for (const vma of yield* readOnce(file.vmas)) {
    const start = Math.max(vma.start, vma.start + (startIndex - vma.pgoff) * PAGE_SIZE);
    const end = Math.min(vma.end, vma.start + (endIndex - vma.pgoff) * PAGE_SIZE);
    if (start < end) yield* w.kernel.zapPageRangeSingle(w, vma, start, end, details);
  }
  yield* upRead(file.iMmap);
}

/** Takes the pages of a range out of the page cache, each under its lock. */
export function* truncateInodePages(
  w: World,
  file: AddressSpace,
  startIndex: number,
  endIndex: number,
): Steps<void> {
  const seen = new Set<Folio>();
  for (const folio of (yield* readOnce(file.iPages)).slice(startIndex, endIndex)) {
    if (folio === null || seen.has(folio) || !(yield* folioTryGet(folio))) continue;
    seen.add(folio);
    yield* folioLock(folio.lock);
    if ((yield* readOnce(file.iPages)).includes(folio)) {
      const index = yield* readOnce(folio.index);
      if (index >= startIndex && index + folio.pages <= endIndex)
        yield* w.kernel.truncateInodeFolio(w, file, folio);
      else {
        if (file.isShmem) yield* writeOnce(folio.dirty, true); // shmem_undo_range(): it must not go whole.
        yield* truncateInodePartialFolio(w, folio, startIndex - index, endIndex - index);
      }
    }
    yield* folioUnlock(folio.lock);
    yield* folioPut(folio);
  }
}

/**
 * A part of a locked huge folio: zeroes take its place. Only a folio that cannot be split and is clean goes whole, and with
 * it the markers beside the hole: a folio of shmem is always dirty here.
 */
function* truncateInodePartialFolio(w: World, folio: Folio, start: number, end: number): Steps<void> {
  for (const page of folio.data.slice(Math.max(start, 0), end)) yield* clearHighpage(page); // folio_zero_range()
  w.reached.add("a part of a huge folio was truncated");
}

/** One locked folio: out of all mappings, then out of the cache. */
export function* truncateInodeFolio(w: World, file: AddressSpace, folio: Folio): Steps<void> {
  if ((yield* readOnce(folio.mapcount)) > 0) yield* w.kernel.unmapMappingFolio(w, file, folio);
  const index = yield* readOnce(folio.index);
  yield* spinLock(file.xaLock); // filemap_remove_folio()
  yield* writeOnce(file.iPages, withFolio(yield* readOnce(file.iPages), index, folio.pages, null));
  yield* writeOnce(folio.mapping, null);
  yield* spinUnlock(file.xaLock);
  yield* folioPut(folio, folio.pages);
}

/** Makes a file shorter: truncate_pagecache(). Of other file systems than shmem, invalidate_lock is held meanwhile. */
export function* truncate(w: World, file: AddressSpace, size: number): Steps<void> {
  if (!file.isShmem) yield* downWrite(file.invalidateLock);
  const going = new Truncation(w, file, size, file.iPages.value.length, true);
  yield* along(writeOnce(file.size, size), going.begins()); // i_size_write()
  yield* takeOut(w, file, size, Infinity);
  yield* ghostStep("truncate_returns", w.reference, going.ends());
  if (!file.isShmem) yield* upWrite(file.invalidateLock);
}

/** Makes a hole: the pages go, the size stays. Of other file systems than shmem, invalidate_lock is held meanwhile. */
export function* punchHole(w: World, file: AddressSpace, startIndex: number, endIndex: number): Steps<void> {
  if (!file.isShmem) yield* downWrite(file.invalidateLock);
  const going = new Truncation(w, file, startIndex, Math.min(endIndex, file.iPages.value.length), false);
  yield* ghostStep("punch_hole_begins", w.reference, going.begins());
  yield* w.kernel.unmapMappingRange(w, file, startIndex, endIndex, false);
  yield* w.kernel.truncateInodePages(w, file, startIndex, endIndex);
  yield* ghostStep("punch_hole_returns", w.reference, going.ends());
  if (!file.isShmem) yield* upWrite(file.invalidateLock);
}

/** Ghost state: meanwhile a page holds what it held, or zeroes. */
class Truncation {
  readonly #w: World;
  readonly #file: AddressSpace;
  readonly #start: number;
  readonly #end: number;
  readonly #evenCows: boolean;
  #copies: readonly Vma[] = [];

  constructor(w: World, file: AddressSpace, start: number, end: number, evenCows: boolean) {
    this.#w = w;
    this.#file = file;
    this.#start = start;
    this.#end = end;
    this.#evenCows = evenCows;
  }

  begins(): GhostChange {
    const file = this.#file;
    const unpinned = this.#w.pins.changed(
      () => this.#forgetPins(file.vmas.value),
      () => [file.vmas],
    );
    return together(unpinned, this.#discards());
  }

  #forgetPins(vmas: readonly Vma[]): void {
    for (const vma of vmas) {
      const start = vma.start + (this.#start - vma.pgoff) * PAGE_SIZE;
      const end = vma.start + (this.#end - vma.pgoff) * PAGE_SIZE;
      this.#w.pins.forget(vma.mm, Math.max(start, vma.start), Math.min(end, vma.end));
    }
  }

  #discards(): GhostChange {
    const file = this.#file;
    return this.#w.reference.changed(
      () => {
        this.#copies = this.#evenCows ? file.vmas.value : [];
        this.#w.reference.beginTruncation(file, this.#start, this.#end, this.#copies);
      },
      () => [file.vmas],
    );
  }

  ends(): GhostChange {
    const { reference } = this.#w;
    return reference.changed(() => reference.endTruncation(this.#file, this.#start, this.#end, this.#copies));
  }
}

/** Unmaps, takes out of the cache, and unmaps what faults have mapped in between. */
function* takeOut(w: World, file: AddressSpace, startIndex: number, endIndex: number): Steps<void> {
  yield* w.kernel.unmapMappingRange(w, file, startIndex, endIndex, true);
  yield* w.kernel.truncateInodePages(w, file, startIndex, endIndex);
  yield* w.kernel.unmapMappingRange(w, file, startIndex, endIndex, true);
}
