/** The world of a scenario: physical memory with tables and folios, the mms, and the kernel release that acts on them. */

import { Lockdep, Rcu } from "@mmrace/locks";
import { trackCounter, trackGhosts, violate } from "@mmrace/scheduler";
import { mkPte, mkTable, pfnOf, type Entry } from "@mmrace/x86-paging";
import type { KernelOps } from "../kernel.ts";
import { AddressSpace } from "./address-space.ts";
import { Folio, HPAGE_PMD_NR } from "./folio.ts";
import { SMALL, type Geometry } from "./geometry.ts";
import { MmStruct, type PmdSlot } from "./mm-struct.ts";
import { Notifier } from "./notifier.ts";
import { PageTable } from "./page-table.ts";
import { SHARED_WRITABLE } from "./protections.ts";
import { Vma } from "./vma.ts";

/** Oracle: a descent follows an entry that does not name a live table. */
export const TABLE_SHAPE = "table shape";

/** Everything the threads of a scenario share. */
export class World {
  /** The procedures of the release this world runs. */
  readonly kernel: KernelOps;
  readonly geometry: Geometry;
  readonly lockdep: Lockdep = new Lockdep();
  readonly rcu: Rcu;
  readonly notifier: Notifier;
  readonly mms: MmStruct[] = [];
  /** All PTE tables ever made, by frame. Nothing is ever put at frame 0. */
  readonly tables: Map<number, PageTable> = new Map();
  /** All folios ever made. */
  readonly folios: Folio[] = [];
  /** What happened, for `sometimes` properties: ghost state. */
  readonly reached: Set<string> = new Set();
  #nextPfn = 0x100;

  constructor(kernel: KernelOps, geometry: Geometry = SMALL) {
    this.kernel = kernel;
    this.geometry = geometry;
    this.rcu = new Rcu(this.lockdep);
    this.notifier = new Notifier(this.lockdep);
    trackCounter("frames", () => this.#nextPfn);
    trackGhosts(() => [
      [...this.reached].sort(),
      Array.from(this.tables.values(), ({ pfn, isDoomed }) => [pfn, isDoomed]),
    ]);
  }

  /** A new, empty address space. */
  createMm(): MmStruct {
    const mm = new MmStruct(this.lockdep, `mm${this.mms.length + 1}`, this.geometry);
    this.mms.push(mm);
    return mm;
  }

  /** A file with a PMD-sized folio, which is in the page cache already or is still to be put there. */
  createFile(name: string, options: { readonly isCached: boolean }): AddressSpace {
    return new AddressSpace(this.lockdep, name, this.createFolio(HPAGE_PMD_NR, false), options.isCached);
  }

  /** Maps a file at an address, without entries. */
  createVma(mm: MmStruct, start: number, file: AddressSpace, flags: number): Vma {
    const vma = new Vma(mm, start, file, flags);
    mm.vmas.push(vma);
    file.vmas.push(vma);
    return vma;
  }

  /** A zeroed PTE table that nothing names yet. */
  createTable(): PageTable {
    const table = new PageTable(this.lockdep, this.#nextPfn++, this.geometry.ptesPerTable);
    this.tables.set(table.pfn, table);
    return table;
  }

  /** A new folio; PMD-sized ones are aligned. */
  createFolio(pages: number, isAnon: boolean): Folio {
    if (pages === HPAGE_PMD_NR) this.#nextPfn = Math.ceil(this.#nextPfn / HPAGE_PMD_NR) * HPAGE_PMD_NR;
    const folio = new Folio(this.lockdep, this.#nextPfn, pages, isAnon);
    this.#nextPfn += pages;
    this.folios.push(folio);
    return folio;
  }

  /** Set-up: installs a new table in an empty slot, mapping the first pages of the file. */
  populate(vma: Vma, mappedPages: number): PageTable {
    const table = this.createTable();
    const { folio } = vma.file;
    for (let i = 0; i < mappedPages; i++) table.ptes.values[i] = mkPte(folio.pfn + i, SHARED_WRITABLE);
    folio.mapcount += mappedPages;
    vma.mm.slotOf(vma.start).value = mkTable(table.pfn);
    vma.mm.counters.values.rss_file += mappedPages;
    vma.mm.counters.values.nr_ptes++;
    return table;
  }

  /**
   * The table that a present non-leaf PMD value names. No memory is touched: the kernel only computes an address.
   * Reports a broken table shape when there is no such table.
   */
  tableNamedBy(pmd: Entry, slot: PmdSlot): PageTable {
    const table = this.tables.get(pfnOf(pmd));
    if (table !== undefined) return table;
    violate(TABLE_SHAPE, `${slot.name} names frame ${pfnOf(pmd)}, which is no page table`);
    throw new Error("a descent left the page tables");
  }
}
