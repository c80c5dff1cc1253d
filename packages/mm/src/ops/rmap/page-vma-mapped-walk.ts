/**
 * Finding the entries of one VMA that map a folio.
 *
 * - v6.13 and later (04965da7a4af): after the PTE lock the slot is compared with what the table was taken from;
 * - v6.5 to v6.12: it is not, and a walk may go on in a table that was taken away, whose entries are none;
 * - v6.1: mapping cannot fail, and the lock comes from another read of the slot.
 *
 * Reduced: no migration entries are looked for.
 *
 * @see mm/page_vma_mapped.c, page_vma_mapped_walk(), map_pte(), Linux v6.1, v6.12 and v6.14
 */

import { rcuReadUnlock, spinLock, spinUnlock, type SpinLock } from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import {
  PAGE_SIZE,
  pfnOf,
  PMD_SIZE,
  pmdLeaf,
  pmdNone,
  pmdPresent,
  pmdSame,
  pteNone,
  ptePresent,
} from "@mmrace/x86-paging";
import { HPAGE_PMD_NR, type Folio } from "../../state/folio.ts";
import { pteIndex } from "../../state/geometry.ts";
import { ptepGet } from "../../state/page-table.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";

/** A walk and where it stands. Kernel: `struct page_vma_mapped_walk`. Belongs to one thread. */
export class PageVmaMappedWalk {
  readonly folio: Folio;
  readonly vma: Vma;
  /** Waits for whoever is changing an entry: PVMW_SYNC. */
  readonly isSync: boolean;
  /** The first address behind the folio in this VMA. */
  readonly end: number;
  address: number;
  /** The table it is in: RCU is open. */
  mapped: Mapped | null = null;
  /** The PTE lock is held. */
  isLocked = false;
  /** The PMD lock is held: a huge page was found. */
  pml: SpinLock | null = null;

  /** @param start where the VMA maps the folio's first page. */
  constructor(folio: Folio, vma: Vma, start: number, isSync: boolean) {
    this.folio = folio;
    this.vma = vma;
    this.isSync = isSync;
    this.address = start;
    this.end = Math.min(start + folio.pages * PAGE_SIZE, vma.end);
  }

  get slot(): PmdSlot {
    return this.vma.mm.slotOf(this.address);
  }

  get index(): number {
    return pteIndex(this.address);
  }
}

/** Goes to the next entry that maps the folio, and holds its lock. False: there is none, and nothing is held. */
export function* pageVmaMappedWalk(w: World, walk: PageVmaMappedWalk): Steps<boolean> {
  if (walk.pml !== null) return yield* notFound(w, walk); // A huge page is all that a PMD maps.
  if (walk.mapped !== null && !(yield* nextPte(w, walk))) return false;
  for (;;) {
    if (walk.mapped === null) {
      if (walk.address >= walk.end || !walk.vma.mm.covers(walk.address)) return yield* notFound(w, walk);
      const found = yield* descend(w, walk);
      if (found === "huge") return true;
      if (found === "step") walk.address = walk.slot.address + PMD_SIZE;
      if (found !== "table") continue;
    }
    if (walk.isLocked && (yield* checkPte(walk))) return true;
    if (!(yield* nextPte(w, walk))) return false;
  }
}

/** Steps 1 to 4. "again": look at the slot once more; "step": there is nothing at this slot. */
function* descend(w: World, walk: PageVmaMappedWalk): Steps<"huge" | "table" | "step" | "again"> {
  const { slot, folio } = walk;
  const pml = slot.pmdTable.lock;
  const pmd = yield* readOnce(slot); // 1.
  if (pmdLeaf(pmd) && !pmdNone(pmd)) {
    yield* spinLock(pml); // 2.
    const now = yield* readOnce(slot);
    if (pmdPresent(now) && pmdLeaf(now) && folio.hasPfn(pfnOf(now))) {
      walk.pml = pml;
      return "huge";
    }
    yield* spinUnlock(pml);
    if (pmdLeaf(now) || !pmdPresent(now)) return "step";
  } else if (!pmdPresent(pmd)) {
    if (walk.isSync && folio.pages === HPAGE_PMD_NR) {
      yield* spinLock(pml); // 3. Waits for a zap_huge_pmd() that has cleared the slot and not yet the rmap.
      yield* spinUnlock(pml);
    }
    return "step";
  }
  return (yield* w.kernel.mapPte(w, walk)) ? "table" : "again"; // 4.
}

/** 6.13 and later. False: there is no table. The lock is taken if the entry looks right, or in any case to be in step. */
export function* mapPte(w: World, walk: PageVmaMappedWalk): Steps<boolean> {
  for (;;) {
    if (!(yield* beginTable(w, walk, w.kernel.pteOffsetMapRwNolock))) return false;
    if (walk.isLocked || !(yield* looksRight(walk))) return true;
    if (yield* lockPte(w, walk)) return true;
  }
}

/** 6.5 to 6.12. */
export function* mapPte_6_12(w: World, walk: PageVmaMappedWalk): Steps<boolean> {
  if (!(yield* beginTable(w, walk, w.kernel.pteOffsetMapNolock))) return false;
  if (!walk.isLocked && (yield* looksRight(walk))) yield* w.kernel.lockWalkedPte(w, walk);
  return true;
}

/** Maps the table; in step with everybody, with its lock. */
function* beginTable(
  w: World,
  walk: PageVmaMappedWalk,
  mapNolock: (w: World, slot: PmdSlot) => Steps<Mapped | null>,
): Steps<boolean> {
  walk.mapped = walk.isSync
    ? yield* w.kernel.__pteOffsetMapLock(w, walk.slot)
    : yield* mapNolock(w, walk.slot);
  walk.isLocked = walk.isSync && walk.mapped !== null;
  return walk.mapped !== null;
}

/** A look without the lock. */
function* looksRight({ mapped, index }: PageVmaMappedWalk): Steps<boolean> {
  return ptePresent(yield* ptepGet(mapped!.table, index));
}

/** Takes the PTE lock by the release's rule. False: the table has gone, and the walk holds nothing. */
function* lockPte(w: World, walk: PageVmaMappedWalk): Steps<boolean> {
  if (yield* w.kernel.lockWalkedPte(w, walk)) return true;
  walk.mapped = null;
  return false;
}

/** 6.13 and later: whether the slot still names the table. If not, everything is unlocked and unmapped. */
export function* lockWalkedPte(w: World, walk: PageVmaMappedWalk): Steps<boolean> {
  const { ptl, pmdval } = walk.mapped!;
  yield* spinLock(ptl);
  if (!pmdSame(pmdval, yield* readOnce(walk.slot))) {
    w.reached.add("page_vma_mapped_walk noticed that the table had gone");
    yield* spinUnlock(ptl);
    yield* rcuReadUnlock(w.rcu);
    return false;
  }
  walk.isLocked = true;
  return true;
}

/** 6.5 to 6.12: nobody looks at the slot again. */
export function* lockWalkedPte_6_12(_w: World, walk: PageVmaMappedWalk): Steps<boolean> {
  yield* spinLock(walk.mapped!.ptl);
  walk.isLocked = true;
  return true;
}

/** v6.1: pte_lockptr() reads the slot again, and believes it. */
export function* lockWalkedPte_6_1(w: World, walk: PageVmaMappedWalk): Steps<boolean> {
  const mapped = walk.mapped!;
  const { ptl } = w.tableNamedBy(yield* readOnce(walk.slot), walk.slot);
  yield* spinLock(ptl);
  walk.mapped = { ...mapped, ptl };
  walk.isLocked = true;
  return true;
}

/** Step 5: whether the entry maps the folio. */
function* checkPte({ mapped, index, folio }: PageVmaMappedWalk): Steps<boolean> {
  const pte = yield* ptepGet(mapped!.table, index);
  return ptePresent(pte) && folio.hasPfn(pfnOf(pte));
}

/** Goes to the next entry that is not none. False: there is none. At the end of a table, and if it has gone, unmaps. */
function* nextPte(w: World, walk: PageVmaMappedWalk): Steps<boolean> {
  const { table } = walk.mapped!;
  do {
    walk.address += PAGE_SIZE;
    if (walk.address >= walk.end) return yield* notFound(w, walk);
    if (walk.index === 0 || walk.index >= table.ptes.values.length) {
      // The entries that this world does not have are none.
      if (walk.index !== 0) walk.address = walk.slot.address + PMD_SIZE;
      yield* letGo(w, walk);
      return true;
    }
  } while (pteNone(yield* ptepGet(table, walk.index)));
  if (!walk.isLocked) yield* lockPte(w, walk);
  return true;
}

/** Unlocks and unmaps the table, if the walk is in one. */
function* letGo(w: World, walk: PageVmaMappedWalk): Steps<void> {
  if (walk.mapped === null) return;
  if (walk.isLocked) yield* w.kernel.pteUnmapUnlock(w, walk.mapped);
  else yield* w.kernel.pteUnmap(w);
  walk.mapped = null;
  walk.isLocked = false;
}

function* notFound(w: World, walk: PageVmaMappedWalk): Steps<false> {
  yield* w.kernel.pageVmaMappedWalkDone(w, walk);
  return false;
}

/** Ends a walk that has found what it looked for. */
export function* pageVmaMappedWalkDone(w: World, walk: PageVmaMappedWalk): Steps<void> {
  if (walk.mapped !== null) {
    yield* w.kernel.pteUnmap(w); // Before the lock is given back: a holder of spinlocks cannot be preempted.
    if (walk.isLocked) yield* spinUnlock(walk.mapped.ptl);
  }
  walk.mapped = null;
  walk.isLocked = false;
  if (walk.pml !== null) yield* spinUnlock(walk.pml);
  walk.pml = null;
}
