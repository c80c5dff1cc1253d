/**
 * UFFDIO_MOVE of one page.
 *
 * The destination is none and the source is not. Of the source pte_same() under its lock says enough; of the destination
 * it does not, since entries of a table that was taken away are none as well:
 * - v6.14 and later compare the destination's PMD too (dd95d2782a25), as tables of anonymous memory can go;
 * - v6.14 and later take no reference to a large folio whose lock they must wait for (37b338eed105): its split needs to
 *   be the only one that has any.
 *
 * @see mm/userfaultfd.c, move_pages_pte(), move_present_pte(), Linux v6.12, v6.14 and v6.18
 */

import {
  downWrite,
  downWriteTrylock,
  folioLock,
  folioTrylock,
  folioUnlock,
  folioWaitLocked,
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
  spinLock,
  spinUnlock,
  upWrite,
} from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import {
  isMigrationEntry,
  nonSwapEntry,
  PAGE_SIZE,
  pfnOf,
  pteNone,
  ptePresent,
  pteSame,
  pteSwpExclusive,
  pteToSwpEntry,
  swpOffsetPfn,
  type Entry,
} from "@mmrace/x86-paging";
import { folioGet, folioPut, type Folio } from "../../state/folio.ts";
import { pageStart, pteIndex } from "../../state/geometry.ts";
import { folioTestLarge, pageFolio } from "../../state/memmap.ts";
import { ptepGet } from "../../state/page-table.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import { AnonVma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";
import type { Result } from "./mfill-atomic.ts";
import type { MoveStep } from "./move-pages.ts";
import { splitFolio } from "./split-folio.ts";

/** Both entries of one attempt: mapped, and as they were under their locks. */
export interface Attempt extends MoveStep {
  readonly dstMapped: Mapped;
  readonly srcMapped: Mapped;
  readonly dstPte: Entry;
  readonly srcPte: Entry;
}

/** What an attempt leaves locked for the next one. */
export interface Held {
  /** Locked, with a reference. */
  folio: Folio | null;
  /** The source entry that the folio was found by. */
  pte: Entry | null;
  /** Locked for writing. */
  anonVma: AnonVma | null;
}

/** `again`: from step 2, with what is held, and nothing mapped. */
export type Outcome = Result | "again";

/** Steps 1 to 11. */
export function* movePagesPte(w: World, step: MoveStep): Steps<Result> {
  const start = pageStart(step.srcAddress);
  const range = { start, end: start + PAGE_SIZE };
  yield* mmuNotifierInvalidateRangeStart(step.src.mm.notifiers, range); // 1.
  const held: Held = { folio: null, pte: null, anonVma: null };
  let outcome: Outcome;
  do outcome = yield* attemptMove(w, step, held);
  while (outcome === "again");
  yield* letGo(held);
  yield* mmuNotifierInvalidateRangeEnd(step.src.mm.notifiers, range); // 11.
  return outcome;
}

function* letGo(held: Held): Steps<void> {
  if (held.anonVma !== null) yield* upWrite(held.anonVma.rwsem);
  held.anonVma = null;
  if (held.folio !== null) yield* dropFolio(held);
}

/** Steps 2 to 5, and what follows from what the source holds. */
function* attemptMove(w: World, step: MoveStep, held: Held): Steps<Outcome> {
  const { mm } = step.dst;
  const dstMapped = yield* w.kernel.mapForMove(w, mm.slotOf(step.dstAddress)); // 2.
  if (dstMapped === null) return "EAGAIN";
  const srcMapped = yield* w.kernel.mapForMove(w, mm.slotOf(step.srcAddress)); // 3.
  if (srcMapped === null) {
    yield* w.kernel.pteUnmap(w);
    return "EAGAIN";
  }
  const dstPte = yield* readLocked(dstMapped, step.dstAddress); // 4.
  if (!pteNone(dstPte)) return yield* unmapBoth(w, "EEXIST");
  const srcPte = yield* readLocked(srcMapped, step.srcAddress); // 5.
  if (pteNone(srcPte)) return yield* unmapBoth(w, "ENOENT");
  // What is locked may not be what the source holds now.
  if (held.pte !== null && !pteSame(held.pte, srcPte)) return yield* unmapBoth(w, "EAGAIN");

  const attempt: Attempt = { ...step, dstMapped, srcMapped, dstPte, srcPte };
  if (!ptePresent(srcPte)) return yield* moveNotPresent(w, attempt, held);
  if (pfnOf(srcPte) === w.zeroFolio.pfn) {
    const result = yield* w.kernel.moveZeropagePte(w, attempt); // 6.
    return yield* unmapBoth(w, result);
  }
  return yield* movePresent(w, attempt, held);
}

/** One entry, under its lock. */
function* readLocked({ table, ptl }: Mapped, address: number): Steps<Entry> {
  yield* spinLock(ptl);
  const pte = yield* ptepGet(table, pteIndex(address));
  yield* spinUnlock(ptl);
  return pte;
}

/** Ends both RCU sections. */
export function* unmapBoth<R>(w: World, result: R): Steps<R> {
  yield* w.kernel.pteUnmap(w);
  yield* w.kernel.pteUnmap(w);
  return result;
}

/** v6.13 and later. */
export function* mapForMove(w: World, slot: PmdSlot): Steps<Mapped | null> {
  return yield* w.kernel.pteOffsetMapRwNolock(w, slot);
}

/** Up to v6.12: nothing says which PMD value the table came from. */
export function* mapForMove_6_12(w: World, slot: PmdSlot): Steps<Mapped | null> {
  return yield* w.kernel.pteOffsetMapNolock(w, slot);
}

/** Step 7: the folio and the anon_vma are locked, in the order that is possible under a spinlock: by trying. */
function* movePresent(w: World, attempt: Attempt, held: Held): Steps<Outcome> {
  if (held.folio === null) {
    const outcome = yield* w.kernel.lockFolioToMove(w, attempt, held);
    if (outcome !== 0) return outcome;
  }
  const folio = held.folio!;
  if (yield* folioTestLarge(w, folio)) {
    yield* unmapBoth(w, 0); // The split may sleep.
    if (!(yield* splitFolio(w, folio))) return "EAGAIN";
    yield* dropFolio(held);
    return "again";
  }
  if (held.anonVma === null) {
    const anonVma = yield* readOnce(folio.mapping);
    if (!(anonVma instanceof AnonVma)) return yield* unmapBoth(w, "EAGAIN");
    const isLocked = yield* downWriteTrylock(anonVma.rwsem);
    held.anonVma = anonVma;
    if (!isLocked) {
      yield* unmapBoth(w, 0);
      yield* downWrite(anonVma.rwsem);
      return "again";
    }
  }
  const result = yield* w.kernel.movePresentPte(w, attempt, folio); // 8.
  yield* letGo(held); // The RCU sections end last.
  return yield* unmapBoth(w, result);
}

function* dropFolio(held: Held): Steps<void> {
  const folio = held.folio!;
  held.folio = null;
  held.pte = null;
  yield* folioUnlock(folio.lock);
  yield* folioPut(folio);
}

/** The folio of the source, if the entry still is the same and nobody else has the page. Under the source's lock. */
function* folioToMove(
  w: World,
  { srcMapped, srcAddress, srcPte }: Attempt,
): Steps<Folio | "EAGAIN" | "EBUSY"> {
  if (!pteSame(srcPte, yield* ptepGet(srcMapped.table, pteIndex(srcAddress)))) return "EAGAIN";
  const folio = yield* pageFolio(w, pfnOf(srcPte));
  return folio !== undefined && (yield* readOnce(folio.anonExclusive)) ? folio : "EBUSY";
}

/** v6.14 and later: a large folio is locked without waiting, before a reference is taken. */
export function* lockFolioToMove(w: World, attempt: Attempt, held: Held): Steps<Outcome> {
  const { ptl } = attempt.srcMapped;
  yield* spinLock(ptl);
  const folio = yield* folioToMove(w, attempt);
  if (typeof folio === "string") {
    yield* spinUnlock(ptl);
    return yield* unmapBoth(w, folio);
  }
  const isLocked = yield* folioTrylock(folio.lock);
  if (!isLocked && (yield* folioTestLarge(w, folio))) {
    yield* spinUnlock(ptl);
    w.reached.add("UFFDIO_MOVE lets somebody else split a folio");
    return yield* unmapBoth(w, "EAGAIN");
  }
  yield* folioGet(folio);
  yield* spinUnlock(ptl);
  return yield* keepFolio(w, attempt, held, folio, isLocked);
}

/** Up to v6.13: a reference first, and then wait for the lock, however large the folio is. */
export function* lockFolioToMove_6_12(w: World, attempt: Attempt, held: Held): Steps<Outcome> {
  const { ptl } = attempt.srcMapped;
  yield* spinLock(ptl);
  const folio = yield* folioToMove(w, attempt);
  if (typeof folio === "string") {
    yield* spinUnlock(ptl);
    return yield* unmapBoth(w, folio);
  }
  yield* folioGet(folio);
  yield* spinUnlock(ptl);
  return yield* keepFolio(w, attempt, held, folio, yield* folioTrylock(folio.lock));
}

/** With the lock, the attempt goes on; to wait for it, the entries are let go. */
function* keepFolio(
  w: World,
  { srcPte }: Attempt,
  held: Held,
  folio: Folio,
  isLocked: boolean,
): Steps<Outcome> {
  held.folio = folio;
  held.pte = srcPte;
  if (isLocked) return 0;
  yield* unmapBoth(w, 0);
  yield* folioLock(folio.lock);
  return "again";
}

/** Steps 9 and 10: swap entries move as they are, with what the swap cache has for them; others wait or fail. */
function* moveNotPresent(w: World, attempt: Attempt, held: Held): Steps<Outcome> {
  const { srcPte } = attempt;
  const entry = pteToSwpEntry(srcPte);
  if (isMigrationEntry(entry)) {
    yield* unmapBoth(w, 0); // 10.
    const folio = w.folioOf(swpOffsetPfn(entry));
    if (folio !== undefined) yield* folioWaitLocked(folio.lock);
    return "EAGAIN";
  }
  if (nonSwapEntry(entry)) return yield* unmapBoth(w, "EFAULT");
  if (!pteSwpExclusive(srcPte)) return yield* unmapBoth(w, "EBUSY");
  const outcome = yield* w.kernel.lockSwapCacheToMove(w, attempt, held);
  if (outcome !== 0) return outcome;
  const result = yield* w.kernel.moveSwapPte(w, attempt, held.folio); // 9.
  return yield* unmapBoth(w, result);
}
