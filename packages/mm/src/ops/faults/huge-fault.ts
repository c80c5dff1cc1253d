/**
 * Faults on a slot that maps a huge page already.
 *
 * @see mm/huge_memory.c, huge_pmd_set_accessed(), do_huge_pmd_wp_page(); mm/memory.c, wp_huge_pmd(), Linux v6.12
 */

import { folioTrylock, folioUnlock, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import {
  pfnOf,
  pmdMkdirty,
  pmdMkwrite,
  pmdMkyoung,
  pmdSame,
  pmdUffdWp,
  type Entry,
} from "@mmrace/x86-paging";
import type { Folio } from "../../state/folio.ts";
import { VM_UFFD_WP, VM_WRITE } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Fault, HugeFaultResult } from "./fault.ts";

/** Under the PMD lock, if the slot is still what the fault saw: young, and dirty for a store. */
export function* hugePmdSetAccessed(_w: World, f: Fault, pmd: Entry): Steps<void> {
  const { slot, flags } = f;
  yield* spinLock(slot.pmdTable.lock);
  if (pmdSame(yield* readOnce(slot), pmd) && flags.isWrite) {
    yield* writeOnce(slot, pmdMkyoung(pmdMkdirty(pmd)));
  }
  yield* spinUnlock(slot.pmdTable.lock);
}

/** A store to a huge page that may not be written: reuse it, or split and leave the fault to small pages. */
export function* wpHugePmd(w: World, f: Fault, pmd: Entry): Steps<HugeFaultResult> {
  const { vma, slot, flags } = f;
  const vmFlags = yield* readOnce(vma.flags);
  if ((vmFlags & VM_UFFD_WP) !== 0 && pmdUffdWp(pmd) && flags.isUnshare !== true && vma.file === null) {
    return yield* w.kernel.handleUserfault(w, vma, f.address, "wp", flags);
  }
  if (vma.file === null) return yield* w.kernel.doHugePmdWpPage(w, f, pmd);
  yield* w.kernel.splitHugePmd(w, vma, slot);
  return "fallback";
}

/** Anonymous: exclusive pages are reused, and so are those that nobody else holds. */
export function* doHugePmdWpPage(w: World, f: Fault, pmd: Entry): Steps<HugeFaultResult> {
  const { vma, slot, flags } = f;
  const folio = w.folioOf(pfnOf(pmd))!;
  yield* spinLock(slot.pmdTable.lock);
  if (!pmdSame(yield* readOnce(slot), pmd)) {
    yield* spinUnlock(slot.pmdTable.lock);
    return "ok";
  }
  if (yield* mayReuse(folio)) {
    const isWritable = ((yield* readOnce(vma.flags)) & VM_WRITE) !== 0;
    const dirty = pmdMkdirty(pmdMkyoung(pmd));
    if (flags.isUnshare !== true) yield* writeOnce(slot, isWritable ? pmdMkwrite(dirty) : dirty);
    yield* spinUnlock(slot.pmdTable.lock);
    w.reached.add("do_huge_pmd_wp_page reused the page");
    return "ok";
  }
  yield* spinUnlock(slot.pmdTable.lock);
  yield* w.kernel.splitHugePmd(w, vma, slot);
  return "fallback";
}

function* mayReuse(folio: Folio): Steps<boolean> {
  if (yield* readOnce(folio.anonExclusive)) return true;
  if (!(yield* folioTrylock(folio.lock))) return false;
  const isOurs = (yield* readOnce(folio.refcount)) === 1;
  if (isOurs) yield* writeOnce(folio.anonExclusive, true);
  yield* folioUnlock(folio.lock);
  return isOurs;
}
