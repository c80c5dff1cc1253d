/**
 * Where Dirty goes while an entry is read-only (6.6 and later).
 *
 * A processor with shadow stacks reads Write = 0 with Dirty = 1 as shadow-stack memory. So whenever Write is
 * cleared Dirty moves to a software bit, and back when Write returns, on every processor, with or without
 * shadow stacks. In layouts that have no saved-dirty bit both functions change nothing.
 *
 * Both always build their result anew, never hand the argument back: a single object on every path is what
 * lets the compiler keep it out of memory when the caller takes it apart at once.
 *
 * @see arch/x86/include/asm/pgtable.h, mksaveddirty_shift(), clear_saveddirty_shift()
 */

import type { Entry } from "../entry.ts";
import { DIRTY, RW } from "../flags.ts";
import { LINUX_6_12, type EntryLayout } from "../layout.ts";

/** If Write is clear, moves Dirty to saved-dirty. */
export function pteMksaveddirty(pte: Entry, layout: EntryLayout = LINUX_6_12): Entry {
  const moves = (pte.lo & (RW | DIRTY)) === DIRTY && layout.savedDirty.hi !== 0;
  return { lo: moves ? pte.lo & ~DIRTY : pte.lo, hi: moves ? pte.hi | layout.savedDirty.hi : pte.hi };
}

/** If Write is set, moves saved-dirty back to Dirty. */
export function pteClearSaveddirty(pte: Entry, layout: EntryLayout = LINUX_6_12): Entry {
  const moves = (pte.lo & RW) !== 0 && (pte.hi & layout.savedDirty.hi) !== 0;
  return { lo: moves ? pte.lo | DIRTY : pte.lo, hi: moves ? pte.hi & ~layout.savedDirty.hi : pte.hi };
}

/** {@link pteMksaveddirty} of a huge page. */
export const pmdMksaveddirty: (pmd: Entry, layout?: EntryLayout) => Entry = pteMksaveddirty;
/** {@link pteClearSaveddirty} of a huge page. */
export const pmdClearSaveddirty: (pmd: Entry, layout?: EntryLayout) => Entry = pteClearSaveddirty;
/** {@link pteMksaveddirty} of a 1 GiB page. */
export const pudMksaveddirty: (pud: Entry, layout?: EntryLayout) => Entry = pteMksaveddirty;
/** {@link pteClearSaveddirty} of a 1 GiB page. */
export const pudClearSaveddirty: (pud: Entry, layout?: EntryLayout) => Entry = pteClearSaveddirty;
