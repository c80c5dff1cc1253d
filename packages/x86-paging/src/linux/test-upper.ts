/**
 * Questions about the two top levels. With four levels the pgd level is folded away: its entries are always
 * "present" and never "none" or "bad", and the real questions are asked of the p4d.
 *
 * @see arch/x86/include/asm/pgtable.h
 */

import { withoutBits, type Entry, type Word } from "../entry.ts";
import { KERNEL_TABLE, NX_HI, PRESENT, PTE_PFN_MASK, USER } from "../flags.ts";
import { LINUX_6_12, type EntryLayout } from "../layout.ts";
import type { LevelCount } from "../level.ts";
import { pteNone } from "./test-pte.ts";

/** Five levels: zero (no erratum bits are forgiven). Four levels: never. */
export function pgdNone(pgd: Entry, levels: LevelCount): boolean {
  return levels === 5 && pgd.lo === 0 && pgd.hi === 0;
}

/** Five levels: Present. Four levels: always. */
export function pgdPresent(pgd: Entry, levels: LevelCount): boolean {
  return levels === 4 || (pgd.lo & PRESENT) !== 0;
}

/**
 * Five levels: flags other than US (and NX, with which page-table isolation marks user halves) are not
 * exactly those of a kernel table. Four levels: never.
 */
export function pgdBad(pgd: Entry, levels: LevelCount, layout: EntryLayout = LINUX_6_12): boolean {
  if (levels === 4) return false;
  const flags = withoutBits(withoutBits(pgd, PTE_PFN_MASK), ignoredInRoot(layout));
  return flags.lo !== KERNEL_TABLE.lo || flags.hi !== 0;
}

/** Zero but for A and D, with any number of levels. */
export function p4dNone(p4d: Entry): boolean {
  return pteNone(p4d);
}

/** Present. */
export function p4dPresent(p4d: Entry): boolean {
  return (p4d.lo & PRESENT) !== 0;
}

/** Has flags that no pointer to a table has; missing flags do not count. */
export function p4dBad(p4d: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  const flags = withoutBits(withoutBits(p4d, PTE_PFN_MASK), ignoredInRoot(layout));
  return (flags.lo & ~KERNEL_TABLE.lo) !== 0 || flags.hi !== 0;
}

function ignoredInRoot(layout: EntryLayout): Word {
  return { lo: USER, hi: layout.machine.pageTableIsolation ? NX_HI : 0 };
}
