/**
 * Missing pages of files: loads, stores to private mappings, which copy, and stores to shared ones.
 *
 * Reduced: allocation does not fail; large folios other than huge ones do not exist.
 *
 * @see mm/memory.c, do_fault(), do_read_fault(), do_cow_fault(), do_shared_fault(), __do_fault(), Linux v6.12
 */

import { folioUnlock } from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import { pmdNone } from "@mmrace/x86-paging";
import { copyHighpage, folioPut, type Folio } from "../../state/folio.ts";
import { VM_SHARED, VM_UFFD_MINOR, VM_UFFD_WP } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Fault, FaultResult } from "./fault.ts";
import type { Found } from "./page-cache.ts";
import { hasPageMkwrite, newAnonFolio, pfnInFolio } from "./page-entry.ts";

/** Whatever way the fault goes, a preallocated table that was not used is freed at the end. */
export function* doFault(w: World, f: Fault): Steps<FaultResult> {
  const isShared = ((yield* readOnce(f.vma.flags)) & VM_SHARED) !== 0;
  let result: FaultResult;
  if (!f.flags.isWrite) result = yield* w.kernel.doReadFault(w, f);
  else if (isShared) result = yield* w.kernel.doSharedFault(w, f);
  else result = yield* w.kernel.doCowFault(w, f);
  if (f.prealloc !== null) yield* w.kernel.pteFree(w, f.prealloc); // Never visible: no grace period.
  f.prealloc = null;
  return result;
}

/** A load: first whatever of the cache lies around, then the page itself. */
export function* doReadFault(w: World, f: Fault): Steps<FaultResult> {
  const isAlone = ((yield* readOnce(f.vma.flags)) & (VM_UFFD_WP | VM_UFFD_MINOR)) !== 0;
  if (!isAlone && (yield* w.kernel.doFaultAround(w, f)) === "nopage") return "nopage";
  if ((yield* w.kernel.vmfCanCallFault(w, f)) === "retry") return "retry";
  const found = yield* w.kernel.__doFault(w, f);
  if ("result" in found) return found.result;
  return yield* finishAndUnlock(w, f, found.folio);
}

/** Maps the locked folio and unlocks it; its reference is the mapping's then, or is dropped. */
function* finishAndUnlock(w: World, f: Fault, folio: Folio): Steps<FaultResult> {
  const result = yield* w.kernel.finishFault(w, f, folio);
  yield* folioUnlock(folio.lock);
  if (result !== "ok") yield* folioPut(folio);
  return result;
}

/** A store to a private mapping: the page is copied before anybody can store to it. */
export function* doCowFault(w: World, f: Fault): Steps<FaultResult> {
  const { vma, address } = f;
  if ((yield* w.kernel.vmfCanCallFault(w, f)) === "retry") return "retry";
  if ((yield* w.kernel.vmfAnonPrepare(w, f)) === "retry") return "retry";
  const copy = newAnonFolio(w, vma, address);
  const found = yield* w.kernel.__doFault(w, f);
  if ("result" in found) {
    yield* folioPut(copy);
    return found.result;
  }
  const { folio } = found;
  const page = (yield* pfnInFolio(folio, vma.indexOf(address))) - folio.pfn;
  yield* copyHighpage(copy.data[0]!, folio.data[page]!);
  const result = yield* w.kernel.finishFault(w, f, copy);
  yield* folioUnlock(folio.lock);
  yield* folioPut(folio);
  if (result !== "ok") yield* folioPut(copy);
  return result;
}

/** A store to a shared mapping. A file system hears of it first, without the folio's lock. */
export function* doSharedFault(w: World, f: Fault): Steps<FaultResult> {
  if ((yield* w.kernel.vmfCanCallFault(w, f)) === "retry") return "retry";
  const found = yield* w.kernel.__doFault(w, f);
  if ("result" in found) return found.result;
  const { folio } = found;
  if (hasPageMkwrite(f.vma)) {
    yield* folioUnlock(folio.lock);
    if (!(yield* w.kernel.doPageMkwrite(w, f, folio))) {
      yield* folioPut(folio);
      return "nopage";
    }
  }
  const result = yield* w.kernel.finishFault(w, f, folio);
  if (result === "ok") yield* writeOnce(folio.dirty, true); // fault_dirty_shared_page()
  yield* folioUnlock(folio.lock);
  if (result !== "ok") yield* folioPut(folio);
  return result;
}

/** The folio, locked. A table is made beforehand, since allocating may sleep, and wait for this very folio. */
export function* __doFault(w: World, f: Fault): Steps<Found> {
  if (pmdNone(yield* readOnce(f.slot)) && f.prealloc === null) f.prealloc = w.createTable();
  const found = f.vma.file!.isShmem
    ? yield* w.kernel.shmemGetFolioGfp(w, f)
    : yield* w.kernel.filemapFault(w, f);
  if ("folio" in found) w.reached.add("a fault found the folio");
  return found;
}
