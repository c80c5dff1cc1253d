/**
 * Faults on entries that are neither none nor present: markers, migration entries, entries without access.
 *
 * Reduced: nothing is ever swapped out; a hint of NUMA is taken back without moving the page.
 *
 * @see mm/memory.c, do_swap_page(), handle_pte_marker(), do_numa_page(); mm/migrate.c, migration_entry_wait(), Linux v6.12
 */

import { folioWaitLocked, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, UsageError, type Steps } from "@mmrace/scheduler";
import {
  describeEntry,
  isGuardMarker,
  isHwpoisonEntry,
  isMigrationEntry,
  isPmdMigrationEntry,
  isPoisonMarker,
  isPteMarker,
  isSwapPte,
  NONE_ENTRY,
  pmdToSwpEntry,
  pteMkyoung,
  pteModify,
  pteSame,
  pteToSwpEntry,
  swpOffsetPfn,
  type Entry,
} from "@mmrace/x86-paging";
import type { Folio } from "../../state/folio.ts";
import { pteIndex } from "../../state/geometry.ts";
import { ptepGet, setPte } from "../../state/page-table.ts";
import { VM_UFFD_WP } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { unmapUnlock, type Fault, type FaultResult } from "./fault.ts";
import { vmPageProt } from "./page-entry.ts";

/** Steps 1 and 2. @throws {UsageError} for an entry of a swap file, of which this world has none. */
export function* doSwapPage(w: World, f: Fault): Steps<FaultResult> {
  const pte = f.origPte!;
  yield* w.kernel.pteUnmap(w); // 1.
  f.mapped = null;
  if (isPteMarker(pte)) return yield* w.kernel.handlePteMarker(w, f); // 2.
  const swp = pteToSwpEntry(pte);
  if (isMigrationEntry(swp)) {
    yield* w.kernel.migrationEntryWait(w, f);
    return "ok";
  }
  if (isHwpoisonEntry(swp)) return "sigbus";
  throw new UsageError(
    `A fault finds ${describeEntry(pte, 1)}, but this world has no swap: map no swap entries.`,
  );
}

/** A marker says what a fault here must do. */
export function* handlePteMarker(w: World, f: Fault): Steps<FaultResult> {
  if (isPoisonMarker(f.origPte!)) return "sigbus"; // VM_FAULT_HWPOISON
  if (isGuardMarker(f.origPte!)) return "sigsegv";
  if (((yield* readOnce(f.vma.flags)) & VM_UFFD_WP) !== 0) return yield* w.kernel.doPteMissing(w, f);
  // Nobody waits for it any more: pte_marker_clear().
  f.mapped = yield* w.kernel.__pteOffsetMapLock(w, f.slot);
  if (f.mapped === null) return "ok";
  const index = pteIndex(f.address);
  if (pteSame(yield* ptepGet(f.mapped.table, index), f.origPte!)) {
    yield* setPte(f.mapped.table, index, NONE_ENTRY);
    w.reached.add("a fault cleared a marker");
  }
  yield* unmapUnlock(w, f);
  return "ok";
}

/** Waits until the folio of a migration entry is unlocked. What keeps it there is the entry, seen under the lock. */
export function* migrationEntryWait(w: World, f: Fault): Steps<void> {
  f.mapped = yield* w.kernel.__pteOffsetMapLock(w, f.slot);
  if (f.mapped === null) return;
  const pte = yield* ptepGet(f.mapped.table, pteIndex(f.address));
  const folio = isSwapPte(pte) ? migratingFolio(w, pte) : null;
  yield* unmapUnlock(w, f); // In the kernel it is in the queue of the folio before the lock is dropped.
  if (folio !== null) yield* folioWaitLocked(folio.lock);
}

function migratingFolio(w: World, pte: Entry): Folio | null {
  const swp = pteToSwpEntry(pte);
  return isMigrationEntry(swp) ? (w.folioOf(swpOffsetPfn(swp)) ?? null) : null;
}

/** The same for a huge page. mm/migrate.c, pmd_migration_entry_wait(). */
export function* pmdMigrationEntryWait(w: World, f: Fault): Steps<void> {
  const { slot } = f;
  yield* spinLock(slot.pmdTable.lock);
  const pmd = yield* readOnce(slot);
  const folio = isPmdMigrationEntry(pmd) ? w.folioOf(swpOffsetPfn(pmdToSwpEntry(pmd))) : undefined;
  yield* spinUnlock(slot.pmdTable.lock);
  if (folio !== undefined) yield* folioWaitLocked(folio.lock);
}

/** Gives access back that was taken away to see who uses the page. A store to it faults again, on the right to write. */
export function* doNumaPage(w: World, f: Fault): Steps<FaultResult> {
  const { mapped, origPte, vma } = f;
  const index = pteIndex(f.address);
  yield* spinLock(mapped!.ptl);
  if (pteSame(yield* ptepGet(mapped!.table, index), origPte!)) {
    const prot = vmPageProt(vma, yield* readOnce(vma.flags));
    yield* setPte(mapped!.table, index, pteMkyoung(pteModify(origPte!, prot)));
  }
  yield* unmapUnlock(w, f);
  return "ok";
}
