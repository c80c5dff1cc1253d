/** Files in memory: the page cache and the VMAs that map it. Kernel: `struct address_space`. */

import { RwSem, type Lockdep } from "@mmrace/locks";
import { Cell } from "@mmrace/scheduler";
import type { Folio } from "./folio.ts";
import type { Vma } from "./vma.ts";

/** One file. Reduced: 2 MiB long, and cached as one PMD-sized folio or not at all. */
export class AddressSpace {
  readonly name: string;
  /** Protects the tree of VMAs: i_mmap_rwsem. */
  readonly iMmap: RwSem;
  /** The VMAs that map the file, in the order of the interval tree. Fixed at set-up. */
  readonly vmas: Vma[] = [];
  /** The PMD-sized folio of the file. */
  readonly folio: Folio;
  /** What the page cache holds: that folio, or nothing that this model serves. */
  readonly iPages: Cell<Folio | null>;

  constructor(lockdep: Lockdep, name: string, folio: Folio, isCached: boolean) {
    this.name = name;
    this.iMmap = new RwSem(lockdep, "i_mmap_rwsem", { name: `i_mmap_rwsem of ${name}` });
    this.folio = folio;
    this.iPages = new Cell<Folio | null>("i_pages", isCached ? folio : null, {
      name: `i_pages of ${name}`,
      show: (cached) => (cached === null ? "empty" : cached.name),
    });
  }
}
