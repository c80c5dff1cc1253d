/**
 * Not-present entries that remember something: the x86 packing, and the kernel's generic `swp_entry_t`.
 *
 * Packed:  63..59 type | 58..9 offset, inverted | 8 PROTNONE = 0 | 7 PSE = 0 | 3 exclusive | 2 uffd-wp |
 * 1 soft-dirty | 0 Present = 0. Generic: type << 58 | offset. What the types mean is in swap-kinds.ts.
 *
 * @see arch/x86/include/asm/pgtable_64.h, __swp_entry(); include/linux/swapops.h, swp_entry()
 */

import {
  bitMask,
  bits,
  entry,
  hasAnyBit,
  NONE_ENTRY,
  withBits,
  withoutBits,
  type Entry,
  type Word,
} from "../entry.ts";
import { PagingError } from "../errors.ts";
import { pmdNone, pmdPresent } from "./test-large.ts";
import { pteNone, ptePresent } from "./test-pte.ts";

/** Soft-dirty inside a swap entry: bit 1, where RW would be. */
export const SWP_SOFT_DIRTY: Word = bitMask(1);
/** Uffd-wp inside a swap entry: bit 2, where US would be. */
export const SWP_UFFD_WP: Word = bitMask(2);
/** The anonymous page is exclusive to this process: bit 3, where PWT would be. */
export const SWP_EXCLUSIVE: Word = bitMask(3);
/** The three flags a swap entry may carry beside type and offset. */
export const SWP_FLAGS: Word = bits(SWP_SOFT_DIRTY, SWP_UFFD_WP, SWP_EXCLUSIVE);

const OFFSET_MASK_HI = 0x03ffffff;
const OFFSET_LIMIT = 2 ** 50;

/** A pte that is neither none nor present: swapped, migrating, a marker, poisoned or a device's. */
export function isSwapPte(pte: Entry): boolean {
  return !pteNone(pte) && !ptePresent(pte);
}

/** The same of a pmd. A pmd that is being split keeps PSE, so it is not one. */
export function isSwapPmd(pmd: Entry): boolean {
  return !pmdNone(pmd) && !pmdPresent(pmd);
}

/** Type in the packed form, 0..31. */
export function archSwpType(packed: Entry): number {
  return packed.hi >>> 27;
}

/** Offset in the packed form: 50 bits, as a word. */
export function archSwpOffset(packed: Entry): Word {
  const lo = ~packed.lo;
  const hi = ~packed.hi;
  return { lo: (lo >>> 9) | (hi << 23), hi: (hi >>> 9) & 0x3ffff };
}

/** Packs type and offset; of the offset only the low 50 bits survive. */
export function archSwpEntry(type: number, offset: Word): Entry {
  const lo = ~offset.lo;
  const hi = ~offset.hi;
  return { lo: lo << 9, hi: (((hi << 9) | (lo >>> 23)) & 0x07ffffff) | (type << 27) };
}

/** The generic form: type << 58 | offset. */
export function swpEntry(type: number, offset: Word): Word {
  return { lo: offset.lo, hi: (offset.hi & OFFSET_MASK_HI) | (type << 26) };
}

/** Type of the generic form. Six bits are read, though only 0..31 are made. */
export function swpType(swp: Word): number {
  return swp.hi >>> 26;
}

/** Offset of the generic form: 58 bits, as a word. */
export function swpOffset(swp: Word): Word {
  return { lo: swp.lo, hi: swp.hi & OFFSET_MASK_HI };
}

/** Generic form of a swap pte. Its soft-dirty, uffd-wp and exclusive flags are dropped. */
export function pteToSwpEntry(pte: Entry): Word {
  const packed = pteSwpClearFlags(pte);
  return swpEntry(archSwpType(packed), archSwpOffset(packed));
}

/** Generic form of a swap pmd. */
export function pmdToSwpEntry(pmd: Entry): Word {
  return pteToSwpEntry(pmd);
}

/** Packs a generic entry into a pte. */
export function swpEntryToPte(swp: Word): Entry {
  return archSwpEntry(swpType(swp), swpOffset(swp));
}

/** Packs a generic entry into a pmd. */
export const swpEntryToPmd: (swp: Word) => Entry = swpEntryToPte;

/** Drops the three flags of a swap pte, as one must before comparing what two of them name. */
export function pteSwpClearFlags(pte: Entry): Entry {
  return withoutBits(pte, SWP_FLAGS);
}

/** Uffd-wp flag of a swap pte. */
export function pteSwpUffdWp(pte: Entry): boolean {
  return hasAnyBit(pte, SWP_UFFD_WP);
}

/** Sets the uffd-wp flag of a swap pte. */
export function pteSwpMkuffdWp(pte: Entry): Entry {
  return withBits(pte, SWP_UFFD_WP);
}

/** Clears the uffd-wp flag of a swap pte. */
export function pteSwpClearUffdWp(pte: Entry): Entry {
  return withoutBits(pte, SWP_UFFD_WP);
}

/** Soft-dirty flag of a swap pte. */
export function pteSwpSoftDirty(pte: Entry): boolean {
  return hasAnyBit(pte, SWP_SOFT_DIRTY);
}

/** Sets the soft-dirty flag of a swap pte. */
export function pteSwpMksoftDirty(pte: Entry): Entry {
  return withBits(pte, SWP_SOFT_DIRTY);
}

/** Clears the soft-dirty flag of a swap pte. */
export function pteSwpClearSoftDirty(pte: Entry): Entry {
  return withoutBits(pte, SWP_SOFT_DIRTY);
}

/** Exclusive flag of a swap pte: no other process can hold this anonymous page. */
export function pteSwpExclusive(pte: Entry): boolean {
  return hasAnyBit(pte, SWP_EXCLUSIVE);
}

/** Sets the exclusive flag of a swap pte. */
export function pteSwpMkexclusive(pte: Entry): Entry {
  return withBits(pte, SWP_EXCLUSIVE);
}

/** Clears the exclusive flag of a swap pte. */
export function pteSwpClearExclusive(pte: Entry): Entry {
  return withoutBits(pte, SWP_EXCLUSIVE);
}

/** {@link pteSwpUffdWp} of a migrating huge page. */
export const pmdSwpUffdWp: (pmd: Entry) => boolean = pteSwpUffdWp;
/** {@link pteSwpMkuffdWp} of a migrating huge page. */
export const pmdSwpMkuffdWp: (pmd: Entry) => Entry = pteSwpMkuffdWp;
/** {@link pteSwpClearUffdWp} of a migrating huge page. */
export const pmdSwpClearUffdWp: (pmd: Entry) => Entry = pteSwpClearUffdWp;
/** {@link pteSwpSoftDirty} of a migrating huge page. */
export const pmdSwpSoftDirty: (pmd: Entry) => boolean = pteSwpSoftDirty;
/** {@link pteSwpMksoftDirty} of a migrating huge page. */
export const pmdSwpMksoftDirty: (pmd: Entry) => Entry = pteSwpMksoftDirty;
/** {@link pteSwpClearSoftDirty} of a migrating huge page. */
export const pmdSwpClearSoftDirty: (pmd: Entry) => Entry = pteSwpClearSoftDirty;

/** What a packed entry names, as plain numbers. Offsets have 50 bits, so a number holds them exactly. */
export interface SwapSlot {
  readonly type: number;
  readonly offset: number;
}

/** Reads type and offset of a packed entry. */
export function swapSlotOf(packed: Entry): SwapSlot {
  const offset = archSwpOffset(packed);
  return { type: archSwpType(packed), offset: (offset.hi >>> 0) * 2 ** 32 + (offset.lo >>> 0) };
}

/**
 * A swap pte for a slot of a swap file, with optional flags from {@link SWP_FLAGS}.
 *
 * @throws {PagingError} `bad-argument` unless 0 <= type < 32 and 0 <= offset < 2^50.
 */
export function mkSwapPte(type: number, offset: number, flags: Word = NONE_ENTRY): Entry {
  if (!(type >= 0 && type < 32 && Number.isInteger(type))) {
    throw new PagingError("bad-argument", String(type), "a swap type is a whole number from 0 to 31");
  }
  if (!(offset >= 0 && offset < OFFSET_LIMIT && Number.isInteger(offset))) {
    throw new PagingError("bad-argument", String(offset), "a swap offset is a whole number below 2^50");
  }
  return withBits(archSwpEntry(type, entry(offset % 2 ** 32, Math.floor(offset / 2 ** 32))), flags);
}
