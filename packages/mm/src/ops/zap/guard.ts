/**
 * MADV_GUARD_INSTALL and MADV_GUARD_REMOVE: markers that make every access fault, v6.13 and later; in files since v6.15.
 *
 * Markers make a table that looks unused one that must not go. Before v6.19 the VMA gets an anon_vma, which keeps retract
 * away.
 *
 * Reduced: entries that this world does not have stay none.
 *
 * @see mm/madvise.c, madvise_guard_install(), madvise_guard_remove(), Linux v6.14 and v6.18
 */

import { readOnce, type Steps } from "@mmrace/scheduler";
import {
  isGuardMarker,
  mkGuardMarker,
  NONE_ENTRY,
  PAGE_SIZE,
  PMD_SIZE,
  pmdLeaf,
  pmdNone,
  pmdPresent,
  pteNone,
} from "@mmrace/x86-paging";
import { pteIndex } from "../../state/geometry.ts";
import { along, ghostStep, together, type GhostChange } from "../../state/ghost.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import { ptepGet, setPte } from "../../state/page-table.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";
import { walkVmas, type Advised } from "./madvise.ts";
import { ZAP_PAGES } from "./zap-details.ts";

/** MAX_MADVISE_GUARD_RETRIES: attempts of one call. Each but the first needs a fault that comes in between. */
const ATTEMPTS = 3;

/** v6.15 and later. */
export function* madviseGuardInstall(w: World, mm: MmStruct, start: number, end: number): Steps<Advised> {
  return yield* installOver(w, mm, start, end, () => true);
}

/** v6.13 and v6.14: in anonymous memory only. */
export function* madviseGuardInstall_6_14(
  w: World,
  mm: MmStruct,
  start: number,
  end: number,
): Steps<Advised> {
  return yield* installOver(w, mm, start, end, (vma) => vma.file === null);
}

/** Up to v6.12: EINVAL, as for any advice that there is not. */
// oxlint-disable-next-line require-yield
export function* madviseGuard_6_12(): Steps<Advised> {
  return "EINVAL";
}

/** Puts markers in, VMA by VMA. Where faults come in between again and again, the call begins anew, without the lock. */
function* installOver(
  w: World,
  mm: MmStruct,
  start: number,
  end: number,
  mayHaveThem: (vma: Vma) => boolean,
): Steps<Advised> {
  for (;;) {
    const course = { mayHaveThem, mustRestart: false };
    yield* w.kernel.mmapReadLock(w, mm);
    const answer = yield* walkVmas(mm, start, end, (vma, from, to) => guardOne(w, vma, from, to, course));
    yield* w.kernel.mmapReadUnlock(w, mm);
    if (!course.mustRestart) return answer;
  }
}

/** How one attempt of the call goes. */
interface Course {
  readonly mayHaveThem: (vma: Vma) => boolean;
  /** restart_syscall() */
  mustRestart: boolean;
}

function* guardOne(w: World, vma: Vma, start: number, end: number, course: Course): Steps<0 | "EINVAL"> {
  if (!course.mayHaveThem(vma)) return "EINVAL";
  if (!(yield* guardRange(w, vma, start, end))) course.mustRestart = true;
  return 0;
}

/** Puts markers in, and throws away what is in their way. Says whether it came to its end. */
function* guardRange(w: World, vma: Vma, start: number, end: number): Steps<boolean> {
  yield* w.kernel.anonVmaPrepare(w, vma);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (yield* installAll(w, vma, start, end)) return true;
    w.reached.add("MADV_GUARD_INSTALL met a page");
    yield* discard(w, vma, start, end);
  }
  return false;
}

/** Throws away what is in the way of markers. Ghost state: what user memory holds, and what is pinned, goes with it. */
function* discard(w: World, vma: Vma, start: number, end: number): Steps<void> {
  const begins = together(
    w.reference.changed(() => w.reference.beginDiscard(vma, start, end)),
    w.pins.changed(() => w.pins.forget(vma.mm, start, end)),
  );
  yield* ghostStep("guard_zap_begins", w.reference, begins);
  yield* w.kernel.zapPageRangeSingle(w, vma, start, end, ZAP_PAGES);
  const ends = w.reference.changed(() => w.reference.endDiscard(vma, start, end));
  yield* ghostStep("guard_zap_returns", w.reference, ends);
}

/** Takes markers away. Nothing is cached of an entry that is not present, so nothing is flushed. */
export function* madviseGuardRemove(w: World, mm: MmStruct, start: number, end: number): Steps<Advised> {
  yield* w.kernel.mmapReadLock(w, mm);
  const answer = yield* walkVmas(mm, start, end, (vma, from, to) => unguardRange(w, vma, from, to));
  yield* w.kernel.mmapReadUnlock(w, mm);
  return answer;
}

function* unguardRange(w: World, vma: Vma, start: number, end: number): Steps<0> {
  for (const address of slotsOf(vma, start, end)) {
    const mapped = yield* w.kernel.__pteOffsetMapLock(w, vma.mm.slotOf(address));
    if (mapped === null) continue; // No table, no marker.
    for (const index of indicesOf(mapped, address, end)) {
      if (!isGuardMarker(yield* ptepGet(mapped.table, index))) continue;
      yield* along(setPte(mapped.table, index, NONE_ENTRY), forgotten(w, vma, address, index));
    }
    yield* w.kernel.pteUnmapUnlock(w, mapped);
  }
  return 0;
}

/** The address of an entry, given another one of its table. */
function addressAt(address: number, index: number): number {
  return address + (index - pteIndex(address)) * PAGE_SIZE;
}

/** Ghost state, in the step that writes the marker. */
function promised(w: World, { mm }: Vma, near: number, index: number): GhostChange {
  const address = addressAt(near, index);
  return w.guards.changed(() => w.guards.promise(mm, address, address + PAGE_SIZE));
}

/** Ghost state, in the step that takes it away. */
function forgotten(w: World, { mm }: Vma, near: number, index: number): GhostChange {
  const address = addressAt(near, index);
  return w.guards.changed(() => w.guards.forget(mm, address, address + PAGE_SIZE));
}

/** The first address of the range at each slot. */
function slotsOf({ mm }: Vma, start: number, end: number): number[] {
  return mm.pmds
    .map(({ address }) => Math.max(start, address))
    .filter((address, at) => address < Math.min(end, mm.pmds[at]!.address + PMD_SIZE));
}

function indicesOf({ table }: Mapped, address: number, end: number): number[] {
  const first = pteIndex(address);
  const count = Math.min(table.ptes.values.length - first, (end - address) / PAGE_SIZE);
  return Array.from({ length: Math.max(count, 0) }, (_, at) => first + at);
}

/** Installs markers until a page is met. Says whether none was. */
function* installAll(w: World, vma: Vma, start: number, end: number): Steps<boolean> {
  for (const address of slotsOf(vma, start, end)) {
    const mapped = yield* mapForMarkers(w, vma, address);
    if (mapped === null) return false;
    let isClear = true;
    for (const index of indicesOf(mapped, address, end)) {
      const pte = yield* ptepGet(mapped.table, index);
      if (pteNone(pte))
        yield* along(setPte(mapped.table, index, mkGuardMarker()), promised(w, vma, address, index));
      isClear = pteNone(pte) || isGuardMarker(pte);
      if (!isClear) break;
    }
    yield* w.kernel.pteUnmapUnlock(w, mapped);
    if (!isClear) return false;
  }
  return true;
}

/** The table for the markers, made if there is none; `null`: a huge page is in the way. */
function* mapForMarkers(w: World, vma: Vma, address: number): Steps<Mapped | null> {
  const slot = vma.mm.slotOf(address);
  for (;;) {
    const pmd = yield* readOnce(slot);
    if (pmdPresent(pmd) && pmdLeaf(pmd)) return null;
    if (pmdNone(pmd)) yield* w.kernel.__pteAlloc(w, vma.mm, slot);
    const mapped = yield* w.kernel.__pteOffsetMapLock(w, slot);
    if (mapped !== null) return mapped;
  }
}
