/**
 * Stores to pages that may not be written: reuse, copy, or ask.
 *
 * Reduced: write protection of userfaultfd is always synchronous; no KSM, no swap cache, no pages without `struct page`
 * but that of zeroes; the copy never fails.
 *
 * @see mm/memory.c, do_wp_page(), wp_can_reuse_anon_folio(), wp_page_reuse(), wp_page_shared(), Linux v6.12
 */

import { folioLock, folioTrylock, folioUnlock } from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import { pfnOf, PAGE_SIZE, pteMkdirty, pteMkwrite, pteMkyoung, pteSame, pteUffdWp } from "@mmrace/x86-paging";
import { folioGet, folioPut, type Folio } from "../../state/folio.ts";
import { pageStart, pteIndex } from "../../state/geometry.ts";
import { ptepGet, setPte } from "../../state/page-table.ts";
import { flushTlbRange } from "../../state/tlb.ts";
import { VM_SHARED, VM_UFFD_WP, VM_WRITE } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { unmapUnlock, type Fault, type FaultResult } from "./fault.ts";
import { hasPageMkwrite } from "./page-entry.ts";

/** The caller holds the lock of the table, under which the entry is still what the fault saw. It is gone at the end. */
export function* doWpPage(w: World, f: Fault): Steps<FaultResult> {
  const { vma, address, flags } = f;
  const { isUnshare = false } = flags;
  const vmFlags = yield* readOnce(vma.flags);
  if (!isUnshare && (vmFlags & VM_UFFD_WP) !== 0) {
    if (pteUffdWp(f.origPte!)) {
      yield* unmapUnlock(w, f);
      return yield* w.kernel.handleUserfault(w, vma, address, "wp", flags);
    }
    // Its protection is taken back with flushes outstanding: nobody may store any more to what will be copied.
    if ((yield* readOnce(vma.mm.tlbFlushPending)) > 0) {
      const page = pageStart(address);
      yield* flushTlbRange(vma.mm, page, page + PAGE_SIZE, false);
      w.reached.add("do_wp_page flushed for a pending gather");
    }
  }
  const folio = vmNormalFolio(w, f);
  if ((vmFlags & VM_SHARED) !== 0) return yield* w.kernel.wpPageShared(w, f, folio!);
  if (folio !== null && folio.isAnon && (yield* mayReuse(w, f, folio))) {
    if (isUnshare) yield* unmapUnlock(w, f);
    else yield* w.kernel.wpPageReuse(w, f);
    return "ok";
  }
  if (folio !== null) yield* folioGet(folio);
  yield* unmapUnlock(w, f);
  return yield* w.kernel.wpPageCopy(w, f, folio);
}

/** The folio that the entry maps; `null` for the page of zeroes, which nobody counts: vm_normal_page(). */
function vmNormalFolio(w: World, { origPte }: Fault): Folio | null {
  const folio = w.folioOf(pfnOf(origPte!)) ?? null;
  return folio === w.zeroFolio ? null : folio;
}

function* mayReuse(w: World, f: Fault, folio: Folio): Steps<boolean> {
  if (yield* readOnce(folio.anonExclusive)) return true;
  if (!(yield* w.kernel.wpCanReuseAnonFolio(w, f, folio))) return false;
  yield* writeOnce(folio.anonExclusive, true);
  return true;
}

/** Whether the mapping's reference is the only one. Whoever takes another one now cannot write, and comes too late to read. */
export function* wpCanReuseAnonFolio(_w: World, f: Fault, folio: Folio): Steps<boolean> {
  if ((yield* readOnce(folio.refcount)) > 1) return false;
  if (!(yield* folioTrylock(folio.lock))) return false;
  const isOurs = (yield* readOnce(folio.refcount)) === 1;
  if (isOurs) yield* writeOnce(folio.mapping, yield* readOnce(f.vma.anonVma)); // folio_move_anon_rmap()
  yield* folioUnlock(folio.lock);
  return isOurs;
}

/** Lets the entry be written. Permission grows, so nothing is flushed. */
export function* wpPageReuse(w: World, f: Fault): Steps<void> {
  const isWritable = ((yield* readOnce(f.vma.flags)) & VM_WRITE) !== 0;
  const dirty = pteMkdirty(pteMkyoung(f.origPte!));
  yield* setPte(f.mapped!.table, pteIndex(f.address), isWritable ? pteMkwrite(dirty) : dirty);
  yield* unmapUnlock(w, f);
  w.reached.add("do_wp_page reused the page");
}

/** A shared page. A file system hears of the store without any page-table lock, so everything is looked at again. */
export function* wpPageShared(w: World, f: Fault, folio: Folio): Steps<FaultResult> {
  yield* folioGet(folio);
  if (hasPageMkwrite(f.vma)) {
    yield* unmapUnlock(w, f);
    const early = yield* w.kernel.vmfCanCallFault(w, f);
    const isLocked = early === "ok" && (yield* w.kernel.doPageMkwrite(w, f, folio));
    const result = isLocked ? yield* w.kernel.finishMkwriteFault(w, f) : "nopage";
    if (isLocked && result !== "ok") yield* folioUnlock(folio.lock);
    if (result !== "ok") {
      yield* folioPut(folio);
      return early === "ok" ? result : early;
    }
  } else {
    yield* w.kernel.wpPageReuse(w, f);
    yield* folioLock(folio.lock);
  }
  yield* writeOnce(folio.dirty, true); // fault_dirty_shared_page()
  yield* folioUnlock(folio.lock);
  yield* folioPut(folio);
  return "ok";
}

/** ->page_mkwrite: whether the folio still is the file's; it is locked then, and dirty. mm/filemap.c. */
export function* doPageMkwrite(_w: World, f: Fault, folio: Folio): Steps<boolean> {
  yield* folioLock(folio.lock);
  if ((yield* readOnce(folio.mapping)) === f.vma.file) {
    yield* writeOnce(folio.dirty, true);
    return true;
  }
  yield* folioUnlock(folio.lock);
  return false;
}

/** Lets the entry be written, if it is what the fault saw. */
export function* finishMkwriteFault(w: World, f: Fault): Steps<"ok" | "nopage"> {
  f.mapped = yield* w.kernel.__pteOffsetMapLock(w, f.slot);
  if (f.mapped === null) return "nopage";
  if (pteSame(yield* ptepGet(f.mapped.table, pteIndex(f.address)), f.origPte!)) {
    yield* w.kernel.wpPageReuse(w, f);
    return "ok";
  }
  yield* unmapUnlock(w, f);
  return "nopage";
}
