/**
 * Making entries: a frame and protection bits become a pte, pmd or pud; a table's frame becomes a pointer.
 *
 * @see arch/x86/include/asm/pgtable.h, pfn_pte(), pfn_pmd(), pfn_pud(); pgalloc.h, pmd_populate()
 */

import { frameWord, keepBits, withBits, type Entry, type Word } from "../entry.ts";
import { FLAG, PMD_PAGE_MASK, PTE_PFN_MASK, PUD_PAGE_MASK, USER_TABLE } from "../flags.ts";
import { requireFrame } from "../frame-number.ts";
import { needsInvert } from "./frame.ts";

/**
 * A pte for a frame. A protection without Present gets its frame inverted.
 *
 * @throws {PagingError} `pfn-out-of-range` unless 0 <= pfn < 2^40 and whole.
 */
export function pfnPte(pfn: number, prot: Word): Entry {
  return join(pfn, prot, PTE_PFN_MASK);
}

/** A pmd for a frame; the caller adds PSE. The low nine bits of the frame are dropped. */
export function pfnPmd(pfn: number, prot: Word): Entry {
  return join(pfn, prot, PMD_PAGE_MASK);
}

/** A pud for a frame; the caller adds PSE. The low eighteen bits of the frame are dropped. */
export function pfnPud(pfn: number, prot: Word): Entry {
  return join(pfn, prot, PUD_PAGE_MASK);
}

/** A pte mapping a 4 KiB frame with the given flags; the same as {@link pfnPte}, for building tables by hand. */
export function mkPte(pfn: number, flags: Word): Entry {
  return pfnPte(pfn, flags);
}

/** A pmd mapping 2 MiB; PSE is added. The frame must be 512-aligned, and is rounded down if it is not. */
export function mkHugePmd(pfn: number, flags: Word): Entry {
  return withBits(pfnPmd(pfn, flags), FLAG.PSE);
}

/** A pud mapping 1 GiB; PSE is added. */
export function mkHugePud(pfn: number, flags: Word): Entry {
  return withBits(pfnPud(pfn, flags), FLAG.PSE);
}

/** A pointer to a lower table with the flags of user tables, 0x067; pass {@link FLAG} bits for others. */
export function mkTable(pfn: number, flags: Word = USER_TABLE): Entry {
  return withBits(frameWord(requireFrame(pfn)), flags);
}

function join(pfn: number, prot: Word, mask: Word): Entry {
  const invert = needsInvert(prot) ? -1 : 0;
  const frame = frameWord(requireFrame(pfn));
  return withBits(keepBits({ lo: frame.lo ^ invert, hi: frame.hi ^ invert }, mask), prot);
}
