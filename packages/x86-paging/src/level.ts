/**
 * The five levels of paging structures as a table: Intel's name, Linux's name, what one entry spans.
 *
 * Levels are counted from the bottom, as Linux and Intel's figures both draw them: 1 holds 4 KiB pages.
 */

/** 1 = PTE, 2 = PDE (pmd), 3 = PDPTE (pud), 4 = PML4E (p4d, or pgd with four levels), 5 = PML5E (pgd). */
export type Level = 1 | 2 | 3 | 4 | 5;

/** Linux's names of the levels. With four levels the kernel folds p4d into pgd, so both mean level 4 there. */
export type LevelName = "pte" | "pmd" | "pud" | "p4d" | "pgd";

/** How many levels a walk has: 4, or 5 with CR4.LA57. */
export type LevelCount = 4 | 5;

/** Facts about one level. */
export interface LevelInfo {
  readonly level: Level;
  /** Intel's name of an entry. */
  readonly intel: string;
  /** Linux's name of an entry. */
  readonly linux: LevelName;
  /** The lowest virtual-address bit of the index. */
  readonly shift: number;
  /** Bytes that one entry covers; at most 2^48, so exact as a number. */
  readonly span: number;
  /** The size of the page such an entry may map, as text; undefined where entries only point to tables. */
  readonly page: "4K" | "2M" | "1G" | undefined;
}

/** All levels, indexed by level number; index 0 is unused. */
export const LEVELS: readonly [undefined, LevelInfo, LevelInfo, LevelInfo, LevelInfo, LevelInfo] = [
  undefined,
  { level: 1, intel: "PTE", linux: "pte", shift: 12, span: 2 ** 12, page: "4K" },
  { level: 2, intel: "PDE", linux: "pmd", shift: 21, span: 2 ** 21, page: "2M" },
  { level: 3, intel: "PDPTE", linux: "pud", shift: 30, span: 2 ** 30, page: "1G" },
  { level: 4, intel: "PML4E", linux: "p4d", shift: 39, span: 2 ** 39, page: undefined },
  { level: 5, intel: "PML5E", linux: "pgd", shift: 48, span: 2 ** 48, page: undefined },
];

/** Entries per table, at every level. */
export const ENTRIES_PER_TABLE = 512;

/** Bytes of a 4 KiB page, and of one table. */
export const PAGE_SIZE = 4096;
/** Bytes that one PDE (pmd) covers: 2 MiB. */
export const PMD_SIZE = 0x20_0000;
/** Bytes that one PDPTE (pud) covers: 1 GiB. */
export const PUD_SIZE = 0x4000_0000;

/** The facts about a level. */
export function levelInfo(level: Level): LevelInfo {
  return LEVELS[level];
}

/** A level from its number or from Linux's name; `pgd` means level 5. */
export function levelOf(level: Level | LevelName): Level {
  if (typeof level === "number") return level;
  return level === "pte" ? 1 : level === "pmd" ? 2 : level === "pud" ? 3 : level === "p4d" ? 4 : 5;
}
