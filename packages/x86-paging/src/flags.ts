/**
 * One position per bit of an entry, under Linux's names without `_PAGE_`, and the mask of each.
 *
 * Hardware meanings: Intel SDM volume 3, section 5.5, tables 5-14 to 5-20 (paging-structure entries).
 * Software meanings: arch/x86/include/asm/pgtable_types.h. What each bit means at each level, in words,
 * is in bit-use.ts; the bits that moved between releases are in layout.ts.
 */

import { bitMask, bits, type Word } from "./entry.ts";

/** Names of the bits that sit at the same place in every release. Several names may share one bit. */
export type FlagName =
  | "PRESENT"
  | "RW"
  | "USER"
  | "PWT"
  | "PCD"
  | "ACCESSED"
  | "DIRTY"
  | "PSE"
  | "PAT"
  | "GLOBAL"
  | "PROTNONE"
  | "SOFTW1"
  | "SPECIAL"
  | "CPA_TEST"
  | "SOFTW2"
  | "UFFD_WP"
  | "SOFTW3"
  | "SOFT_DIRTY"
  | "PAT_LARGE"
  | "PKEY0"
  | "PKEY1"
  | "PKEY2"
  | "PKEY3"
  | "NX";

/** Bit numbers, 0..63. */
export const BIT: Readonly<Record<FlagName, number>> = {
  PRESENT: 0,
  RW: 1,
  USER: 2,
  PWT: 3,
  PCD: 4,
  ACCESSED: 5,
  DIRTY: 6,
  PSE: 7, // In the 2 MiB and 1 GiB levels: this entry maps a page.
  PAT: 7, // In a 4 KiB entry.
  GLOBAL: 8,
  PROTNONE: 8, // Only when PRESENT is clear.
  SOFTW1: 9,
  SPECIAL: 9,
  CPA_TEST: 9, // Kernel mappings only.
  SOFTW2: 10,
  UFFD_WP: 10,
  SOFTW3: 11,
  SOFT_DIRTY: 11,
  PAT_LARGE: 12, // PAT of a 2 MiB or 1 GiB entry.
  PKEY0: 59,
  PKEY1: 60,
  PKEY2: 61,
  PKEY3: 62,
  NX: 63,
};

/** The same bits as masks: `withBits(entry, FLAG.RW)`. */
export const FLAG: Readonly<Record<FlagName, Word>> = Object.fromEntries(
  Object.entries(BIT).map(([name, bit]) => [name, bitMask(bit)]),
) as Record<FlagName, Word>;

/** Low-half flags as plain numbers, for hot code and for `makePage`: `entry.lo & RW`. */
export const PRESENT = 0x001;
/** See {@link PRESENT}. */
export const RW = 0x002;
/** See {@link PRESENT}. */
export const USER = 0x004;
/** See {@link PRESENT}. */
export const PWT = 0x008;
/** See {@link PRESENT}. */
export const PCD = 0x010;
/** See {@link PRESENT}. */
export const ACCESSED = 0x020;
/** See {@link PRESENT}. */
export const DIRTY = 0x040;
/** See {@link PRESENT}; PAT in a 4 KiB entry. */
export const PSE = 0x080;
/** See {@link PRESENT}; PROTNONE while PRESENT is clear. */
export const GLOBAL = 0x100;
/** See {@link GLOBAL}. */
export const PROTNONE = 0x100;
/** See {@link PRESENT}. */
export const SPECIAL = 0x200;
/** See {@link PRESENT}. */
export const UFFD_WP = 0x400;
/** See {@link PRESENT}. */
export const SOFT_DIRTY = 0x800;
/** No-execute, in the *high* half. */
export const NX_HI: number = 1 << 31;

/** The four protection-key bits, 62..59. */
export const PKEY_MASK: Word = bits(FLAG.PKEY0, FLAG.PKEY1, FLAG.PKEY2, FLAG.PKEY3);

/** Accessed and Dirty: a Knights Landing erratum may set them in a cleared entry, so "none" ignores both. */
export const KNL_ERRATUM_MASK: Word = bits(FLAG.ACCESSED, FLAG.DIRTY);

/** Bits 51..12, the frame of a table pointer or a 4 KiB page. */
export const PTE_PFN_MASK: Word = { lo: 0xfffff000 | 0, hi: 0x000fffff };

/** Bits 51..21, the frame of a 2 MiB page. */
export const PMD_PAGE_MASK: Word = { lo: 0xffe00000 | 0, hi: 0x000fffff };

/** Bits 51..30, the frame of a 1 GiB page. */
export const PUD_PAGE_MASK: Word = { lo: 0xc0000000 | 0, hi: 0x000fffff };

/** Flags of a kernel table pointer (0x063): P, RW, A, D. */
export const KERNEL_TABLE: Word = bits(FLAG.PRESENT, FLAG.RW, FLAG.ACCESSED, FLAG.DIRTY);

/** Flags of a user table pointer (0x067): the kernel's plus US. */
export const USER_TABLE: Word = bits(KERNEL_TABLE, FLAG.USER);
