/**
 * PTE markers: not-present entries that name no page but say what a fault here must do.
 *
 * A marker is neither none nor present, so code that only asks `pteNone` treats the slot as taken.
 *
 * @see include/linux/swapops.h, make_pte_marker(); include/linux/mm_inline.h
 */

import { entry, type Entry, type Word } from "../entry.ts";
import { LINUX_6_12, LINUX_6_13, type EntryLayout } from "../layout.ts";
import { isSwapPte, pteSwpUffdWp, pteToSwpEntry, swpEntry, swpEntryToPte, swpType } from "./swap.ts";
import { pteNone } from "./test-pte.ts";

/** A marker with the given bits (see `EntryLayout.markers`); bits the release does not know are kept. */
export function makePteMarker(marker: number, layout: EntryLayout = LINUX_6_12): Entry {
  return swpEntryToPte(swpEntry(layout.swapTypes.pteMarker, entry(marker, 0)));
}

/** The page here, gone or not yet there, is write-protected by userfaultfd. */
export function mkUffdWpMarker(layout: EntryLayout = LINUX_6_12): Entry {
  return makePteMarker(layout.markers.uffdWp, layout);
}

/** Touching this address raises SIGBUS (UFFDIO_POISON, failed swap-in). Needs 6.6 or later. */
export function mkPoisonMarker(layout: EntryLayout = LINUX_6_12): Entry {
  return makePteMarker(layout.markers.poison, layout);
}

/** Touching this address raises SIGSEGV (MADV_GUARD_INSTALL). Needs 6.13 or later. */
export function mkGuardMarker(layout: EntryLayout = LINUX_6_13): Entry {
  return makePteMarker(layout.markers.guard, layout);
}

/** The generic entry is a marker. */
export function isPteMarkerEntry(swp: Word, layout: EntryLayout = LINUX_6_12): boolean {
  return swpType(swp) === layout.swapTypes.pteMarker;
}

/** The pte is a marker. */
export function isPteMarker(pte: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  return isSwapPte(pte) && isPteMarkerEntry(pteToSwpEntry(pte), layout);
}

/** The bits of a marker that the release knows. The caller has checked that it is a marker. */
export function pteMarkerGet(pte: Entry, layout: EntryLayout = LINUX_6_12): number {
  return pteToSwpEntry(pte).lo & markerMask(layout);
}

/** A marker with the uffd-wp bit. */
export function isUffdWpMarker(pte: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  return isPteMarker(pte, layout) && (pteMarkerGet(pte, layout) & layout.markers.uffdWp) !== 0;
}

/** A marker with the poison bit. */
export function isPoisonMarker(pte: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  return isPteMarker(pte, layout) && (pteMarkerGet(pte, layout) & layout.markers.poison) !== 0;
}

/** A marker with the guard bit. */
export function isGuardMarker(pte: Entry, layout: EntryLayout = LINUX_6_13): boolean {
  return isPteMarker(pte, layout) && (pteMarkerGet(pte, layout) & layout.markers.guard) !== 0;
}

/** Nothing is mapped: none, or any marker. What UFFDIO_COPY means by an empty slot. */
export function pteNoneMostly(pte: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  return pteNone(pte) || isPteMarker(pte, layout);
}

/** A not-present entry that keeps a uffd-wp protection: a swap entry with the flag, or a marker. */
export function pteSwpUffdWpAny(pte: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  return isSwapPte(pte) && (pteSwpUffdWp(pte) || isUffdWpMarker(pte, layout));
}

/** All marker bits of a release. */
export function markerMask(layout: EntryLayout): number {
  return layout.markers.uffdWp | layout.markers.poison | layout.markers.guard;
}
