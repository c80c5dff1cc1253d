/** How much of an address space a world has. Encodings and addresses never shrink; only tables have fewer entries. */

import { PAGE_SIZE, PMD_SIZE, PUD_SIZE } from "@mmrace/x86-paging";

/** Sizes of one world. */
export interface Geometry {
  /** Entries of each PTE table that exist in this world, from index 0: 1 .. 512. The others count as none for ever. */
  readonly ptesPerTable: number;
  /** PMD slots of each PMD table that exist, from index 0: 1 .. 512. */
  readonly pmdsPerMm: number;
}

/** Where the model's address spaces begin: 1 GiB aligned, so that the first slots lie in one PMD table. */
export const USER_BASE = 0x7f00_0000_0000;

/** Where a second PMD table begins, with a lock of its own, in address spaces that have one. */
export const USER_BASE_2: number = USER_BASE + PUD_SIZE;

/** Enough for two threads that meet in one table; small enough for exhaustive search. */
export const SMALL: Geometry = { ptesPerTable: 4, pmdsPerMm: 2 };

/** The index of an address in its PTE table. */
export function pteIndex(address: number): number {
  return Math.floor(address / PAGE_SIZE) % 512;
}

/** The first address that the same PMD slot covers. */
export function pmdStart(address: number): number {
  return address - (address % PMD_SIZE);
}

/** The first address of the same page. */
export function pageStart(address: number): number {
  return address - (address % PAGE_SIZE);
}
