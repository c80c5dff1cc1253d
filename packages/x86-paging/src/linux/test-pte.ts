/**
 * Questions about a 4 KiB entry, under the kernel's names.
 *
 * Where the answer depends on the release the last argument is its layout; the default is 6.12.
 *
 * @see arch/x86/include/asm/pgtable.h
 */

import { hasAnyBit, sameEntry, type Entry } from "../entry.ts";
import {
  ACCESSED,
  DIRTY,
  GLOBAL,
  NX_HI,
  PRESENT,
  PROTNONE,
  PSE,
  RW,
  SOFT_DIRTY,
  SPECIAL,
  UFFD_WP,
} from "../flags.ts";
import { LINUX_6_12, type EntryLayout } from "../layout.ts";

const ERRATUM = ACCESSED | DIRTY;

/** Nothing here: zero, but for the two bits a Knights Landing processor may set by mistake. */
export function pteNone(pte: Entry): boolean {
  return (pte.lo & ~ERRATUM) === 0 && pte.hi === 0;
}

/** Mapped, or PROT_NONE: the kernel owns a page here even though the processor may see none. */
export function ptePresent(pte: Entry): boolean {
  return (pte.lo & (PRESENT | PROTNONE)) !== 0;
}

/** PROT_NONE or a NUMA hint: a page is here and the processor must fault. */
export function pteProtnone(pte: Entry): boolean {
  return (pte.lo & (PRESENT | PROTNONE)) === PROTNONE;
}

/**
 * Might a processor still hold a translation of this entry? Decides whether `ptep_clear_flush()` flushes.
 *
 * @param isFlushPending `mm->tlb_flush_pending` is raised: a PROT_NONE entry may have been mapped a moment ago.
 */
export function pteAccessible(pte: Entry, isFlushPending: boolean): boolean {
  return (pte.lo & PRESENT) !== 0 || (isFlushPending && pteProtnone(pte));
}

/** All 64 bits equal. */
export function pteSame(a: Entry, b: Entry): boolean {
  return sameEntry(a, b);
}

/** Written to since cleaned: by the processor (bit 6) or, from 6.6 on, remembered while read-only (bit 58). */
export function pteDirty(pte: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  return ((pte.lo & DIRTY) | (pte.hi & layout.savedDirty.hi)) !== 0;
}

/** Used since aged. */
export function pteYoung(pte: Entry): boolean {
  return (pte.lo & ACCESSED) !== 0;
}

/** Shadow-stack memory: Write = 0 and Dirty = 1 on a processor that has shadow stacks on. */
export function pteShstk(pte: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  return layout.machine.shadowStack && (pte.lo & (RW | DIRTY)) === DIRTY;
}

/** Writable by some instruction: ordinary stores (RW), or shadow-stack pushes. */
export function pteWrite(pte: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  return (pte.lo & RW) !== 0 || pteShstk(pte, layout);
}

/** Bit 7. In a true 4 KiB entry that is PAT; hugetlb code asks this of entries of higher levels. */
export function pteHuge(pte: Entry): boolean {
  return (pte.lo & PSE) !== 0;
}

/** Bit 8: kept in TLBs across CR3 loads. Also set in PROT_NONE entries, which reuse the bit. */
export function pteGlobal(pte: Entry): boolean {
  return (pte.lo & GLOBAL) !== 0;
}

/** Instruction fetches are allowed. */
export function pteExec(pte: Entry): boolean {
  return (pte.hi & NX_HI) === 0;
}

/** No `struct page` to count references on, or it must not be used. */
export function pteSpecial(pte: Entry): boolean {
  return (pte.lo & SPECIAL) !== 0;
}

/** A device's page. Always false from 6.17 on. */
export function pteDevmap(pte: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  return hasAnyBit(pte, layout.devmap);
}

/** Written since the last clear_refs. For present entries; see `pteSwpSoftDirty` for the others. */
export function pteSoftDirty(pte: Entry): boolean {
  return (pte.lo & SOFT_DIRTY) !== 0;
}

/** Write-protected by userfaultfd. For present entries; see `pteSwpUffdWp` for the others. */
export function pteUffdWp(pte: Entry): boolean {
  return (pte.lo & UFFD_WP) !== 0;
}
