/**
 * The moment of a move: both PTE locks, the recheck of both entries, and the store.
 *
 * @see mm/userfaultfd.c, double_pt_lock(), is_pte_pages_stable(), move_present_pte(), move_swap_pte(),
 * move_zeropage_pte(), Linux v6.12, v6.14 and v6.18
 */

import { folioLock, folioTrylock, SINGLE_DEPTH_NESTING, spinLock, spinUnlock } from "@mmrace/locks";
import type { SpinLock } from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import {
  mkPte,
  PAGE_SIZE,
  pmdSame,
  pteMksoftDirty,
  pteMkspecial,
  pteSame,
  pteSwpMksoftDirty,
  type Entry,
} from "@mmrace/x86-paging";
import { folioTryGet, type Folio } from "../../state/folio.ts";
import { pageStart, pteIndex } from "../../state/geometry.ts";
import { along, together } from "../../state/ghost.ts";
import { folioTestLarge } from "../../state/memmap.ts";
import { ptepGet, ptepGetAndClear, setPte } from "../../state/page-table.ts";
import { ANON_WRITABLE, READ_FAULT } from "../../state/protections.ts";
import { flushTlbRange } from "../../state/tlb.ts";
import type { World } from "../../state/world.ts";
import type { Result } from "./mfill-atomic.ts";
import { unmapBoth, type Attempt, type Held, type Outcome } from "./move-pages-pte.ts";

/** Two locks of one class, by address, since nothing but a read lock keeps two moves apart. One if they are the same. */
export function* doubleLock(one: SpinLock, other: SpinLock): Steps<void> {
  const [first, second] = one.location <= other.location ? [one, other] : [other, one];
  yield* spinLock(first);
  if (first !== second) yield* spinLock(second, SINGLE_DEPTH_NESTING);
}

export function* doubleUnlock(one: SpinLock, other: SpinLock): Steps<void> {
  yield* spinUnlock(one);
  if (one !== other) yield* spinUnlock(other);
}

function* entriesAreSame({
  dstMapped,
  srcMapped,
  dstPte,
  srcPte,
  dstAddress,
  srcAddress,
}: Attempt): Steps<boolean> {
  return (
    pteSame(srcPte, yield* ptepGet(srcMapped.table, pteIndex(srcAddress))) &&
    pteSame(dstPte, yield* ptepGet(dstMapped.table, pteIndex(dstAddress)))
  );
}

/** v6.14 and later: a none entry proves nothing, so the destination's table must be the one that the slot names. */
export function* isPtePagesStable(_w: World, attempt: Attempt): Steps<boolean> {
  if (!(yield* entriesAreSame(attempt))) return false;
  const pmd = yield* readOnce(attempt.dst.mm.slotOf(attempt.dstAddress));
  return pmdSame(attempt.dstMapped.pmdval, pmd);
}

/** Up to v6.13. */
export function* isPtePagesStable_6_12(_w: World, attempt: Attempt): Steps<boolean> {
  return yield* entriesAreSame(attempt);
}

/** folio_move_anon_rmap() and the new index: what finds the page at its new place. Under the folio's lock. */
export function* relabel({ dst, dstAddress }: Attempt, folio: Folio): Steps<void> {
  yield* writeOnce(folio.mapping, yield* readOnce(dst.anonVma));
  yield* writeOnce(folio.index, dst.indexOf(dstAddress));
}

/** Writes the destination, and with it ghost state. */
function* setDestination(w: World, attempt: Attempt, pte: Entry): Steps<void> {
  const { dst, src, dstMapped, dstAddress, srcAddress } = attempt;
  const held = w.reference.changed(() => {
    w.reference.move(src, pageStart(srcAddress), dst, pageStart(dstAddress), PAGE_SIZE);
    w.reference.fill(src, pageStart(srcAddress), 0);
  });
  const owed = w.uffd.changed(() => w.uffd.move(dst.mm, srcAddress, dstAddress, false));
  yield* along(setPte(dstMapped.table, pteIndex(dstAddress), pte), together(held, owed));
  w.reached.add("UFFDIO_MOVE moved a page");
}

/** Step 8. The folio is locked, and so is its anon_vma. */
export function* movePresentPte(w: World, attempt: Attempt, folio: Folio): Steps<Result> {
  const { dstMapped, srcMapped } = attempt;
  yield* doubleLock(dstMapped.ptl, srcMapped.ptl);
  const result = yield* moveLocked(w, attempt, folio);
  yield* doubleUnlock(dstMapped.ptl, srcMapped.ptl);
  return result;
}

function* moveLocked(w: World, attempt: Attempt, folio: Folio): Steps<Result> {
  const { dst, srcMapped, srcAddress } = attempt;
  if (!(yield* w.kernel.isPtePagesStable(w, attempt))) {
    w.reached.add("UFFDIO_MOVE found an entry changed");
    return "EAGAIN";
  }
  const isBusy = (yield* readOnce(folio.pins)) > 0 || !(yield* readOnce(folio.anonExclusive));
  if (isBusy || (yield* folioTestLarge(w, folio))) return "EBUSY";
  const old = yield* ptepGetAndClear(srcMapped.table, pteIndex(srcAddress)); // ptep_clear_flush()
  yield* flushTlbRange(dst.mm, pageStart(srcAddress), pageStart(srcAddress) + PAGE_SIZE, false);
  if ((yield* readOnce(folio.pins)) > 0) {
    yield* setPte(srcMapped.table, pteIndex(srcAddress), old); // Pinned before the entry went.
    return "EBUSY";
  }
  yield* relabel(attempt, folio);
  yield* setDestination(w, attempt, pteMksoftDirty(mkPte(folio.pfn, ANON_WRITABLE)));
  return 0;
}

/** Step 6: the page of zeroes needs no accounting. */
export function* moveZeropagePte(w: World, attempt: Attempt): Steps<Result> {
  const { dst, dstMapped, srcMapped, srcAddress } = attempt;
  yield* doubleLock(dstMapped.ptl, srcMapped.ptl);
  const isStable = yield* w.kernel.isPtePagesStable(w, attempt);
  if (isStable) {
    yield* ptepGetAndClear(srcMapped.table, pteIndex(srcAddress));
    yield* flushTlbRange(dst.mm, pageStart(srcAddress), pageStart(srcAddress) + PAGE_SIZE, false);
    yield* setDestination(w, attempt, pteMkspecial(mkPte(w.zeroFolio.pfn, READ_FAULT)));
  }
  yield* doubleUnlock(dstMapped.ptl, srcMapped.ptl);
  return isStable ? 0 : "EAGAIN";
}

/** v6.14 and later (c50f8e6053b0): a folio in the swap cache is locked, as its label must move with the entry. */
export function* lockSwapCacheToMove(w: World, { srcPte }: Attempt, held: Held): Steps<Outcome> {
  if (held.folio !== null) return 0;
  const folio = yield* readOnce(w.swap.slotOf(srcPte).cached); // filemap_get_folio() of the swap cache
  if (folio === null || !(yield* folioTryGet(folio))) return 0;
  held.folio = folio;
  held.pte = srcPte;
  if (yield* folioTrylock(folio.lock)) return 0;
  yield* unmapBoth(w, 0);
  yield* folioLock(folio.lock);
  return "again";
}

/** Up to v6.13: nobody looks for one. */
export function* lockSwapCacheToMove_6_12(_w: World, _attempt: Attempt, _held: Held): Steps<Outcome> {
  return 0;
}

/** v6.16 and later (0ea148a79919): the folio must still cache this slot; if there was none, none may have come. */
export function* moveSwapPte(w: World, attempt: Attempt, folio: Folio | null): Steps<Result> {
  const slot = w.swap.slotOf(attempt.srcPte);
  if (folio !== null && (yield* readOnce(slot.cached)) !== folio) return "EAGAIN";
  return yield* moveSwapEntry(w, attempt, folio, true);
}

/** v6.14 and v6.15: what the look at the swap cache found is believed. Up to v6.13 nobody looked. */
export function* moveSwapPte_6_14(w: World, attempt: Attempt, folio: Folio | null): Steps<Result> {
  return yield* moveSwapEntry(w, attempt, folio, false);
}

function* moveSwapEntry(w: World, attempt: Attempt, folio: Folio | null, looksAgain: boolean): Steps<Result> {
  const { dstMapped, srcMapped, srcAddress, srcPte } = attempt;
  yield* doubleLock(dstMapped.ptl, srcMapped.ptl);
  let result: Result = (yield* w.kernel.isPtePagesStable(w, attempt)) ? 0 : "EAGAIN";
  if (result === 0 && folio !== null) yield* relabel(attempt, folio);
  // SWAP_HAS_CACHE: a folio that came since then has the old label.
  const hasCome = looksAgain && folio === null && (yield* readOnce(w.swap.slotOf(srcPte).cached)) !== null;
  if (hasCome) {
    w.reached.add("UFFDIO_MOVE noticed a folio in the swap cache");
    result = "EAGAIN";
  }
  if (result === 0) {
    const old = yield* ptepGetAndClear(srcMapped.table, pteIndex(srcAddress));
    yield* setDestination(w, attempt, pteSwpMksoftDirty(old));
  }
  yield* doubleUnlock(dstMapped.ptl, srcMapped.ptl);
  return result;
}
