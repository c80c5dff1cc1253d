/**
 * A page-table entry as two signed 32-bit halves, and the few operations everything else is made of.
 *
 * Halves, since a `bigint` costs ten times as much to test or store; see docs/decisions. `bigint` and text
 * appear only in the conversion functions at the end. Start reading here.
 */

import { PagingError } from "./errors.ts";

/**
 * Sixty-four bits: `lo` holds bits 31..0 and `hi` bits 63..32, both as signed int32 (what `| 0` yields).
 * Masks, protections and swap entries use it as well as page-table entries.
 */
export interface Word {
  readonly lo: number;
  readonly hi: number;
}

/** A page-table entry of any level. Immutable: every change makes a new value. */
export type Entry = Word;

/** Two halves as an entry. Any numbers are accepted; each is reduced to 32 bits. Inverse: `.lo`, `.hi`. */
export function entry(lo: number, hi: number): Entry {
  return { lo: lo | 0, hi: hi | 0 };
}

/** The all-zero entry: nothing mapped, nothing remembered. */
export const NONE_ENTRY: Entry = entry(0, 0);

/** All 64 bits equal. This is the kernel's `pte_same()` and what its rechecks under a lock compare. */
export function sameEntry(a: Entry, b: Entry): boolean {
  return a.lo === b.lo && a.hi === b.hi;
}

/** True when the word has at least one bit of the mask. An empty mask gives false. */
export function hasAnyBit(word: Word, mask: Word): boolean {
  return ((word.lo & mask.lo) | (word.hi & mask.hi)) !== 0;
}

/** True when the word has every bit of the mask. An empty mask gives true. */
export function hasAllBits(word: Word, mask: Word): boolean {
  return (word.lo & mask.lo) === mask.lo && (word.hi & mask.hi) === mask.hi;
}

/** Sets every bit of the mask. */
export function withBits(word: Word, mask: Word): Word {
  return { lo: word.lo | mask.lo, hi: word.hi | mask.hi };
}

/** Clears every bit of the mask. */
export function withoutBits(word: Word, mask: Word): Word {
  return { lo: word.lo & ~mask.lo, hi: word.hi & ~mask.hi };
}

/** Keeps only the bits of the mask. */
export function keepBits(word: Word, mask: Word): Word {
  return { lo: word.lo & mask.lo, hi: word.hi & mask.hi };
}

/** The union of masks; with none it is empty. */
export function bits(...masks: readonly Word[]): Word {
  let lo = 0;
  let hi = 0;
  for (const mask of masks) {
    lo |= mask.lo;
    hi |= mask.hi;
  }
  return { lo, hi };
}

/** The mask of one bit, 0..63. */
export function bitMask(bit: number): Word {
  return bit < 32 ? entry(1 << bit, 0) : entry(0, 1 << (bit - 32));
}

/**
 * The raw frame field, bits 51..12, as a number below 2^40. It knows nothing of PROT_NONE inversion nor of
 * the PAT bit of large pages: `pfnOf` does.
 */
export function frameField(word: Word): number {
  return (word.hi & 0xfffff) * 0x100000 + (word.lo >>> 12);
}

/** A frame number (0 .. 2^40 - 1) placed in bits 51..12. Out-of-range numbers lose their upper bits. */
export function frameWord(pfn: number): Word {
  return { lo: pfn << 12, hi: Math.floor(pfn / 0x100000) & 0xfffff };
}

/** The low 64 bits of a `bigint`; negative values are taken as two's complement. */
export function entryFromBigInt(value: bigint): Entry {
  return { lo: Number(BigInt.asIntN(32, value)), hi: Number(BigInt.asIntN(32, value >> 32n)) };
}

/** The entry as an unsigned 64-bit `bigint`. */
export function entryToBigInt(word: Word): bigint {
  return (BigInt(word.hi >>> 0) << 32n) | BigInt(word.lo >>> 0);
}

/** `0x` and sixteen lower-case digits, so that columns line up. */
export function entryToHex(word: Word): string {
  return `0x${half(word.hi)}${half(word.lo)}`;
}

/**
 * Reads one to sixteen hexadecimal digits, with or without `0x`; underscores between digits are ignored.
 *
 * @throws {PagingError} `bad-entry-text` for anything else.
 */
export function entryFromHex(text: string): Entry {
  const digits = text.trim().replace(/^0x/i, "").replaceAll("_", "");
  if (!/^[0-9a-f]{1,16}$/i.test(digits)) {
    throw new PagingError("bad-entry-text", JSON.stringify(text), "an entry is 1 to 16 hexadecimal digits");
  }
  const padded = digits.padStart(16, "0");
  return entry(parseInt(padded.slice(8), 16), parseInt(padded.slice(0, 8), 16));
}

function half(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
