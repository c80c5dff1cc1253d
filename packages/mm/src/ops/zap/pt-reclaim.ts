/**
 * Taking an empty PTE table away after its pages were zapped: CONFIG_PT_RECLAIM.
 *
 * @see mm/pt_reclaim.c, Linux v6.14 (6375e95f381e; the same in v6.18)
 */

import { SINGLE_DEPTH_NESTING, spinLock, spinTrylock, spinUnlock } from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import { NONE_ENTRY, pteNone } from "@mmrace/x86-paging";
import { addMmCounter, type MmStruct } from "../../state/mm-struct.ts";
import type { MmuGather } from "../../state/mmu-gather.ts";
import { scanPtes, type PageTable } from "../../state/page-table.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { World } from "../../state/world.ts";

/** The fast path, with ptl held over an empty table: the order of the locks is the wrong one, so pml is only tried. */
export function* tryGetAndClearPmd(w: World, slot: PmdSlot): Steps<PageTable | null> {
  const pml = slot.pmdTable.lock;
  if (!(yield* spinTrylock(pml))) return null;
  const pmdval = yield* readOnce(slot); // pmdp_get_lockless()
  yield* writeOnce(slot, NONE_ENTRY); // pmd_clear()
  yield* spinUnlock(pml);
  w.reached.add("zap_pte_range took an empty table away at once");
  return w.tableNamedBy(pmdval, slot);
}

/** The table is out of its slot: it is freed with the gather. */
export function* freePte(
  w: World,
  mm: MmStruct,
  tlb: MmuGather,
  table: PageTable,
  address: number,
): Steps<void> {
  yield* w.kernel.pteFreeTlb(w, tlb, table, address);
  yield* addMmCounter(mm, "nr_ptes", -1); // mm_dec_nr_ptes()
}

/** The slow path: both locks in their order, and all entries looked at again, since others may have filled some. */
export function* tryToFreePte(
  w: World,
  mm: MmStruct,
  tlb: MmuGather,
  slot: PmdSlot,
  address: number,
): Steps<void> {
  const pml = slot.pmdTable.lock;
  yield* spinLock(pml);
  const mapped = yield* w.kernel.pteOffsetMapRwNolock(w, slot); // No recheck: pml keeps the slot as it is.
  if (mapped === null) return yield* spinUnlock(pml);
  const { table, ptl } = mapped;
  yield* spinLock(ptl, SINGLE_DEPTH_NESTING);
  const isEmpty = yield* scanPtes(table, (ptes) => ptes.every(pteNone));
  if (!isEmpty) {
    w.reached.add("try_to_free_pte found the table filled again");
    yield* w.kernel.pteUnmapUnlock(w, mapped);
    return yield* spinUnlock(pml);
  }
  yield* w.kernel.pteUnmap(w);
  yield* writeOnce(slot, NONE_ENTRY);
  yield* spinUnlock(ptl);
  yield* spinUnlock(pml);
  w.reached.add("try_to_free_pte took an empty table away");
  yield* w.kernel.freePte(w, mm, tlb, table, address);
}
