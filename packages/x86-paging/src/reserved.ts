/**
 * Reserved bits: those a present entry must have clear, per level, kind of entry and processor.
 *
 * Intel SDM volume 3, section 5.5.4 and the tables of entry formats; a set one faults with RSVD.
 */

import { bitMask, entry, withBits, type Word } from "./entry.ts";
import type { PagingControls } from "./control.ts";
import { NX_HI, PSE } from "./flags.ts";
import type { Level } from "./level.ts";

/** The two kinds of present entry. */
export type PresentKind = "table" | "page";

/** True when a present entry of a level maps a page: always a PTE; a PDE or PDPTE with bit 7, if that is allowed. */
export function mapsPage(word: Word, level: Level, controls: PagingControls): boolean {
  if (level === 1) return true;
  return (word.lo & PSE) !== 0 && (level === 2 || (level === 3 && controls.gigabytePages));
}

/** The reserved bits of a present entry. Bits 62..52 are ignored by the processor and never reserved here. */
export function reservedMask(level: Level, kind: PresentKind, controls: PagingControls): Word {
  const frame = addressBitsFrom(controls.physicalBits);
  let mask: Word = { lo: frame.lo, hi: frame.hi | (controls.noExecute ? 0 : NX_HI) };
  if (kind === "page") {
    // Bit 12 of a large page is PAT; between it and the frame lies a gap.
    if (level === 2) mask = withBits(mask, { lo: 0x001f_e000, hi: 0 });
    if (level === 3) mask = withBits(mask, { lo: 0x3fff_e000, hi: 0 });
    return mask;
  }
  // Bit 7 of a table pointer: free in none. In a PDE or PDPTE it would have made the entry a page.
  return level >= 3 ? withBits(mask, bitMask(7)) : mask;
}

/** True when a present entry has a reserved bit set. */
export function hasReservedBit(word: Word, level: Level, controls: PagingControls): boolean {
  const kind = mapsPage(word, level, controls) ? "page" : "table";
  const mask = reservedMask(level, kind, controls);
  return ((word.lo & mask.lo) | (word.hi & mask.hi)) !== 0;
}

/** Bits 51..first of an address field. */
function addressBitsFrom(first: number): Word {
  const hi = 0xfffff & ~((1 << Math.max(0, first - 32)) - 1);
  return entry(0, hi);
}
