/**
 * One logical processor's translation caches: the TLB, and the caches of upper-level entries.
 *
 * Intel SDM volume 3, section 5.10. A processor may cache any translation at any time and may drop any at any
 * time; here nothing comes or goes unless a caller says so, so that an explorer can try every case. What each
 * invalidation must remove is in tlb-invalidate.ts. May be skipped on first reading.
 */

import { ENTRIES_PER_TABLE, type Level } from "./level.ts";
import type { Rights } from "./permission.ts";

/** A cached translation. Frozen at the time of the fill: later changes of memory do not reach it. */
export interface TlbEntry {
  /** Process-context identifier, 0..4095; 0 without CR4.PCIDE. */
  readonly pcid: number;
  /** Used whatever the PCID. */
  readonly global: boolean;
  /** Level of the leaf: the size of the page. */
  readonly level: Level;
  /** First virtual page number that the entry serves. */
  readonly page: number;
  /** 4 KiB pages that it serves: the whole page, or 1 for a fragment of a large one. */
  readonly pages: number;
  /** Frame of the first of them. */
  readonly frame: number;
  readonly rights: Rights;
  readonly protectionKey: number;
  /** D was set in memory when it was filled; when false, a write has to walk again. */
  readonly dirty: boolean;
}

/** A cached pointer to a table: it lets a walk start below the root, with entries above it unread. */
export interface StructureEntry {
  readonly pcid: number;
  /** Level of the entry that is cached: 2 (PDE cache) to 5 (PML5E cache). */
  readonly level: Level;
  /** Virtual page number divided by the pages one entry of this level spans. */
  readonly prefix: number;
  /** Frame of the table that the entry points to. */
  readonly frame: number;
  /** Rights of this entry and all above it. */
  readonly rights: Rights;
}

/** The virtual page number (0 .. 2^45 - 1) of an address; two canonical addresses never share one. */
export function virtualPage(va: bigint): number {
  return Number(BigInt.asUintN(45, va >> 12n));
}

/** How many 4 KiB pages one entry of a level spans: 1, 512, 2^18, 2^27, 2^36. */
export function pagesSpanned(level: Level): number {
  return ENTRIES_PER_TABLE ** (level - 1);
}

/** The caches of one logical processor. */
export class TranslationCaches {
  #translations: TlbEntry[] = [];
  #structures: StructureEntry[] = [];

  /** Everything in the TLB, oldest first. */
  get translations(): readonly TlbEntry[] {
    return this.#translations;
  }

  /** Everything in the paging-structure caches, oldest first. */
  get structures(): readonly StructureEntry[] {
    return this.#structures;
  }

  /** Adds a translation. Older ones for the same page stay: a TLB that was not flushed may hold both. */
  insertTranslation(entry: TlbEntry): void {
    if (!this.#translations.some((other) => sameTranslation(other, entry))) this.#translations.push(entry);
  }

  /** Adds a table pointer, again beside older ones. */
  insertStructure(entry: StructureEntry): void {
    if (!this.#structures.some((other) => sameStructure(other, entry))) this.#structures.push(entry);
  }

  /** Translations that an access to a page may use, oldest first. The processor may use any of them. */
  matching(page: number, pcid: number): readonly TlbEntry[] {
    return this.#translations.filter((entry) => serves(entry, page) && (entry.global || entry.pcid === pcid));
  }

  /** Table pointers that a walk for a page may start from, the deepest level first. */
  startingPoints(page: number, pcid: number): readonly StructureEntry[] {
    return this.#structures
      .filter((entry) => entry.pcid === pcid && covers(entry, page))
      .sort((a, b) => a.level - b.level);
  }

  /** Keeps only what the two tests keep; how invalidation and eviction are made. Returns how many went. */
  retain(
    keepTranslation: (entry: TlbEntry) => boolean,
    keepStructure: (entry: StructureEntry) => boolean,
  ): number {
    const before = this.#translations.length + this.#structures.length;
    this.#translations = this.#translations.filter(keepTranslation);
    this.#structures = this.#structures.filter(keepStructure);
    return before - this.#translations.length - this.#structures.length;
  }

  /** Drops one translation, as a full TLB may do at any time. */
  evictTranslation(entry: TlbEntry): void {
    this.#translations = this.#translations.filter((other) => other !== entry);
  }

  /** Drops one table pointer. */
  evictStructure(entry: StructureEntry): void {
    this.#structures = this.#structures.filter((other) => other !== entry);
  }
}

/** True when a translation serves a page. */
export function serves(entry: TlbEntry, page: number): boolean {
  return page >= entry.page && page < entry.page + entry.pages;
}

/** True when a cached table pointer lies on the way to a page. */
export function covers(entry: StructureEntry, page: number): boolean {
  return Math.floor(page / pagesSpanned(entry.level)) === entry.prefix;
}

function sameTranslation(a: TlbEntry, b: TlbEntry): boolean {
  return (
    a.pcid === b.pcid &&
    a.global === b.global &&
    a.level === b.level &&
    a.page === b.page &&
    a.pages === b.pages &&
    a.frame === b.frame &&
    a.protectionKey === b.protectionKey &&
    a.dirty === b.dirty &&
    sameRights(a.rights, b.rights)
  );
}

function sameStructure(a: StructureEntry, b: StructureEntry): boolean {
  return (
    a.pcid === b.pcid &&
    a.level === b.level &&
    a.prefix === b.prefix &&
    a.frame === b.frame &&
    sameRights(a.rights, b.rights)
  );
}

function sameRights(a: Rights, b: Rights): boolean {
  return a.user === b.user && a.write === b.write && a.execute === b.execute;
}
