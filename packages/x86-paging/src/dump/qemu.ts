/**
 * Says about a page table what QEMU's monitor says, so that the two can be compared line by line.
 *
 * `info tlb` prints every present leaf with the flags of the leaf alone; `info mem` prints merged ranges with
 * the permissions of all levels combined. Formats as of QEMU 7.2, target/i386/monitor.c.
 */

import { bitMask, frameField, hasAnyBit, keepBits, type Entry, type Word } from "../entry.ts";
import { FLAG, PMD_PAGE_MASK, PTE_PFN_MASK, PUD_PAGE_MASK } from "../flags.ts";
import { type Level, type LevelCount, levelInfo, PAGE_SIZE } from "../level.ts";
import type { ReadEntry } from "../memory.ts";
import { listEntries, type ListOptions } from "./address-space.ts";

/** One line of `info tlb`, with the size that QEMU knows and does not print. */
export interface TlbLine {
  readonly va: bigint;
  /** Physical address of the page, a multiple of its size; below 2^52, so exact. */
  readonly pa: number;
  readonly size: number;
  /** Nine characters, see {@link qemuFlags}. */
  readonly flags: string;
}

/** One line of `info mem`. */
export interface MemoryRange {
  readonly start: bigint;
  readonly size: bigint;
  /** `u` or `-`, then `r`, then `w` or `-`. */
  readonly permissions: string;
}

const LETTERS: readonly (readonly [string, Word])[] = [
  ["X", FLAG.NX],
  ["G", FLAG.GLOBAL],
  ["P", bitMask(7)], // PSE above the last level; in a 4 KiB entry the same bit is PAT, and QEMU prints P too.
  ["D", FLAG.DIRTY],
  ["A", FLAG.ACCESSED],
  ["C", FLAG.PCD],
  ["T", FLAG.PWT],
  ["U", FLAG.USER],
  ["W", FLAG.RW],
];

/** The flags of a leaf as QEMU writes them: `XGPDACTUW`, a dash where the bit is clear. X means no-execute. */
export function qemuFlags(leaf: Entry): string {
  return LETTERS.map(([letter, mask]) => (hasAnyBit(leaf, mask) ? letter : "-")).join("");
}

/** Physical address a present leaf maps; PAT of large pages is not part of it. */
export function leafAddress(leaf: Entry, level: Level): number {
  const mask = level === 1 ? PTE_PFN_MASK : level === 2 ? PMD_PAGE_MASK : PUD_PAGE_MASK;
  return frameField(keepBits(leaf, mask)) * PAGE_SIZE;
}

/** Every line of `info tlb`, in order of address. */
export function* qemuTlb(
  read: ReadEntry,
  rootFrame: number,
  levels: LevelCount,
  options: ListOptions = {},
): Generator<TlbLine> {
  for (const { va, level, entry, kind } of listEntries(read, rootFrame, levels, options)) {
    if (kind !== "page") continue;
    yield { va, pa: leafAddress(entry, level), size: levelInfo(level).span, flags: qemuFlags(entry) };
  }
}

/** Every line of `info mem`: neighbours in address with equal permissions are one range. */
export function* qemuMemory(
  read: ReadEntry,
  rootFrame: number,
  levels: LevelCount,
  options: ListOptions = {},
): Generator<MemoryRange> {
  let open: { start: bigint; end: bigint; permissions: string } | undefined;
  for (const { va, level, kind, user, write } of listEntries(read, rootFrame, levels, options)) {
    if (kind !== "page") continue;
    const permissions = `${user ? "u" : "-"}r${write ? "w" : "-"}`;
    const end = va + BigInt(levelInfo(level).span);
    if (open !== undefined && open.end === va && open.permissions === permissions) {
      open.end = end;
      continue;
    }
    if (open !== undefined) yield rangeOf(open);
    open = { start: va, end, permissions };
  }
  if (open !== undefined) yield rangeOf(open);
}

function rangeOf(open: { start: bigint; end: bigint; permissions: string }): MemoryRange {
  return { start: open.start, size: open.end - open.start, permissions: open.permissions };
}
