/**
 * Questions about pmds and puds: the pte's questions again, and those only larger entries can answer.
 *
 * @see arch/x86/include/asm/pgtable.h
 */

import { hasAnyBit, sameEntry, type Entry } from "../entry.ts";
import { ACCESSED, DIRTY, KERNEL_TABLE, PRESENT, PROTNONE, PSE, RW, USER } from "../flags.ts";
import { LINUX_6_12, type EntryLayout } from "../layout.ts";
import { pmdFlags, pudFlags } from "./frame.ts";
import {
  pteDevmap,
  pteDirty,
  pteNone,
  pteProtnone,
  pteSoftDirty,
  pteSpecial,
  pteUffdWp,
  pteYoung,
} from "./test-pte.ts";

/** {@link pteNone} of a pmd: no table, no huge page, nothing remembered. */
export const pmdNone: (pmd: Entry) => boolean = pteNone;
/** {@link pteNone} of a pud. */
export const pudNone: (pud: Entry) => boolean = pteNone;

/**
 * A table or a huge page is here. PSE alone is enough: while a huge page is being split its pmd has neither
 * Present nor PROTNONE, and must not be mistaken for a swap entry.
 */
export function pmdPresent(pmd: Entry): boolean {
  return (pmd.lo & (PRESENT | PROTNONE | PSE)) !== 0;
}

/** Present, and nothing else: puds are never split through an invalid state. */
export function pudPresent(pud: Entry): boolean {
  return (pud.lo & PRESENT) !== 0;
}

/** Maps 2 MiB rather than pointing to a table (before 6.12 the kernel called this `pmd_large`). */
export function pmdLeaf(pmd: Entry): boolean {
  return (pmd.lo & PSE) !== 0;
}

/** Maps 1 GiB. 6.1 (there `pud_large`) answers no unless Present is set as well. */
export function pudLeaf(pud: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  return (pud.lo & PSE) !== 0 && (!layout.pudLeafIsPresent || (pud.lo & PRESENT) !== 0);
}

/** A transparent huge page, present or being split; not a device's page where the release can tell. */
export function pmdTransHuge(pmd: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  return (pmd.lo & PSE) !== 0 && !hasAnyBit(pmd, layout.devmap);
}

/** {@link pmdTransHuge} for 1 GiB. */
export const pudTransHuge: (pud: Entry, layout?: EntryLayout) => boolean = pmdTransHuge;

/** Not a well-formed pointer to a table: flags other than US and A must be exactly P, RW and D. */
export function pmdBad(pmd: Entry): boolean {
  const flags = pmdFlags(pmd);
  return (flags.lo & ~(USER | ACCESSED)) !== (KERNEL_TABLE.lo & ~ACCESSED) || flags.hi !== 0;
}

/** Has flags that no pointer to a table has. Laxer than {@link pmdBad}: missing flags do not count. */
export function pudBad(pud: Entry): boolean {
  const flags = pudFlags(pud);
  return (flags.lo & ~(KERNEL_TABLE.lo | USER)) !== 0 || flags.hi !== 0;
}

/** {@link pteProtnone} of a huge page. */
export const pmdProtnone: (pmd: Entry) => boolean = pteProtnone;
/** All 64 bits equal. */
export const pmdSame: (a: Entry, b: Entry) => boolean = sameEntry;
/** {@link pteDirty} of a huge page. */
export const pmdDirty: (pmd: Entry, layout?: EntryLayout) => boolean = pteDirty;
/** {@link pteDirty} of a 1 GiB page. */
export const pudDirty: (pud: Entry, layout?: EntryLayout) => boolean = pteDirty;
/** {@link pteYoung} of a huge page; in a table pointer it says that a walk has used it. */
export const pmdYoung: (pmd: Entry) => boolean = pteYoung;
/** {@link pteYoung} of a 1 GiB page. */
export const pudYoung: (pud: Entry) => boolean = pteYoung;
/** {@link pteDevmap} of a huge page. */
export const pmdDevmap: (pmd: Entry, layout?: EntryLayout) => boolean = pteDevmap;
/** {@link pteDevmap} of a 1 GiB page. */
export const pudDevmap: (pud: Entry, layout?: EntryLayout) => boolean = pteDevmap;
/** {@link pteSpecial} of a huge page (6.12 and later). */
export const pmdSpecial: (pmd: Entry) => boolean = pteSpecial;
/** {@link pteSpecial} of a 1 GiB page (6.12 and later). */
export const pudSpecial: (pud: Entry) => boolean = pteSpecial;
/** {@link pteSoftDirty} of a huge page. */
export const pmdSoftDirty: (pmd: Entry) => boolean = pteSoftDirty;
/** {@link pteSoftDirty} of a 1 GiB page. */
export const pudSoftDirty: (pud: Entry) => boolean = pteSoftDirty;
/** {@link pteUffdWp} of a huge page. */
export const pmdUffdWp: (pmd: Entry) => boolean = pteUffdWp;

/** Shadow-stack memory mapped by a huge page: as for a pte, and PSE must be set. */
export function pmdShstk(pmd: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  return layout.machine.shadowStack && (pmd.lo & (RW | DIRTY | PSE)) === (DIRTY | PSE);
}

/** {@link pmdShstk} for 1 GiB. */
export const pudShstk: (pud: Entry, layout?: EntryLayout) => boolean = pmdShstk;

/** Writable by ordinary stores or by shadow-stack pushes. */
export function pmdWrite(pmd: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  return (pmd.lo & RW) !== 0 || pmdShstk(pmd, layout);
}

/** Writable by ordinary stores. Unlike {@link pmdWrite} it knows no shadow stacks. */
export function pudWrite(pud: Entry): boolean {
  return (pud.lo & RW) !== 0;
}
