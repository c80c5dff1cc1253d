/** Files in memory: the page cache and the VMAs that map it. Kernel: `struct address_space`. */

import { RwSem, SpinLock, type Lockdep, type PreemptionTraits } from "@mmrace/locks";
import { Cell } from "@mmrace/scheduler";
import type { Folio } from "./folio.ts";
import type { Vma } from "./vma.ts";

/** What the page cache of a file holds, by page index: nothing, a folio (a huge one at each of its indices). */
export type PageCache = readonly (Folio | null)[];

/** One file. Reduced: 2 MiB long, of whose pages only those exist that the geometry of the world has. */
export class AddressSpace {
  readonly name: string;
  /** Whether it is shmem. Other files are read-only text, which khugepaged collapses as well. */
  readonly isShmem: boolean;
  /** Protects the tree of VMAs: i_mmap_rwsem. */
  readonly iMmap: RwSem;
  /** Excludes truncation from faults: invalidate_lock. */
  readonly invalidateLock: RwSem;
  /** The VMAs that map the file, in the order of the interval tree. Writers hold i_mmap_rwsem for writing. */
  readonly vmas: Cell<readonly Vma[]>;
  /** Protects the page cache: the xarray's lock. */
  readonly xaLock: SpinLock;
  readonly iPages: Cell<PageCache>;
  /** Pages of the file. */
  readonly size: Cell<number>;

  constructor(lockdep: Lockdep, traits: PreemptionTraits, name: string, isShmem: boolean, pages: number) {
    this.name = name;
    this.isShmem = isShmem;
    this.iMmap = new RwSem(lockdep, "i_mmap_rwsem", { name: `i_mmap_rwsem of ${name}` });
    this.invalidateLock = new RwSem(lockdep, "invalidate_lock", { name: `invalidate_lock of ${name}` });
    this.vmas = new Cell<readonly Vma[]>("i_mmap", [], {
      name: `i_mmap of ${name}`,
      show: (vmas) => `${vmas.length} VMAs`,
    });
    this.xaLock = new SpinLock(lockdep, "i_pages_lock", { name: `i_pages lock of ${name}`, ...traits });
    this.iPages = new Cell<PageCache>(
      "i_pages",
      Array.from({ length: pages }, () => null),
      {
        name: `i_pages of ${name}`,
        show: (cached) => `[${cached.map((folio) => (folio === null ? "-" : folio.name)).join(", ")}]`,
      },
    );
    this.size = new Cell("i_size", pages, { name: `i_size of ${name}` });
  }
}

/** The page cache with a folio over its indices, or with nothing there. A new value: the old one is not changed. */
export function withFolio(cache: PageCache, index: number, pages: number, folio: Folio | null): PageCache {
  return cache.map((old, at) => (at >= index && at < index + pages ? folio : old));
}
