/**
 * Reclaim unmaps many pages and flushes once. Until then others must not take an entry that is none for a page that
 * nobody reaches; mm->tlb_flush_batched tells them that flushes are outstanding: the number of batches that were begun in
 * the low 16 bits, the number that is known to be flushed in the high ones.
 *
 * @see mm/rmap.c, set_tlb_ubc_flush_pending(), flush_tlb_batched_pending(), try_to_unmap_flush(); Linux v6.1 to v6.18
 */

import { activeEngine, cmpxchg, readOnce, update, type Steps } from "@mmrace/scheduler";
import type { MmStruct } from "../../state/mm-struct.ts";
import { flushTlbMm } from "../../state/tlb.ts";
import type { World } from "../../state/world.ts";

const FLUSHED_SHIFT = 16;
const PENDING_MASK = 0xffff;

/** The mms whose flush the running thread has put off: current->tlb_ubc. Touched by that thread alone. */
function ubc(w: World): Set<MmStruct> {
  const { id } = activeEngine().currentThread;
  let mms = w.tlbUbc.get(id);
  if (mms === undefined) w.tlbUbc.set(id, (mms = new Set()));
  return mms;
}

/** Puts a flush off. Call it under the PTE lock, after the entry was cleared. */
export function* setTlbUbcFlushPending(w: World, mm: MmStruct): Steps<void> {
  ubc(w).add(mm);
  yield* update(mm.tlbFlushBatched, (batch) => batch + 1);
}

/** Flushes what reclaim has put off, if anything. Call it under the PTE lock, before an entry is believed to be none. */
export function* flushTlbBatchedPending(_w: World, mm: MmStruct): Steps<void> {
  const batch = yield* readOnce(mm.tlbFlushBatched);
  const pending = batch & PENDING_MASK;
  if (pending === batch >> FLUSHED_SHIFT) return;
  yield* flushTlbMm(mm);
  // If another batch was begun meanwhile, its flush is still to come.
  yield* cmpxchg(mm.tlbFlushBatched, batch, pending | (pending << FLUSHED_SHIFT));
}

/** Flushes what the running thread has put off. Reduced: each mm in a flush of its own, not all CPUs in one. */
export function* tryToUnmapFlush(w: World): Steps<void> {
  const mms = [...ubc(w)];
  ubc(w).clear();
  for (const mm of mms) yield* flushTlbMm(mm);
}
