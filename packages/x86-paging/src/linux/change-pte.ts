/**
 * New entries from old ones: the small changes to a 4 KiB entry, under the kernel's names.
 *
 * None of them touches memory or flushes anything. Protection changes as a whole are in modify.ts.
 *
 * @see arch/x86/include/asm/pgtable.h
 */

import { hasAnyBit, NONE_ENTRY, withBits, withoutBits, type Entry, type Word } from "../entry.ts";
import { ACCESSED, DIRTY, FLAG, GLOBAL, NX_HI, PSE, RW, SOFT_DIRTY, SPECIAL, UFFD_WP } from "../flags.ts";
import { LINUX_6_12, type EntryLayout } from "../layout.ts";
import { needsInvert } from "./frame.ts";
import { VM_SHADOW_STACK } from "./protection.ts";
import { pteClearSaveddirty, pteMksaveddirty } from "./saved-dirty.ts";

/** Removes Write; from 6.6 on Dirty moves to saved-dirty with it. */
export function pteWrprotect(pte: Entry, layout: EntryLayout = LINUX_6_12): Entry {
  return pteMksaveddirty({ lo: pte.lo & ~RW, hi: pte.hi }, layout);
}

/** Sets Write and nothing else, as `pte_mkwrite()` did before 6.6. May leave saved-dirty beside Write. */
export function pteMkwriteNovma(pte: Entry): Entry {
  return { lo: pte.lo | RW, hi: pte.hi };
}

/** Makes shadow-stack memory: Write = 0, Dirty = 1. */
export function pteMkwriteShstk(pte: Entry): Entry {
  return { lo: (pte.lo & ~RW) | DIRTY, hi: pte.hi };
}

/**
 * Makes the entry writable in the way its VMA asks for.
 *
 * @param vmFlags the VMA's flags; VM_SHADOW_STACK is the one that matters, from 6.6 on.
 */
export function pteMkwrite(pte: Entry, vmFlags: Word = NONE_ENTRY, layout: EntryLayout = LINUX_6_12): Entry {
  if (layout.savedDirty.hi === 0) return pteMkwriteNovma(pte);
  if (hasAnyBit(vmFlags, VM_SHADOW_STACK)) return pteMkwriteShstk(pte);
  return pteClearSaveddirty(pteMkwriteNovma(pte), layout);
}

/** Forgets every write: clears Dirty, and saved-dirty where there is one. Soft-dirty stays. */
export function pteMkclean(pte: Entry, layout: EntryLayout = LINUX_6_12): Entry {
  return { lo: pte.lo & ~DIRTY, hi: pte.hi & ~layout.savedDirty.hi };
}

/** Sets Dirty and soft-dirty; in a read-only entry Dirty goes to saved-dirty (6.6). */
export function pteMkdirty(pte: Entry, layout: EntryLayout = LINUX_6_12): Entry {
  return pteMksaveddirty({ lo: pte.lo | DIRTY | SOFT_DIRTY, hi: pte.hi }, layout);
}

/** Clears Accessed. */
export function pteMkold(pte: Entry): Entry {
  return { lo: pte.lo & ~ACCESSED, hi: pte.hi };
}

/** Sets Accessed. */
export function pteMkyoung(pte: Entry): Entry {
  return { lo: pte.lo | ACCESSED, hi: pte.hi };
}

/** Allows instruction fetches. */
export function pteMkexec(pte: Entry): Entry {
  return { lo: pte.lo, hi: pte.hi & ~NX_HI };
}

/** Sets bit 7: used on entries of higher levels held in a `pte_t`. */
export function pteMkhuge(pte: Entry): Entry {
  return { lo: pte.lo | PSE, hi: pte.hi };
}

/** Clears bit 7. */
export function pteClrhuge(pte: Entry): Entry {
  return { lo: pte.lo & ~PSE, hi: pte.hi };
}

/** Sets Global. */
export function pteMkglobal(pte: Entry): Entry {
  return { lo: pte.lo | GLOBAL, hi: pte.hi };
}

/** Clears Global. */
export function pteClrglobal(pte: Entry): Entry {
  return { lo: pte.lo & ~GLOBAL, hi: pte.hi };
}

/** Marks a page the core mm must not reference-count. */
export function pteMkspecial(pte: Entry): Entry {
  return { lo: pte.lo | SPECIAL, hi: pte.hi };
}

/** Marks a device's page, which is special as well. */
export function pteMkdevmap(pte: Entry, layout: EntryLayout = LINUX_6_12): Entry {
  return withBits({ lo: pte.lo | SPECIAL, hi: pte.hi }, layout.devmap);
}

/** Sets soft-dirty. */
export function pteMksoftDirty(pte: Entry): Entry {
  return { lo: pte.lo | SOFT_DIRTY, hi: pte.hi };
}

/** Clears soft-dirty. */
export function pteClearSoftDirty(pte: Entry): Entry {
  return { lo: pte.lo & ~SOFT_DIRTY, hi: pte.hi };
}

/** Write-protects for userfaultfd. From 6.6 on Write is removed as well; before, the caller had to. */
export function pteMkuffdWp(pte: Entry, layout: EntryLayout = LINUX_6_12): Entry {
  const marked = { lo: pte.lo | UFFD_WP, hi: pte.hi };
  return layout.uffdWpImpliesReadOnly ? pteWrprotect(marked, layout) : marked;
}

/** Lifts the userfaultfd protection. Write stays clear: the next write fault decides. */
export function pteClearUffdWp(pte: Entry): Entry {
  return withoutBits(pte, FLAG.UFFD_WP);
}

/**
 * The same flags for a frame `count` further on. Carries run into the bits above, as in the kernel.
 *
 * @param count whole number below 2^31.
 */
export function pteAdvancePfn(pte: Entry, count: number): Entry {
  const step = (needsInvert(pte) ? -count : count) * 4096;
  const sum = (pte.lo >>> 0) + step;
  return { lo: sum | 0, hi: (pte.hi + Math.floor(sum / 2 ** 32)) | 0 };
}
