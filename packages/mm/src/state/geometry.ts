/** How much of an address space a world has. Encodings and addresses never shrink; only tables have fewer entries. */

/** Sizes of one world. */
export interface Geometry {
  /** Entries of each PTE table that exist in this world, from index 0: 1 .. 512. The others count as none for ever. */
  readonly ptesPerTable: number;
  /** PMD slots of each mm, from `USER_BASE` up: 1 .. 512. All lie in one PMD table and share its lock. */
  readonly pmdsPerMm: number;
}

/** Where the model's address spaces begin: 1 GiB aligned, so that all slots lie in one PMD table. */
export const USER_BASE = 0x7f00_0000_0000;

/** Enough for two threads that meet in one table; small enough for exhaustive search. */
export const SMALL: Geometry = { ptesPerTable: 4, pmdsPerMm: 2 };
