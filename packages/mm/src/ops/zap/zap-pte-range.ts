/**
 * Zapping one PTE table, or a part of it.
 *
 * - v6.14 and later (6375e95f381e): MADV_DONTNEED of a whole table also takes the table away, if it is empty;
 * - v6.5 to v6.13: mapping the table may fail, and the caller looks at the slot again;
 * - v6.1: it cannot.
 *
 * Reduced: nobody needs the CPU meanwhile (need_resched()); only a full gather ends a hold of the lock early.
 *
 * @see mm/memory.c, zap_pte_range(), Linux v6.1, v6.12 and v6.14
 */

import type { Steps } from "@mmrace/scheduler";
import { PMD_SIZE } from "@mmrace/x86-paging";
import type { MmuGather } from "../../state/mmu-gather.ts";
import type { PageTable } from "../../state/page-table.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { ZapDetails } from "./zap-details.ts";
import { addMmRssVec, zapEntries, ZapRound } from "./zap-entries.ts";

/** The part of one table that is zapped. */
export interface ZapSpan {
  readonly vma: Vma;
  readonly slot: PmdSlot;
  readonly start: number;
  readonly end: number;
}

/** One hold of the PTE lock, and where it came to; `null` when there was no table. Steps 1 to 7. */
function* zapOnce(
  w: World,
  tlb: MmuGather,
  { vma, slot, start, end }: ZapSpan,
  details: ZapDetails,
  beforeUnlock: (round: ZapRound, reached: number) => Steps<void>,
): Steps<number | null> {
  const mapped = yield* w.kernel.__pteOffsetMapLock(w, slot); // 1.
  if (mapped === null) {
    w.reached.add("zap_pte_range found no table");
    return null;
  }
  const { table } = mapped;
  yield* w.kernel.flushTlbBatchedPending(w, vma.mm); // 2.
  const round = new ZapRound();
  const reached = yield* zapEntries(w, tlb, { vma, table, start, end }, details, round); // 3.
  yield* beforeUnlock(round, reached);
  yield* addMmRssVec(vma.mm, round); // 4.
  if (round.forceFlush) {
    yield* w.kernel.tlbFlushMmuTlbonly(w, tlb); // 5.
    yield* w.kernel.tlbFlushRmaps(w, tlb);
  }
  yield* w.kernel.pteUnmapUnlock(w, mapped); // 6.
  if (round.forceFlush) yield* w.kernel.tlbFlushMmu(w, tlb); // 7.
  return reached;
}

/** How the table of a range that is being zapped may be freed. */
interface Reclaim {
  canReclaim: boolean;
  /** In the round that empties it, under the lock that has been held since the first entry. */
  isDirect: boolean;
  taken: PageTable | null;
}

/** v6.14 and later: says how far it came, which is short of the end where there was no table. */
export function* zapPteRange(w: World, tlb: MmuGather, span: ZapSpan, details: ZapDetails): Steps<number> {
  const { vma, slot, start, end } = span;
  const reclaim: Reclaim = {
    canReclaim: details.reclaimPt && end - start >= PMD_SIZE,
    isDirect: true,
    taken: null,
  };
  let address = start;
  do {
    const reached = yield* zapOnce(w, tlb, { ...span, start: address }, details, (round, at) =>
      takeIfEmpty(w, span, reclaim, round, at),
    );
    if (reached === null) return address;
    address = reached;
  } while (address !== end); // b.
  if (!reclaim.canReclaim) return address;
  if (reclaim.taken !== null) yield* w.kernel.freePte(w, vma.mm, tlb, reclaim.taken, start); // d.
  else yield* w.kernel.tryToFreePte(w, vma.mm, tlb, slot, start); // c.
  return address;
}

/** a. Before the lock is given up. */
function* takeIfEmpty(
  w: World,
  { slot, end }: ZapSpan,
  reclaim: Reclaim,
  round: ZapRound,
  reached: number,
): Steps<void> {
  if (round.anySkipped) reclaim.canReclaim = false;
  if (round.forceBreak) reclaim.isDirect = false;
  if (!reclaim.canReclaim || reached !== end || !reclaim.isDirect) return;
  reclaim.taken = yield* w.kernel.tryGetAndClearPmd(w, slot);
  reclaim.isDirect = reclaim.taken !== null;
}

/** v6.1 to v6.13: tables stay. */
export function* zapPteRange_6_12(
  w: World,
  tlb: MmuGather,
  span: ZapSpan,
  details: ZapDetails,
): Steps<number> {
  let address = span.start;
  do {
    const reached = yield* zapOnce(w, tlb, { ...span, start: address }, details, nothingMore);
    if (reached === null) return address;
    address = reached;
  } while (address !== span.end);
  return address;
}

function* nothingMore(): Steps<void> {}
