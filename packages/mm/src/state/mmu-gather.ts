/** What one unmapping operation has collected for after its TLB flush. Kernel: `struct mmu_gather`. */

import type { Folio } from "./folio.ts";
import type { MmStruct } from "./mm-struct.ts";
import type { PageTable } from "./page-table.ts";

/** A gather belongs to one thread: nothing in it is shared. */
export class MmuGather {
  readonly mm: MmStruct;
  /** The whole address space goes: exit. */
  readonly isFullMm: boolean;
  /** Addresses to flush, `start` below `end` when there are any. */
  start: number = Infinity;
  end = 0;
  freedTables = false;
  /** A VMA without page references was unmapped, whose flush may not wait: vma_pfn. */
  vmaPfn = false;
  /** Pages whose references are dropped after the flush. */
  readonly pages: Folio[] = [];
  /** Tables that are freed after the flush, and after whatever the release waits for besides. */
  readonly tables: PageTable[] = [];
  /** Pages whose rmap is taken away after the flush, under the PTE lock: dirty pages of files. */
  readonly delayedRmap: Folio[] = [];

  readonly #pagesMax: number;

  /** @param pagesMax pages that it holds before it must flush. */
  constructor(mm: MmStruct, isFullMm: boolean, pagesMax: number) {
    this.mm = mm;
    this.isFullMm = isFullMm;
    this.#pagesMax = pagesMax;
  }

  /** Queues a page. The answer says that it was the last for which there is room: __tlb_remove_page(). */
  removePage(folio: Folio): boolean {
    this.pages.push(folio);
    return this.pages.length >= this.#pagesMax;
  }

  /** Addresses whose translations must go: tlb_flush_pte_range(), tlb_flush_pmd_range(). */
  adjustRange(start: number, length: number): void {
    this.start = Math.min(this.start, start);
    this.end = Math.max(this.end, start + length);
  }

  /** Whether there is anything to flush. */
  get hasRange(): boolean {
    return this.end > this.start;
  }

  /** Forgets the range, after a flush. */
  resetRange(): void {
    this.start = Infinity;
    this.end = 0;
    this.freedTables = false;
    this.vmaPfn = false;
  }
}
