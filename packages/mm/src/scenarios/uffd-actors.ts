/** What user threads do in the scenarios of userfaultfd: accesses that fault, and go on when they have been answered. */

import { readOnce, type Steps } from "@mmrace/scheduler";
import {
  NONE_ENTRY,
  pmdLeaf,
  pmdNone,
  pmdPresent,
  pteMkdirty,
  pteMkwrite,
  ptePresent,
} from "@mmrace/x86-paging";
import { pteUffdWp, pteWrite, type Entry } from "@mmrace/x86-paging";
import { userAccess } from "../hardware/user-access.ts";
import { pteIndex } from "../state/geometry.ts";
import { ptepGet, setPte } from "../state/page-table.ts";
import type { Vma } from "../state/vma.ts";
import type { World } from "../state/world.ts";

/** A fault on a page that userfaultfd serves: asks, waits, and comes again until the page is there. */
export function* faultUntilPresent(w: World, vma: Vma, address: number): Steps<void> {
  for (;;) {
    yield* w.kernel.mmapReadLock(w, vma.mm);
    if (ptePresent(yield* lookWithoutLock(w, vma, address))) break;
    yield* w.kernel.handleUserfault(w, vma, address, "missing", { isWrite: false });
  }
  yield* w.kernel.mmapReadUnlock(w, vma.mm);
}

function* lookWithoutLock(w: World, vma: Vma, address: number): Steps<Entry> {
  const slot = vma.mm.slotOf(address);
  const pmd = yield* readOnce(slot);
  if (pmdNone(pmd) || !pmdPresent(pmd) || pmdLeaf(pmd)) return NONE_ENTRY;
  const mapped = yield* w.kernel.pteOffsetMap(w, slot);
  if (mapped === null) return NONE_ENTRY;
  const pte = yield* ptepGet(mapped.table, pteIndex(address));
  yield* w.kernel.pteUnmap(w);
  return pte;
}

/** A store of user code to a page that is there, which may be write-protected. */
export function* storeUntilDone(w: World, vma: Vma, address: number, value: number): Steps<void> {
  const { tlb } = w.current;
  while ((yield* userAccess(tlb, { w, vma, address, store: value })).kind === "fault") {
    yield* w.kernel.mmapReadLock(w, vma.mm);
    const mapped = yield* w.kernel.__pteOffsetMapLock(w, vma.mm.slotOf(address));
    const pte = mapped === null ? NONE_ENTRY : yield* ptepGet(mapped.table, pteIndex(address));
    if (mapped !== null && ptePresent(pte) && pteUffdWp(pte)) {
      yield* w.kernel.pteUnmapUnlock(w, mapped);
      yield* w.kernel.handleUserfault(w, vma, address, "wp", { isWrite: true });
      continue;
    }
    // The page is this mm's alone: wp_page_reuse().
    if (mapped !== null) {
      if (!pteWrite(pte)) yield* setPte(mapped.table, pteIndex(address), pteMkwrite(pteMkdirty(pte)));
      yield* w.kernel.pteUnmapUnlock(w, mapped);
    }
    yield* w.kernel.mmapReadUnlock(w, vma.mm);
  }
}
