/**
 * Zapping a range of a VMA, PMD slot by PMD slot.
 *
 * - v6.5 and later: a table that cannot be mapped sends the loop back to the same slot;
 * - v6.1: the slot is tested once, by pmd_none_or_trans_huge_or_clear_bad(), and a table once seen stays.
 * - all: a huge page of which only a part goes is split first, which for a file means that its mapping goes.
 *
 * @see mm/memory.c, zap_pmd_range(), unmap_page_range(); mm/huge_memory.c, zap_huge_pmd(); Linux v6.1, v6.12 and v6.18
 */

import { spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, writeOnce, xchg, type Steps } from "@mmrace/scheduler";
import { NONE_ENTRY, PAGE_SIZE, pfnOf, PMD_SIZE, pmdLeaf, pmdNone, pmdPresent } from "@mmrace/x86-paging";
import { folioRmap, HPAGE_PMD_NR } from "../../state/folio.ts";
import { along } from "../../state/ghost.ts";
import { addMmCounter, type MmStruct } from "../../state/mm-struct.ts";
import type { MmuGather } from "../../state/mmu-gather.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { ZapDetails } from "./zap-details.ts";
import type { ZapSpan } from "./zap-pte-range.ts";

/** The parts of a range, by slot. Addresses that this world has no slot for map nothing. */
function spansOf(vma: Vma, start: number, end: number): ZapSpan[] {
  const spans: ZapSpan[] = [];
  for (let from = start; from < end && vma.mm.covers(from);) {
    const slot = vma.mm.slotOf(from);
    const to = Math.min(end, slot.address + PMD_SIZE);
    spans.push({ vma, slot, start: from, end: to });
    from = to;
  }
  return spans;
}

/** What there is to do at a slot: a huge page goes here, in one piece. Says whether that was all. */
function* zapHuge(
  w: World,
  tlb: MmuGather,
  { vma, slot, start, end }: ZapSpan,
  details: ZapDetails,
): Steps<boolean> {
  const pmd = yield* readOnce(slot);
  const isWhole = end - start === PMD_SIZE;
  if (!pmdNone(pmd) && (pmdLeaf(pmd) || !pmdPresent(pmd))) {
    if (isWhole) return yield* w.kernel.zapHugePmd(w, tlb, vma, slot);
    yield* w.kernel.splitHugePmd(w, vma, slot);
    return false;
  }
  if (details.singleFolio?.pages === HPAGE_PMD_NR && isWhole && pmdNone(pmd)) {
    yield* spinLock(slot.pmdTable.lock); // Waits for a zap_huge_pmd() that has cleared the slot and not yet the rmap.
    yield* spinUnlock(slot.pmdTable.lock);
  }
  return false;
}

/** v6.5 and later. */
export function* zapPmdRange(
  w: World,
  tlb: MmuGather,
  vma: Vma,
  start: number,
  end: number,
  details: ZapDetails,
): Steps<void> {
  for (const span of spansOf(vma, start, end)) {
    for (let from = span.start; from !== span.end;) {
      const rest = { ...span, start: from };
      if (yield* zapHuge(w, tlb, rest, details)) break;
      if (pmdNone(yield* readOnce(span.slot))) break;
      from = yield* w.kernel.zapPteRange(w, tlb, rest, details);
    }
  }
}

/** v6.1. */
export function* zapPmdRange_6_1(
  w: World,
  tlb: MmuGather,
  vma: Vma,
  start: number,
  end: number,
  details: ZapDetails,
): Steps<void> {
  for (const span of spansOf(vma, start, end)) {
    if (yield* zapHuge(w, tlb, span, details)) continue;
    if (!(yield* w.kernel.pmdTransUnstable(w, span.slot))) yield* w.kernel.zapPteRange(w, tlb, span, details);
  }
}

/** Takes a huge page out of its slot. Says whether the slot held one once it was locked. */
export function* zapHugePmd(w: World, tlb: MmuGather, { mm }: Vma, slot: PmdSlot): Steps<boolean> {
  const pml = slot.pmdTable.lock;
  yield* spinLock(pml); // __pmd_trans_huge_lock()
  const before = yield* readOnce(slot);
  if (!pmdLeaf(before) || !pmdPresent(before)) {
    yield* spinUnlock(pml);
    return false;
  }
  const length = w.geometry.ptesPerTable * PAGE_SIZE;
  const owed = w.uffd.changed(() => w.uffd.release(mm, slot.address, slot.address + length));
  const pmd = yield* along(xchg(slot, NONE_ENTRY), owed); // pmdp_huge_get_and_clear_full()
  tlb.adjustRange(slot.address, PMD_SIZE);
  const folio = w.folioOf(pfnOf(pmd))!;
  yield* folioRmap(folio, -1);
  if (folio.isAnon) yield* zapDepositedTable(w, mm, slot);
  yield* addMmCounter(mm, folio.isAnon ? "rss_anon" : "rss_file", -HPAGE_PMD_NR);
  yield* spinUnlock(pml);
  if (tlb.removePage(folio)) yield* w.kernel.tlbFlushMmu(w, tlb);
  return true;
}

/** The table that waited for the huge page's split is of no use any more. Nobody ever saw it in a slot. */
function* zapDepositedTable(w: World, mm: MmStruct, { pmdTable }: PmdSlot): Steps<void> {
  const [first, ...rest] = yield* readOnce(pmdTable.deposits);
  yield* writeOnce(pmdTable.deposits, rest);
  yield* w.kernel.pteFree(w, first!);
  yield* addMmCounter(mm, "nr_ptes", -1);
}
