/**
 * Collecting what an unmapping operation frees, and freeing it after the TLB flush.
 *
 * - v6.14 and later: tables wait for an RCU grace period (718b13861d22, CONFIG_PT_RECLAIM);
 * - up to v6.13, on bare metal: they are freed with the pages, right after the flush.
 *
 * Reduced: there is always memory for a batch of tables.
 *
 * @see mm/mmu_gather.c, Linux v6.12 and v6.14
 */

import { callRcu } from "@mmrace/locks";
import { atomicAdd, readOnce, type Steps } from "@mmrace/scheduler";
import { folioPut } from "../../state/folio.ts";
import { MmuGather } from "../../state/mmu-gather.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import { freeTable, type PageTable } from "../../state/page-table.ts";
import { flushTlbMm, flushTlbRange, waitForIpi } from "../../state/tlb.ts";
import type { World } from "../../state/world.ts";

/** Begins: from here on others know that translations may be stale. */
export function* tlbGatherMmu(w: World, mm: MmStruct, isFullMm: boolean): Steps<MmuGather> {
  yield* atomicAdd(mm.tlbFlushPending, 1);
  return new MmuGather(mm, isFullMm, w.gatherPagesMax);
}

/** Flushes what was collected, then frees it: translations first, tables next, pages last. */
export function* tlbFlushMmu(w: World, tlb: MmuGather): Steps<void> {
  yield* w.kernel.tlbFlushMmuTlbonly(w, tlb);
  yield* w.kernel.tlbTableFlush(w, tlb);
  for (const folio of tlb.pages.splice(0)) yield* folioPut(folio);
}

/** The flush alone. */
export function* tlbFlushMmuTlbonly(_w: World, tlb: MmuGather): Steps<void> {
  if (!tlb.hasRange) return;
  if (tlb.isFullMm) yield* flushTlbMm(tlb.mm);
  else yield* flushTlbRange(tlb.mm, tlb.start, tlb.end, tlb.freedTables);
  tlb.resetRange();
}

/** v6.14 and later: one callback frees the whole batch. */
export function* tlbTableFlush(w: World, tlb: MmuGather): Steps<void> {
  const tables = tlb.tables.splice(0);
  if (tables.length === 0) return;
  const names = tables.map(({ name }) => name).join(", ");
  yield* callRcu(w.rcu, `tlb_remove_table_rcu ${names}`, () => freeTables(tables));
}

function* freeTables(tables: readonly PageTable[]): Steps<void> {
  for (const table of tables) yield* freeTable(table);
}

/** Up to v6.13, on bare metal: the flush was the waiting, as walkers with interrupts off have not answered before. */
export function* tlbTableFlush_6_12(_w: World, tlb: MmuGather): Steps<void> {
  yield* freeTables(tlb.tables.splice(0));
}

/** Hands a table over that no slot names any more. */
export function* pteFreeTlb(_w: World, tlb: MmuGather, table: PageTable, address: number): Steps<void> {
  tlb.adjustRange(address, 1);
  tlb.freedTables = true;
  tlb.tables.push(table);
  table.isDoomed = true; // Ghost state.
}

/**
 * Ends. While another gather is live it may have made entries none whose flush is still to come, so everything is
 * flushed: whoever found nothing to do must not return before the translations have gone.
 */
export function* tlbFinishMmu(w: World, tlb: MmuGather): Steps<void> {
  if ((yield* readOnce(tlb.mm.tlbFlushPending)) > 1) {
    yield* flushTlbMm(tlb.mm); // mm_tlb_flush_nested()
    tlb.resetRange();
  }
  yield* w.kernel.tlbFlushMmu(w, tlb);
  yield* atomicAdd(tlb.mm.tlbFlushPending, -1);
}

/** Up to v4.12 (99baac21e458): nobody thinks of other gathers. Known bad. */
export function* tlbFinishMmu_4_12(w: World, tlb: MmuGather): Steps<void> {
  yield* w.kernel.tlbFlushMmu(w, tlb);
  yield* atomicAdd(tlb.mm.tlbFlushPending, -1);
}

/** Interrupts all other CPUs and waits: nobody is left who walks tables with interrupts off. No flush, no grace period. */
export function* tlbRemoveTableSyncOne(w: World): Steps<void> {
  if (w.machine !== undefined) yield* waitForIpi(w.machine);
}
