/**
 * Moving entries one by one, under the locks of both tables, which are held until the old addresses have been flushed:
 * else who unmaps the page at its new address could free it while processors still reach it at the old one.
 *
 * @see mm/mremap.c, move_ptes(), Linux v6.12 (the same in v6.6 and v6.18; in v6.1 mapping a table cannot fail)
 */

import { SINGLE_DEPTH_NESTING, spinLock } from "@mmrace/locks";
import type { Steps } from "@mmrace/scheduler";
import {
  isUffdWpMarker,
  NONE_ENTRY,
  PAGE_SIZE,
  pteClearUffdWp,
  pteMksoftDirty,
  pteNone,
  ptePresent,
  pteSwpClearUffdWp,
  pteSwpMksoftDirty,
  isPteMarker,
  type Entry,
} from "@mmrace/x86-paging";
import { pteIndex } from "../../state/geometry.ts";
import { ptepGet, ptepGetAndClear, setPte } from "../../state/page-table.ts";
import { flushTlbRange } from "../../state/tlb.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";
import { losesUffd, hasMoved, type Extent } from "./mremap.ts";

/** False when a table has gone and the caller must start again. */
export function* movePtes(w: World, extent: Extent): Steps<boolean> {
  if (!extent.needRmapLocks) return yield* moveMapped(w, extent);
  const anonVma = yield* w.kernel.takeRmapLocks(w, extent.from); // 1.
  const isDone = yield* moveMapped(w, extent);
  yield* w.kernel.dropRmapLocks(w, extent.from, anonVma); // 8.
  return isDone;
}

/** Steps 2 to 8, under both PTE locks. Flush and unlocking are one step list, in the kernel's order. */
function* moveMapped(w: World, extent: Extent): Steps<boolean> {
  const { mm } = extent.from;
  const oldTable = yield* w.kernel.__pteOffsetMapLock(w, mm.slotOf(extent.oldAddress)); // 2.
  if (oldTable === null) return false;
  const newTable = yield* w.kernel.pteOffsetMapNolock(w, mm.slotOf(extent.newAddress)); // 3.
  if (newTable === null) {
    yield* w.kernel.pteUnmapUnlock(w, oldTable);
    return false;
  }
  const isOneTable = newTable.ptl === oldTable.ptl;
  if (!isOneTable) yield* spinLock(newTable.ptl, SINGLE_DEPTH_NESTING); // 4.
  yield* w.kernel.moveEntriesAndUnlock(w, extent, oldTable, isOneTable ? null : newTable);
  return true;
}

/** Steps 6 to 8. `newTable` is `null` where both addresses lie in one table. */
export function* moveEntriesAndUnlock(
  w: World,
  extent: Extent,
  oldTable: Mapped,
  newTable: Mapped | null,
): Steps<void> {
  const clearsUffd = yield* losesUffd(extent.from);
  const mustFlush = yield* moveEntries(w, extent, oldTable, newTable ?? oldTable, clearsUffd); // 6.
  if (mustFlush) yield* flushOld(extent); // 7. While both locks are held.
  yield* hasMoved(w, extent, !clearsUffd);
  yield* unlockTables(w, oldTable, newTable); // 8.
}

/** Before eb66ae030829 (4.19): the locks are gone when the old addresses are flushed. Known bad. */
export function* moveEntriesAndUnlock_7b6efc2bc4f1(
  w: World,
  extent: Extent,
  oldTable: Mapped,
  newTable: Mapped | null,
): Steps<void> {
  const clearsUffd = yield* losesUffd(extent.from);
  const mustFlush = yield* moveEntries(w, extent, oldTable, newTable ?? oldTable, clearsUffd);
  yield* unlockTables(w, oldTable, newTable);
  if (mustFlush) yield* flushOld(extent);
  yield* hasMoved(w, extent, !clearsUffd);
}

function* flushOld({ from, oldAddress, length }: Extent): Steps<void> {
  yield* flushTlbRange(from.mm, oldAddress, oldAddress + length);
}

function* unlockTables(w: World, oldTable: Mapped, newTable: Mapped | null): Steps<void> {
  if (newTable !== null) yield* w.kernel.pteUnmapUnlock(w, newTable);
  else yield* w.kernel.pteUnmap(w); // The table was mapped twice.
  yield* w.kernel.pteUnmapUnlock(w, oldTable);
}

/** Says whether anything that a processor may have cached was moved. */
function* moveEntries(
  w: World,
  { oldAddress, newAddress, length }: Extent,
  oldTable: Mapped,
  newTable: Mapped,
  clearsUffd: boolean,
): Steps<boolean> {
  let mustFlush = false;
  for (let offset = 0; offset < length; offset += PAGE_SIZE) {
    const index = pteIndex(oldAddress + offset);
    if (index >= w.geometry.ptesPerTable) break;
    if (pteNone(yield* ptepGet(oldTable.table, index))) continue;
    const pte = yield* ptepGetAndClear(oldTable.table, index);
    mustFlush ||= ptePresent(pte);
    const moved = atNewPlace(pte, clearsUffd);
    if (!pteNone(moved)) yield* setPte(newTable.table, pteIndex(newAddress + offset), moved);
    w.reached.add("move_ptes moved an entry");
  }
  return mustFlush;
}

/** The entry with soft-dirty, and without userfaultfd's protection where the new VMA is not registered any more. */
function atNewPlace(pte: Entry, clearsUffd: boolean): Entry {
  if (ptePresent(pte)) return pteMksoftDirty(clearsUffd ? pteClearUffdWp(pte) : pte);
  if (isPteMarker(pte)) return clearsUffd && isUffdWpMarker(pte) ? NONE_ENTRY : pte;
  return pteSwpMksoftDirty(clearsUffd ? pteSwpClearUffdWp(pte) : pte);
}
