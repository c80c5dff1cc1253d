/**
 * Looking up a page of a file for a fault: `->fault` of shmem and of other files.
 *
 * Reduced: a page that is not in the cache is there at once, all zeroes: it is neither read from disk nor from swap;
 * shmem makes no huge pages by itself and does not wait for hole punching.
 *
 * @see mm/filemap.c, filemap_get_entry(), filemap_fault(); mm/shmem.c, shmem_get_folio_gfp(), Linux v6.12
 */

import {
  downRead,
  folioLock,
  folioSetLocked,
  folioTrylock,
  folioUnlock,
  spinLock,
  spinUnlock,
  upRead,
} from "@mmrace/locks";
import { cpuRelax, readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import { withFolio, type AddressSpace } from "../../state/address-space.ts";
import { folioGet, folioPut, folioTryGet, type Folio } from "../../state/folio.ts";
import { VM_UFFD_MINOR, VM_UFFD_MISSING } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { releaseFaultLock, type Fault, type FaultResult } from "./fault.ts";

/** A folio that `->fault` has found, locked and referenced; or how the fault ends. */
export type Found = { readonly folio: Folio } | { readonly result: FaultResult };

/** The folio of a page, with a reference: an entry that changes meanwhile is looked up again. */
export function* filemapGetEntry(_w: World, file: AddressSpace, index: number): Steps<Folio | null> {
  for (;;) {
    const folio = (yield* readOnce(file.iPages))[index] ?? null;
    if (folio === null) return null;
    if (yield* folioTryGet(folio)) {
      if ((yield* readOnce(file.iPages))[index] === folio) return folio;
      yield* folioPut(folio);
    } else {
      yield* cpuRelax(); // Frozen, by somebody who is about to change the entry. The kernel just tries again.
    }
  }
}

/** Adds a new, locked folio to the cache, unless the page has one now. The cache holds a reference of its own. */
export function* filemapAddFolio(_w: World, file: AddressSpace, index: number, folio: Folio): Steps<boolean> {
  folio.mapping.value = file;
  folio.index.value = index;
  yield* folioSetLocked(folio.lock);
  yield* spinLock(file.xaLock);
  const cache = yield* readOnce(file.iPages);
  const isFree = (cache[index] ?? null) === null;
  if (isFree) {
    yield* folioGet(folio);
    yield* writeOnce(file.iPages, withFolio(cache, index, 1, folio));
  }
  yield* spinUnlock(file.xaLock);
  if (isFree) yield* writeOnce(folio.lru, true);
  else yield* writeOnce(folio.mapping, null);
  return isFree;
}

/** A new page for a hole; `null` when somebody else was first. */
function* fillHole(w: World, file: AddressSpace, index: number): Steps<Folio | null> {
  const folio = w.createFolio(1, false);
  if (yield* w.kernel.filemapAddFolio(w, file, index, folio)) return folio;
  yield* folioUnlock(folio.lock);
  yield* folioPut(folio);
  return null;
}

/** Gives up a folio that has left the file while its lock was waited for. */
function* hasLeft(file: AddressSpace, folio: Folio): Steps<boolean> {
  if ((yield* readOnce(folio.mapping)) === file) return false;
  yield* folioUnlock(folio.lock);
  yield* folioPut(folio);
  return true;
}

/** shmem: a hole is filled, unless userfaultfd wants to. */
export function* shmemGetFolioGfp(w: World, f: Fault): Steps<Found> {
  const { vma, address } = f;
  const file = vma.file!;
  const index = vma.indexOf(address);
  for (;;) {
    if (index >= (yield* readOnce(file.size))) return { result: "sigbus" };
    const cached = yield* w.kernel.filemapGetEntry(w, file, index);
    const flags = yield* readOnce(vma.flags);
    if (cached !== null && (flags & VM_UFFD_MINOR) !== 0) {
      yield* folioPut(cached);
      return { result: yield* w.kernel.handleUserfault(w, vma, address, "minor", f.flags) };
    }
    if (cached !== null) {
      yield* folioLock(cached.lock);
      if (yield* hasLeft(file, cached)) continue;
      return { folio: cached };
    }
    if ((flags & VM_UFFD_MISSING) !== 0) {
      return { result: yield* w.kernel.handleUserfault(w, vma, address, "missing", f.flags) };
    }
    const folio = yield* fillHole(w, file, index);
    if (folio !== null) return { folio };
  }
}

/** Locks a folio. Where that takes waiting, the fault's lock is dropped first, once: lock_folio_maybe_drop_mmap(). */
function* lockFolioMaybeDropMmap(w: World, f: Fault, folio: Folio): Steps<"locked" | "dropped" | "not"> {
  if (yield* folioTrylock(folio.lock)) return "locked";
  if (f.flags.retryNowait === true) return "not";
  const mayDrop = f.flags.isTried !== true;
  if (mayDrop) yield* releaseFaultLock(w, f);
  yield* folioLock(folio.lock);
  return mayDrop ? "dropped" : "locked";
}

/** Any other file. */
export function* filemapFault(w: World, f: Fault): Steps<Found> {
  const file = f.vma.file!;
  const index = f.vma.indexOf(f.address);
  if (index >= (yield* readOnce(file.size))) return { result: "sigbus" };
  let hasInvalidateLock = false;
  for (;;) {
    let folio = yield* w.kernel.filemapGetEntry(w, file, index);
    if (folio === null) {
      if (!hasInvalidateLock) {
        const result = yield* w.kernel.filemapFaultRecheckPteNone(w, f);
        if (result !== "ok") return { result };
        yield* downRead(file.invalidateLock); // Truncation may be under way.
        hasInvalidateLock = true;
      }
      folio = yield* fillHole(w, file, index);
      if (folio === null) continue;
    } else {
      const how = yield* lockFolioMaybeDropMmap(w, f, folio);
      if (how === "not") {
        if (hasInvalidateLock) yield* upRead(file.invalidateLock);
        yield* folioPut(folio);
        return { result: "retry" };
      }
      if (how === "dropped") {
        yield* folioUnlock(folio.lock);
        if (hasInvalidateLock) yield* upRead(file.invalidateLock);
        yield* folioPut(folio);
        w.reached.add("a fault dropped its lock to wait for a folio");
        return { result: "retry" };
      }
      if (yield* hasLeft(file, folio)) continue;
    }
    if (hasInvalidateLock) yield* upRead(file.invalidateLock);
    if (index < (yield* readOnce(file.size))) return { folio };
    yield* folioUnlock(folio.lock);
    yield* folioPut(folio);
    return { result: "sigbus" };
  }
}
