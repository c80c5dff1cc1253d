/**
 * Missing anonymous pages, small and huge.
 *
 * Reduced: pages come one at a time or as a whole 2 MiB; allocation does not fail; the OOM reaper does not run, so that
 * the address space is always stable; no huge zero page, as with transparent_hugepage/use_zero_page = 0.
 *
 * @see mm/memory.c, do_anonymous_page(); mm/huge_memory.c, do_huge_pmd_anonymous_page(), Linux v6.12
 */

import { spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, update, writeOnce, type Steps } from "@mmrace/scheduler";
import { pmdNone, pteMkspecial, pteNone, pteSame } from "@mmrace/x86-paging";
import { folioPut, folioRmap, HPAGE_PMD_NR, type Folio } from "../../state/folio.ts";
import { pteIndex } from "../../state/geometry.ts";
import { addMmCounter } from "../../state/mm-struct.ts";
import { ptepGet, setPte } from "../../state/page-table.ts";
import { VM_SHARED, VM_UFFD_MISSING } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { unmapUnlock, type Fault, type FaultResult, type HugeFaultResult } from "./fault.ts";
import { coversPmd } from "./handle-mm-fault.ts";
import { installAnonPage, makeHugePmd, makePte, newAnonFolio, withMarkerOf } from "./page-entry.ts";

/** Under the lock of the table: whether the entry is no more what the lockless look saw. */
export function* vmfPteChanged(f: Fault): Steps<boolean> {
  const pte = yield* ptepGet(f.mapped!.table, pteIndex(f.address));
  return f.origPte === undefined ? !pteNone(pte) : !pteSame(pte, f.origPte);
}

/** A page where none is: that of zeroes for a load, a new one for a store. */
export function* doAnonymousPage(w: World, f: Fault): Steps<FaultResult> {
  const { vma, slot, flags } = f;
  if (((yield* readOnce(vma.flags)) & VM_SHARED) !== 0) return "sigbus"; // 1.
  yield* w.kernel.pteAlloc(w, vma.mm, slot); // 2.
  let folio: Folio | null = null;
  if (flags.isWrite) {
    if ((yield* w.kernel.vmfAnonPrepare(w, f)) === "retry") return "retry"; // 4.
    folio = newAnonFolio(w, vma, f.address);
  }
  const pfn = (folio ?? w.zeroFolio).pfn;
  const pte = yield* makePte(vma, pfn, flags.isWrite);
  f.mapped = yield* w.kernel.pteOffsetMapLockChecked(w, slot);
  if (f.mapped === null) return yield* undo(folio); // The table has gone: the access faults again.
  if (yield* vmfPteChanged(f)) {
    w.reached.add("an anonymous fault came too late");
    yield* unmapUnlock(w, f);
    return yield* undo(folio);
  }
  if (((yield* readOnce(vma.flags)) & VM_UFFD_MISSING) !== 0) {
    yield* unmapUnlock(w, f);
    yield* undo(folio);
    return yield* w.kernel.handleUserfault(w, vma, f.address, "missing", flags);
  }
  if (folio === null) {
    yield* setPte(f.mapped.table, pteIndex(f.address), withMarkerOf(f, pteMkspecial(pte))); // 3.
    w.reached.add("a load mapped the zero page");
  } else {
    yield* addMmCounter(vma.mm, "rss_anon", 1);
    yield* installAnonPage(f, folio, pte); // 5.
    w.reached.add("a store mapped a new anonymous page");
  }
  yield* unmapUnlock(w, f);
  return "ok";
}

function* undo(folio: Folio | null): Steps<FaultResult> {
  if (folio !== null) yield* folioPut(folio);
  return "ok";
}

/** create_huge_pmd(): shmem and other files have no `->huge_fault`; theirs become huge in finish_fault(). */
export function* createHugePmd(w: World, f: Fault): Steps<HugeFaultResult> {
  return f.vma.file === null ? yield* w.kernel.doHugePmdAnonymousPage(w, f) : "fallback";
}

/** A huge page where no table is. The table that its split will need is made now, and parked. */
export function* doHugePmdAnonymousPage(w: World, f: Fault): Steps<HugeFaultResult> {
  const { vma, slot, address, flags } = f;
  if (!coversPmd(vma, address)) return "fallback";
  if ((yield* w.kernel.vmfAnonPrepare(w, f)) === "retry") return "retry";
  const folio = newAnonFolio(w, vma, slot.address, HPAGE_PMD_NR);
  const deposit = w.createTable();
  const pmd = yield* makeHugePmd(vma, folio.pfn, true);
  yield* spinLock(slot.pmdTable.lock);
  const isFree = pmdNone(yield* readOnce(slot));
  const isMissing = isFree && ((yield* readOnce(vma.flags)) & VM_UFFD_MISSING) !== 0;
  if (!isFree || isMissing) {
    yield* spinUnlock(slot.pmdTable.lock);
    yield* folioPut(folio);
    yield* w.kernel.pteFree(w, deposit);
    if (isMissing) return yield* w.kernel.handleUserfault(w, vma, address, "missing", flags);
    w.reached.add("a huge anonymous fault came too late");
    return "ok";
  }
  yield* folioRmap(folio, 1);
  yield* writeOnce(folio.lru, true);
  yield* update(slot.pmdTable.deposits, (tables) => [...tables, deposit]); // pgtable_trans_huge_deposit()
  yield* writeOnce(slot, pmd);
  yield* addMmCounter(vma.mm, "rss_anon", HPAGE_PMD_NR);
  yield* addMmCounter(vma.mm, "nr_ptes", 1);
  yield* spinUnlock(slot.pmdTable.lock);
  w.reached.add("a fault mapped a huge anonymous page");
  return "ok";
}
