/**
 * Changing the protection of an entry as mprotect does: some bits are kept, the others come from outside.
 *
 * Kept: the frame, cache attributes, A, D, saved-dirty, soft-dirty, uffd-wp, special, devmap. Replaced: P,
 * RW, US, G/PROTNONE, the protection key and NX. Crossing between mapped and PROT_NONE inverts the frame.
 *
 * @see arch/x86/include/asm/pgtable.h, pte_modify(), pmd_modify(), pud_modify(), pgprot_modify()
 */

import type { Entry, Word } from "../entry.ts";
import { PMD_PAGE_MASK, PTE_PFN_MASK, PUD_PAGE_MASK, RW } from "../flags.ts";
import { LINUX_6_12, type EntryLayout } from "../layout.ts";
import { flipProtnoneGuard } from "./frame.ts";
import { pteClearSaveddirty, pteMksaveddirty } from "./saved-dirty.ts";

/** A protection that keeps what must survive a change of `from`, and takes the rest from `to`. */
export function pgprotModify(from: Word, to: Word, layout: EntryLayout = LINUX_6_12): Word {
  const keep = layout.changeMask;
  return {
    lo: (from.lo & keep.lo) | (to.lo & ~keep.lo),
    hi: (from.hi & keep.hi) | (to.hi & ~keep.hi),
  };
}

/** A pte with a new protection. */
export function pteModify(pte: Entry, prot: Word, layout: EntryLayout = LINUX_6_12): Entry {
  return modify(pte, prot, PTE_PFN_MASK, layout);
}

/** A huge pmd with a new protection. Only the bits from 21 up are inverted for PROT_NONE. */
export function pmdModify(pmd: Entry, prot: Word, layout: EntryLayout = LINUX_6_12): Entry {
  return modify(pmd, prot, PMD_PAGE_MASK, layout);
}

/** A 1 GiB pud with a new protection. Only the bits from 30 up are inverted for PROT_NONE. */
export function pudModify(pud: Entry, prot: Word, layout: EntryLayout = LINUX_6_12): Entry {
  return modify(pud, prot, PUD_PAGE_MASK, layout);
}

function modify(old: Entry, prot: Word, frameMask: Word, layout: EntryLayout): Entry {
  const changed = flipProtnoneGuard(old, pgprotModify(old, prot, layout), frameMask);
  // A writable entry keeps its Dirty in bit 6; if Write was taken just now it must move, and the other way
  // round. The old value decides, so an entry that was read-only and dirty on purpose is left alone.
  return (old.lo & RW) !== 0 ? pteMksaveddirty(changed, layout) : pteClearSaveddirty(changed, layout);
}
