/**
 * Frame numbers in entries, with the inversion Linux uses against L1 Terminal Fault.
 *
 * An entry that is not present but not zero keeps its frame bitwise inverted, so that a processor which
 * speculates past the missing Present bit reads an address that is not cacheable memory.
 *
 * @see arch/x86/include/asm/pgtable-invert.h; pte_pfn() and friends in arch/x86/include/asm/pgtable.h
 */

import { entry, frameField, keepBits, withoutBits, type Entry, type Word } from "../entry.ts";
import { PMD_PAGE_MASK, PRESENT, PSE, PTE_PFN_MASK, PUD_PAGE_MASK } from "../flags.ts";
import type { Level } from "../level.ts";

const ALL_ONES: Word = entry(-1, -1);
const NO_BITS: Word = entry(0, 0);

/** True for a value whose frame is stored inverted: not zero, and Present clear. */
export function needsInvert(word: Word): boolean {
  return (word.lo & PRESENT) === 0 && (word.lo | word.hi) !== 0;
}

/** All ones when the frame is stored inverted, else zero; XOR with it to get the true frame. */
export function protnoneMask(word: Word): Word {
  return needsInvert(word) ? ALL_ONES : NO_BITS;
}

/** Inverts the frame bits in `mask` if `from` and `to` disagree about inversion. */
export function flipProtnoneGuard(from: Word, to: Word, mask: Word): Word {
  const flips = needsInvert(from) !== needsInvert(to);
  return { lo: flips ? to.lo ^ mask.lo : to.lo, hi: flips ? to.hi ^ mask.hi : to.hi };
}

/** The frame bits of a pmd: 2 MiB aligned when it maps a page, 4 KiB aligned when it points to a table. */
export function pmdFrameMask(pmd: Entry): Word {
  return (pmd.lo & PSE) !== 0 ? PMD_PAGE_MASK : PTE_PFN_MASK;
}

/** The frame bits of a pud: 1 GiB aligned when it maps a page, 4 KiB aligned when it points to a table. */
export function pudFrameMask(pud: Entry): Word {
  return (pud.lo & PSE) !== 0 ? PUD_PAGE_MASK : PTE_PFN_MASK;
}

/** The true frame of a 4 KiB entry, in pages. PROT_NONE entries are un-inverted. Meaningless for swap. */
export function ptePfn(pte: Entry): number {
  const invert = needsInvert(pte) ? -1 : 0;
  return ((pte.hi ^ invert) & 0xfffff) * 0x100000 + ((pte.lo ^ invert) >>> 12);
}

/** The true frame of a pmd, page or table. */
export function pmdPfn(pmd: Entry): number {
  return maskedFrame(pmd, pmdFrameMask(pmd));
}

/** The true frame of a pud, page or table. */
export function pudPfn(pud: Entry): number {
  return maskedFrame(pud, pudFrameMask(pud));
}

/**
 * The true frame (in 4 KiB pages, below 2^40) of an entry of any level. The default level is 1, which is
 * also right for pointers to tables.
 */
export function pfnOf(word: Entry, level: Level = 1): number {
  if (level === 2) return pmdPfn(word);
  if (level === 3) return pudPfn(word);
  return ptePfn(word);
}

/** Everything in a pte but its frame field. */
export function pteFlags(pte: Entry): Word {
  return withoutBits(pte, PTE_PFN_MASK);
}

/** Everything in a pmd but its frame; bit 12 of a 2 MiB page (PAT) counts as a flag. */
export function pmdFlags(pmd: Entry): Word {
  return withoutBits(pmd, pmdFrameMask(pmd));
}

/** Everything in a pud but its frame; bit 12 of a 1 GiB page (PAT) counts as a flag. */
export function pudFlags(pud: Entry): Word {
  return withoutBits(pud, pudFrameMask(pud));
}

function maskedFrame(word: Word, mask: Word): number {
  const invert = needsInvert(word) ? -1 : 0;
  return frameField(keepBits({ lo: word.lo ^ invert, hi: word.hi ^ invert }, mask));
}
