/**
 * New pmds and puds from old ones. Almost all are the pte's changes under another name; the kernel spells
 * out each, and so do traces and tests, hence the list.
 *
 * @see arch/x86/include/asm/pgtable.h
 */

import { withBits, withoutBits, type Entry, type Word } from "../entry.ts";
import { PRESENT, PROTNONE } from "../flags.ts";
import { LINUX_6_12, type EntryLayout } from "../layout.ts";
import {
  pteClearSoftDirty,
  pteClearUffdWp,
  pteMkclean,
  pteMkdirty,
  pteMkhuge,
  pteMkold,
  pteMksoftDirty,
  pteMkspecial,
  pteMkuffdWp,
  pteMkwrite,
  pteMkwriteNovma,
  pteMkwriteShstk,
  pteMkyoung,
  pteWrprotect,
} from "./change-pte.ts";
import { pfnPmd, pfnPud } from "./construct.ts";
import { pmdFlags, pmdPfn, pudFlags, pudPfn } from "./frame.ts";
import { pteClearSaveddirty } from "./saved-dirty.ts";

/** A change that depends on nothing but the entry. */
export type Change = (large: Entry) => Entry;
/** A change whose result depends on the release. */
export type ChangeByLayout = (large: Entry, layout?: EntryLayout) => Entry;

/** {@link pteWrprotect} of a huge page. */
export const pmdWrprotect: ChangeByLayout = pteWrprotect;
/** {@link pteWrprotect} of a 1 GiB page. */
export const pudWrprotect: ChangeByLayout = pteWrprotect;
/** {@link pteMkclean} of a huge page. */
export const pmdMkclean: ChangeByLayout = pteMkclean;
/** {@link pteMkclean} of a 1 GiB page. */
export const pudMkclean: ChangeByLayout = pteMkclean;
/** {@link pteMkdirty} of a huge page. */
export const pmdMkdirty: ChangeByLayout = pteMkdirty;
/** {@link pteMkdirty} of a 1 GiB page. */
export const pudMkdirty: ChangeByLayout = pteMkdirty;
/** {@link pteMkold} of a huge page. */
export const pmdMkold: Change = pteMkold;
/** {@link pteMkold} of a 1 GiB page. */
export const pudMkold: Change = pteMkold;
/** {@link pteMkyoung} of a huge page. */
export const pmdMkyoung: Change = pteMkyoung;
/** {@link pteMkyoung} of a 1 GiB page. */
export const pudMkyoung: Change = pteMkyoung;
/** Sets PSE: the entry maps 2 MiB. */
export const pmdMkhuge: Change = pteMkhuge;
/** Sets PSE: the entry maps 1 GiB. */
export const pudMkhuge: Change = pteMkhuge;
/** {@link pteMkspecial} of a huge page (6.12). */
export const pmdMkspecial: Change = pteMkspecial;
/** {@link pteMkspecial} of a 1 GiB page (6.12). */
export const pudMkspecial: Change = pteMkspecial;
/** {@link pteMksoftDirty} of a huge page. */
export const pmdMksoftDirty: Change = pteMksoftDirty;
/** {@link pteMksoftDirty} of a 1 GiB page. */
export const pudMksoftDirty: Change = pteMksoftDirty;
/** {@link pteClearSoftDirty} of a huge page. */
export const pmdClearSoftDirty: Change = pteClearSoftDirty;
/** {@link pteClearSoftDirty} of a 1 GiB page. */
export const pudClearSoftDirty: Change = pteClearSoftDirty;
/** {@link pteMkuffdWp} of a huge page. */
export const pmdMkuffdWp: ChangeByLayout = pteMkuffdWp;
/** {@link pteClearUffdWp} of a huge page. */
export const pmdClearUffdWp: Change = pteClearUffdWp;
/** {@link pteMkwriteNovma} of a huge page. */
export const pmdMkwriteNovma: Change = pteMkwriteNovma;
/** {@link pteMkwriteShstk} of a huge page. */
export const pmdMkwriteShstk: Change = pteMkwriteShstk;
/** {@link pteMkwrite} of a huge page. */
export const pmdMkwrite: (pmd: Entry, vmFlags?: Word, layout?: EntryLayout) => Entry = pteMkwrite;

/** Makes a 1 GiB page writable. There are no shadow stacks of that size, so no VMA is asked. */
export function pudMkwrite(pud: Entry, layout: EntryLayout = LINUX_6_12): Entry {
  return pteClearSaveddirty(pteMkwriteNovma(pud), layout);
}

/** Marks a device's huge page; unlike {@link pteMkspecial} for ptes, not special. */
export function pmdMkdevmap(pmd: Entry, layout: EntryLayout = LINUX_6_12): Entry {
  return withBits(pmd, layout.devmap);
}

/** {@link pmdMkdevmap} for 1 GiB. */
export const pudMkdevmap: ChangeByLayout = pmdMkdevmap;

/**
 * The state a huge page passes through while it is split or its protection changes: neither Present nor
 * PROTNONE, PSE kept, frame inverted. `pmdPresent` still says yes, and the processor faults.
 */
export function pmdMkinvalid(pmd: Entry): Entry {
  return pfnPmd(pmdPfn(pmd), invalid(pmdFlags(pmd)));
}

/** {@link pmdMkinvalid} for 1 GiB (6.12). */
export function pudMkinvalid(pud: Entry): Entry {
  return pfnPud(pudPfn(pud), invalid(pudFlags(pud)));
}

function invalid(flags: Word): Word {
  return withoutBits(flags, { lo: PRESENT | PROTNONE, hi: 0 });
}
