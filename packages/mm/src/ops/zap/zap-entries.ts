/**
 * Zapping the entries of one table, whose lock is held.
 *
 * - v6.2 and later (5df397dec7c4): the rmap of a dirty file page is taken off after the flush, so that whoever finds the
 *   page unmapped may trust its dirty bit;
 * - before: at once.
 *
 * @see mm/memory.c, zap_present_ptes(), zap_nonpresent_ptes(), Linux v6.14 (one loop in zap_pte_range() up to v6.9)
 */

import { readOnce, UsageError, writeOnce, type Steps } from "@mmrace/scheduler";
import {
  isGuardMarker,
  isMigrationEntry,
  isPteMarker,
  isUffdWpMarker,
  mkUffdWpMarker,
  NONE_ENTRY,
  PAGE_SIZE,
  pfnOf,
  pteDirty,
  pteNone,
  ptePresent,
  pteSpecial,
  pteToSwpEntry,
  pteUffdWp,
  swpOffsetPfn,
  type Entry,
} from "@mmrace/x86-paging";
import { folioRmap, type Folio } from "../../state/folio.ts";
import { pteIndex } from "../../state/geometry.ts";
import { along, type GhostChange } from "../../state/ghost.ts";
import { addMmCounter, type MmStruct } from "../../state/mm-struct.ts";
import type { MmuGather } from "../../state/mmu-gather.ts";
import { ptepGet, ptepGetAndClear, scanPtes, setPte, type PageTable } from "../../state/page-table.ts";
import { VM_UFFD_WP, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { shouldZapFolio, type ZapDetails } from "./zap-details.ts";

/** What one hold of the PTE lock has come to. Belongs to one thread. */
export class ZapRound {
  /** Pages taken away, for the counters. */
  anon = 0;
  file = 0;
  /** The flush may not wait for the end. */
  forceFlush = false;
  /** No room for more pages. */
  forceBreak = false;
  /** An entry is left, or was put back. */
  anySkipped = false;
}

/** One entry in its table. */
export interface ZapTarget {
  readonly vma: Vma;
  readonly table: PageTable;
  readonly address: number;
}

/** Zaps the entries from one address up to another, and says how far it came: do_zap_pte_range(). */
export function* zapEntries(
  w: World,
  tlb: MmuGather,
  at: { readonly vma: Vma; readonly table: PageTable; readonly start: number; readonly end: number },
  details: ZapDetails,
  round: ZapRound,
): Steps<number> {
  const { vma, table, start, end } = at;
  const base = start - pteIndex(start) * PAGE_SIZE;
  const last = pteIndex(end - PAGE_SIZE);
  for (let index = pteIndex(start); ; index++) {
    // Nobody fills an entry without the PTE lock, so a run of entries that are none is one step.
    index = yield* scanPtes(table, firstUsed(index, last));
    if (index < 0) return end;
    const target = { vma, table, address: base + index * PAGE_SIZE };
    const pte = yield* ptepGet(table, index);
    if (pteNone(pte)) continue;
    if (ptePresent(pte)) yield* w.kernel.zapPresentPtes(w, tlb, target, pte, details, round);
    else yield* w.kernel.zapNonpresentPtes(w, tlb, target, pte, details, round);
    if (round.forceBreak) return target.address + PAGE_SIZE;
  }
}

function firstUsed(from: number, last: number): (ptes: readonly Entry[]) => number {
  return (ptes) => ptes.findIndex((pte, index) => index >= from && index <= last && !pteNone(pte));
}

/** The folio of an entry, or `undefined` for pages that nobody counts: vm_normal_page(). */
function normalFolio(w: World, pte: Entry): Folio | undefined {
  return pteSpecial(pte) ? undefined : w.folioOf(pfnOf(pte));
}

/** An entry that maps a page. */
export function* zapPresentPtes(
  w: World,
  tlb: MmuGather,
  { vma, table, address }: ZapTarget,
  pte: Entry,
  details: ZapDetails,
  round: ZapRound,
): Steps<void> {
  const folio = normalFolio(w, pte);
  if (folio !== undefined && !shouldZapFolio(details, folio)) {
    round.anySkipped = true;
    return;
  }
  const owed = vma.file === null || details.dropMarkers ? noLongerOwed(w, vma, address) : undefined;
  const old = yield* along(ptepGetAndClear(table, pteIndex(address)), owed);
  tlb.adjustRange(address, PAGE_SIZE);
  if (folio === undefined || folio === w.zeroFolio) {
    yield* installUffdWpIfNeeded(vma, table, address, old, details, round);
    return;
  }
  const isDelayed = yield* w.kernel.zapDirtyPage(w, tlb, folio, old, round);
  if (folio.isAnon) round.anon++;
  else round.file++;
  yield* installUffdWpIfNeeded(vma, table, address, old, details, round);
  if (!isDelayed) yield* folioRmap(folio, -1);
  if (tlb.removePage(folio)) {
    round.forceFlush = true;
    round.forceBreak = true;
  }
}

/** 6.2 and later: hands the dirty bit to the folio. The answer says that the rmap is left until after the flush. */
export function* zapDirtyPage(
  _w: World,
  tlb: MmuGather,
  folio: Folio,
  old: Entry,
  round: ZapRound,
): Steps<boolean> {
  if (folio.isAnon || !pteDirty(old)) return false;
  yield* writeOnce(folio.dirty, true);
  round.forceFlush = true;
  tlb.delayedRmap.push(folio);
  return true;
}

/** v6.1: the rmap goes at once; the flush is forced all the same. */
export function* zapDirtyPage_6_1(
  _w: World,
  _tlb: MmuGather,
  folio: Folio,
  old: Entry,
  round: ZapRound,
): Steps<boolean> {
  if (folio.isAnon || !pteDirty(old)) return false;
  yield* writeOnce(folio.dirty, true);
  round.forceFlush = true;
  return false;
}

/** Takes off the rmap of pages whose dirty bit no processor can set any more: tlb_flush_rmaps(). */
export function* tlbFlushRmaps(_w: World, tlb: MmuGather): Steps<void> {
  for (const folio of tlb.delayedRmap.splice(0)) yield* folioRmap(folio, -1);
}

/** A write-protection of userfaultfd outlives the page of a file: zap_install_uffd_wp_if_needed(). */
function* installUffdWpIfNeeded(
  vma: Vma,
  table: PageTable,
  address: number,
  old: Entry,
  details: ZapDetails,
  round: ZapRound,
): Steps<void> {
  if (details.dropMarkers || !(yield* pteInstallUffdWpIfNeeded(vma, table, address, old))) return;
  round.anySkipped = true;
}

/** Puts a marker where a page of a file was write-protected: pte_install_uffd_wp_if_needed(). Says whether it did. */
export function* pteInstallUffdWpIfNeeded(
  vma: Vma,
  table: PageTable,
  address: number,
  old: Entry,
): Steps<boolean> {
  if (vma.file === null || ((yield* readOnce(vma.flags)) & VM_UFFD_WP) === 0) return false;
  if (!ptePresent(old) || !pteUffdWp(old)) return false;
  yield* setPte(table, pteIndex(address), mkUffdWpMarker());
  return true;
}

/** An entry that maps nothing and is not none: a migration entry or a marker. Reduced: swap entries are refused. */
export function* zapNonpresentPtes(
  w: World,
  _tlb: MmuGather,
  { vma, table, address }: ZapTarget,
  pte: Entry,
  details: ZapDetails,
  round: ZapRound,
): Steps<void> {
  round.anySkipped = true;
  if (isMigrationEntry(pteToSwpEntry(pte))) {
    const folio = w.folioOf(swpOffsetPfn(pteToSwpEntry(pte)))!;
    if (!shouldZapFolio(details, folio)) return;
    if (folio.isAnon) round.anon++;
    else round.file++;
  } else if (!isPteMarker(pte)) {
    throw new UsageError("Swap entries cannot be zapped: this world has no swap.");
  } else if (!isDropped(vma, pte, details)) return;
  const cleared = setPte(table, pteIndex(address), NONE_ENTRY); // pte_clear_not_present_full()
  yield* along(cleared, noLongerOwed(w, vma, address));
  round.anySkipped = false;
}

/** Ghost state: what the entry said of its page goes with it. */
function noLongerOwed(w: World, { mm }: Vma, address: number): GhostChange {
  return w.uffd.changed(() => w.uffd.release(mm, address));
}

function isDropped(vma: Vma, pte: Entry, { dropMarkers, evenCows }: ZapDetails): boolean {
  if (isUffdWpMarker(pte)) return dropMarkers || vma.file === null;
  if (isGuardMarker(pte)) return dropMarkers;
  return evenCows; // Poison.
}

/** What was zapped leaves the counters: add_mm_rss_vec(). */
export function* addMmRssVec(mm: MmStruct, { anon, file }: ZapRound): Steps<void> {
  if (file > 0) yield* addMmCounter(mm, "rss_file", -file);
  if (anon > 0) yield* addMmCounter(mm, "rss_anon", -anon);
}
