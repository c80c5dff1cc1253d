/**
 * Mapping a page that a fault has found.
 *
 * Reduced: the address space is always stable, as the OOM reaper does not run.
 *
 * @see mm/memory.c, finish_fault(), do_set_pmd(), Linux v6.1, v6.11 and v6.12
 */

import { spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import { pmdNone } from "@mmrace/x86-paging";
import { folioRmap, HPAGE_PMD_NR, type Folio } from "../../state/folio.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { vmfPteChanged } from "./anonymous.ts";
import { unmapUnlock, type Fault, type FaultResult } from "./fault.ts";
import { allowsHugePages, coversPmd } from "./handle-mm-fault.ts";
import {
  installAnonPage,
  installFilePage,
  makeHugePmd,
  makePte,
  pfnInFolio,
  withMarkerOf,
} from "./page-entry.ts";

/** Maps a locked folio of the file, or the copy made of it. After `ok` the caller's reference is the mapping's. */
export function* finishFault(w: World, f: Fault, folio: Folio): Steps<FaultResult> {
  const { vma, address, slot, flags } = f;
  if (pmdNone(yield* readOnce(slot))) {
    // 2. A PMD-sized folio is mapped whole.
    if (!folio.isAnon && folio.pages === HPAGE_PMD_NR) {
      if (yield* w.kernel.doSetPmd(w, vma, address, folio, flags.isWrite)) return "ok";
    }
    yield* w.kernel.installTable(w, f);
  }
  const pfn = folio.isAnon ? folio.pfn : yield* pfnInFolio(folio, vma.indexOf(address));
  const pte = yield* makePte(vma, pfn, flags.isWrite);
  f.mapped = yield* w.kernel.pteOffsetMapLockChecked(w, slot); // 3.
  if (f.mapped === null) {
    w.reached.add("a fault found its table gone");
    return "nopage";
  }
  if (yield* vmfPteChanged(f)) {
    w.reached.add("a file fault came too late");
    yield* unmapUnlock(w, f); // 4.
    return "nopage";
  }
  if (folio.isAnon) {
    yield* addMmCounter(vma.mm, "rss_anon", 1);
    const isNoLongerFiles = w.reference.filled(vma, address, folio.data[0]);
    yield* installAnonPage(f, folio, pte, isNoLongerFiles);
  } else yield* installFilePage(f, address, folio, withMarkerOf(f, pte)); // 5.
  yield* unmapUnlock(w, f);
  return "ok";
}

/** Gives a slot that was none a table: the one made beforehand, if there is one. */
export function* installTable(w: World, f: Fault): Steps<void> {
  const { vma, slot, prealloc } = f;
  if (prealloc === null) yield* w.kernel.__pteAlloc(w, vma.mm, slot);
  else if (yield* w.kernel.pmdInstall(w, vma.mm, slot, prealloc)) f.prealloc = null;
}

/**
 * Maps the whole folio by the PMD, if the slot is still none. On success the caller's reference is the mapping's.
 * v6.12 and later: not where huge pages are forbidden (2b0f922323cc).
 */
export function* doSetPmd(
  w: World,
  vma: Vma,
  address: number,
  folio: Folio,
  isWrite = false,
): Steps<boolean> {
  return (yield* allowsHugePages(vma, address)) && (yield* setPmd(w, vma, address, folio, isWrite));
}

/** Up to v6.11: wherever it fits. */
export function* doSetPmd_6_11(
  w: World,
  vma: Vma,
  address: number,
  folio: Folio,
  isWrite = false,
): Steps<boolean> {
  return coversPmd(vma, address) && (yield* setPmd(w, vma, address, folio, isWrite));
}

/** Under the PMD lock. x86 deposits no table for the split of a file's huge page. */
function* setPmd(w: World, vma: Vma, address: number, folio: Folio, isWrite: boolean): Steps<boolean> {
  const { mm } = vma;
  const slot = mm.slotOf(address);
  const pmd = yield* makeHugePmd(vma, folio.pfn, isWrite);
  yield* spinLock(slot.pmdTable.lock);
  const isFree = pmdNone(yield* readOnce(slot));
  if (isFree) {
    yield* addMmCounter(mm, "rss_file", HPAGE_PMD_NR);
    yield* folioRmap(folio, 1);
    yield* writeOnce(slot, pmd);
    w.reached.add("a huge folio was mapped whole");
  }
  yield* spinUnlock(slot.pmdTable.lock);
  return isFree;
}
