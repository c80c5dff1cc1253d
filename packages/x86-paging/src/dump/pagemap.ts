/**
 * What /proc/PID/pagemap says of an entry, as far as the entry alone decides it.
 *
 * One 64-bit word per 4 KiB page: 63 present | 62 swapped | 61 file or shared | 57 uffd-wp | 56 exclusive |
 * 55 soft-dirty | 54..0 frame, or 4..0 swap type and 54..5 swap offset. Bits 61 and 56 need the page's
 * `struct page`, so they are left out of the comparison.
 *
 * @see Documentation/admin-guide/mm/pagemap.rst; fs/proc/task_mmu.c, pte_to_pagemap_entry()
 */

import type { Entry } from "../entry.ts";
import { LINUX_6_12, type EntryLayout } from "../layout.ts";
import { type Level, levelInfo, PAGE_SIZE } from "../level.ts";
import { entryKind } from "../describe.ts";
import { pfnOf } from "../linux/frame.ts";
import { isUffdWpMarker } from "../linux/marker.ts";
import { isPfnSwapEntry, swpOffsetPfn } from "../linux/swap-kinds.ts";
import { pteSwpSoftDirty, pteSwpUffdWp, pteToSwpEntry, swapSlotOf } from "../linux/swap.ts";
import { pteSoftDirty, pteUffdWp } from "../linux/test-pte.ts";

/** Bits of a pagemap word that an entry alone decides. */
export const PAGEMAP_PRESENT: bigint = 1n << 63n;
/** See {@link PAGEMAP_PRESENT}. Markers and migration entries count as swapped. */
export const PAGEMAP_SWAPPED: bigint = 1n << 62n;
/** File-backed or shared; not decided by the entry. */
export const PAGEMAP_FILE: bigint = 1n << 61n;
/** See {@link PAGEMAP_PRESENT}. */
export const PAGEMAP_UFFD_WP: bigint = 1n << 57n;
/** Mapped once; not decided by the entry. */
export const PAGEMAP_EXCLUSIVE: bigint = 1n << 56n;
/** See {@link PAGEMAP_PRESENT}. The kernel also sets it for whole VMAs that are soft-dirty. */
export const PAGEMAP_SOFT_DIRTY: bigint = 1n << 55n;

/** The bits on which {@link pagemapOf} may be compared with the kernel's word. */
export const PAGEMAP_COMPARED: bigint =
  PAGEMAP_PRESENT | PAGEMAP_SWAPPED | PAGEMAP_UFFD_WP | ((1n << 55n) - 1n);

/**
 * The pagemap word of the `page`-th 4 KiB page of an entry, without bits 61 and 56.
 *
 * @param page 0 for a 4 KiB entry; up to 511 in a 2 MiB entry and 262,143 in a 1 GiB one.
 */
export function pagemapOf(word: Entry, level: Level, page: number, layout: EntryLayout = LINUX_6_12): bigint {
  const kind = entryKind(word, level);
  if (kind === "page" || kind === "prot-none" || kind === "invalid-large") {
    const flags = (pteUffdWp(word) ? PAGEMAP_UFFD_WP : 0n) | (pteSoftDirty(word) ? PAGEMAP_SOFT_DIRTY : 0n);
    return PAGEMAP_PRESENT | flags | BigInt(pfnOf(word, level) + page);
  }
  return kind === "swap" ? swapWord(word, page, layout) : 0n;
}

/** How many pagemap words an entry of a level accounts for. */
export function pagesOf(level: Level): number {
  return levelInfo(level).span / PAGE_SIZE;
}

function swapWord(word: Entry, page: number, layout: EntryLayout): bigint {
  const { type, offset } = swapSlotOf(word);
  const swp = pteToSwpEntry(word);
  // An entry that names a frame also holds young and dirty bits above it; pagemap shows the frame alone.
  const shown = isPfnSwapEntry(swp, layout) ? swpOffsetPfn(swp, layout) : offset;
  const uffdWp = pteSwpUffdWp(word) || isUffdWpMarker(word, layout);
  const flags =
    (uffdWp ? PAGEMAP_UFFD_WP : 0n) | (pteSwpSoftDirty(word) ? PAGEMAP_SOFT_DIRTY : 0n) | PAGEMAP_SWAPPED;
  return flags | BigInt(type) | (BigInt.asUintN(50, BigInt(shown + page)) << 5n);
}
