/**
 * Virtual addresses: canonical form, the index at each level, and the end of a range at each level.
 *
 * Intel SDM volume 3, section 5.5.4 (address translation); the kernel's names from
 * include/linux/pgtable.h and arch/x86/include/asm/page.h. Addresses are unsigned 64-bit `bigint`s.
 */

import { PagingError } from "./errors.ts";
import { type Level, type LevelCount, levelInfo } from "./level.ts";

/** Bits of a virtual address that are translated: 48 with four levels, 57 with five. */
export function virtualBits(levels: LevelCount): 48 | 57 {
  return levels === 5 ? 57 : 48;
}

/**
 * Sign-extends from bit `width - 1` and returns the unsigned 64-bit form.
 *
 * @see arch/x86/include/asm/page.h, __canonical_address()
 */
export function canonicalAddress(va: bigint, width: number): bigint {
  return BigInt.asUintN(64, BigInt.asIntN(width, va));
}

/** True when bits 63..width-1 are all equal, which the processor demands of every address it translates. */
export function isCanonicalAddress(va: bigint, width: number): boolean {
  return canonicalAddress(va, width) === BigInt.asUintN(64, va);
}

/**
 * The address, checked.
 *
 * @throws {PagingError} `non-canonical-address`.
 */
export function requireCanonical(va: bigint, levels: LevelCount): bigint {
  if (va >= 0n && va < 1n << 64n && isCanonicalAddress(va, virtualBits(levels))) return va;
  const text = va < 0n ? `-0x${(-va).toString(16)}` : `0x${va.toString(16)}`;
  throw new PagingError("non-canonical-address", text, `bits 63..${virtualBits(levels) - 1} must be equal`);
}

/** The index (0..511) of an address in a table of a level. Nine bits, whatever the number of levels. */
export function indexAt(va: bigint, level: Level): number {
  return Number(BigInt.asUintN(9, va >> BigInt(levelInfo(level).shift)));
}

/** Index into the root table: bits 47..39 with four levels, 56..48 with five. */
export function pgdIndex(va: bigint, levels: LevelCount = 4): number {
  return indexAt(va, levels);
}

/** Index into a p4d table: bits 47..39 with five levels. With four there is one p4d, and it is 0. */
export function p4dIndex(va: bigint, levels: LevelCount = 4): number {
  return levels === 5 ? indexAt(va, 4) : 0;
}

/** Index into a pud table: bits 38..30. */
export function pudIndex(va: bigint): number {
  return indexAt(va, 3);
}

/** Index into a pmd table: bits 29..21. */
export function pmdIndex(va: bigint): number {
  return indexAt(va, 2);
}

/** Index into a PTE table: bits 20..12. */
export function pteIndex(va: bigint): number {
  return indexAt(va, 1);
}

/**
 * The end of the part of [addr, end) that one entry of a level covers; both are unsigned 64-bit.
 *
 * The comparison is of `x - 1`, so an end of 0 means the top of the address space.
 *
 * @see include/linux/pgtable.h, pmd_addr_end() and friends
 */
export function addrEndAt(addr: bigint, end: bigint, level: Level): bigint {
  const span = BigInt(levelInfo(level).span);
  const boundary = BigInt.asUintN(64, (addr + span) & -span);
  return BigInt.asUintN(64, boundary - 1n) < BigInt.asUintN(64, end - 1n) ? boundary : end;
}

/** {@link addrEndAt} for the root table. */
export function pgdAddrEnd(addr: bigint, end: bigint, levels: LevelCount = 4): bigint {
  return addrEndAt(addr, end, levels);
}

/** {@link addrEndAt} for 1 GiB entries. */
export function pudAddrEnd(addr: bigint, end: bigint): bigint {
  return addrEndAt(addr, end, 3);
}

/** {@link addrEndAt} for 2 MiB entries. */
export function pmdAddrEnd(addr: bigint, end: bigint): bigint {
  return addrEndAt(addr, end, 2);
}

/** Bytes of user address space: the lower half less one guard page. */
export function taskSizeMax(levels: LevelCount): bigint {
  return (1n << BigInt(virtualBits(levels) - 1)) - 4096n;
}
