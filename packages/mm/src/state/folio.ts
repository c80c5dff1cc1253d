/**
 * Folios: pages of the page cache and anonymous pages. Kernel: `struct folio`.
 *
 * Reduced: a frame whose folio was freed is never given out again, so that a use of it is seen as what it is.
 */

import { FolioLock, type Lockdep } from "@mmrace/locks";
import { Cell, Operation, SharedObject, violate, type OperationKind, type Touch } from "@mmrace/scheduler";
import type { AddressSpace } from "./address-space.ts";
import type { AnonVma } from "./vma.ts";

/** Pages in a PMD-sized folio. */
export const HPAGE_PMD_NR = 512;

/** Oracle: a page is used, or still reachable, after it was freed. */
export const PAGE_USE_AFTER_FREE = "page use-after-free";

/** What one page holds: a token, so that a lost store is seen by its value. */
export class PageData extends SharedObject {
  /** 0 is a page of zeroes. */
  value = 0;

  override stateValue(): unknown {
    return this.value;
  }
}

/** A folio of one page or of 512. */
export class Folio extends SharedObject {
  /** Number of its first frame. */
  readonly pfn: number;
  /** 1, 512 or what a large folio of another size has; 1 after a split. */
  pages: number;
  readonly isAnon: boolean;
  readonly lock: FolioLock;
  /** References: one per mapping, one per page for the page cache, one for whoever else holds it. */
  readonly refcount: Cell<number>;
  /** Entries that map it, a huge one counted once. */
  readonly mapcount: Cell<number>;
  /** On a list of the LRU, where isolation finds it. */
  readonly lru: Cell<boolean>;
  readonly dirty: Cell<boolean>;
  /** Anonymous and of one mm alone: PageAnonExclusive. Reduced: of the folio, not of each page. */
  readonly anonExclusive: Cell<boolean>;
  /** Pins of GUP, included in `refcount`. */
  readonly pins: Cell<number>;
  /** What the rmap finds it by; `null`: neither in a page cache nor mapped anonymously. */
  readonly mapping: Cell<AddressSpace | AnonVma | null>;
  /** Its place in the file, or its address divided by the page size. */
  readonly index: Cell<number>;
  /** What its pages hold, as far as the geometry of the world goes. */
  readonly data: PageData[];
  /** Given back to the allocator: ghost state. */
  isFreed = false;
  /** Threads that could not split it because somebody else had a reference: ghost state. */
  readonly futileSplits: string[] = [];

  /** @param modelled pages whose contents exist in this world. */
  constructor(lockdep: Lockdep, pfn: number, pages: number, isAnon: boolean, modelled: number) {
    const name = `${isAnon ? "anon " : ""}folio ${pfn.toString(16)}`;
    super("folio", name);
    this.pfn = pfn;
    this.pages = pages;
    this.isAnon = isAnon;
    this.lock = new FolioLock(lockdep, "folio_lock", { name });
    this.refcount = new Cell("folio_ref", 1, { name: `refcount of ${name}` });
    this.mapcount = new Cell("mapcount", 0, { name: `mapcount of ${name}` });
    this.lru = new Cell("folio_lru", false, { name: `lru of ${name}` });
    this.dirty = new Cell("folio_dirty", false, { name: `dirty of ${name}` });
    this.anonExclusive = new Cell("anon_exclusive", isAnon, { name: `exclusive of ${name}` });
    this.pins = new Cell("folio_pins", 0, { name: `pins of ${name}` });
    this.mapping = new Cell<AddressSpace | AnonVma | null>("folio_mapping", null, {
      name: `mapping of ${name}`,
      show: (mapping) => (mapping === null ? "NULL" : "set"),
    });
    this.index = new Cell("folio_index", 0, { name: `index of ${name}` });
    this.data = Array.from(
      { length: Math.min(pages, modelled) },
      (_, page) => new PageData("page", pages === 1 ? `page ${pfn.toString(16)}` : `${name}[${page}]`),
    );
  }

  /** Its parts say for themselves what they are. */
  override stateValue(): unknown {
    return [this.isFreed, this.futileSplits];
  }

  /** Whether the frame is one of this folio's. */
  hasPfn(pfn: number): boolean {
    return pfn >= this.pfn && pfn < this.pfn + this.pages;
  }
}

const NOTHING_ELSE: readonly Touch[] = [];

const rmapKind: OperationKind<Cell<number>, readonly [folio: Folio, by: number], void> = {
  name: "folio_rmap",
  access: "add",
  touches: (_mapcount, [folio, by]) => (by > 0 ? [{ access: "read", object: folio }] : NOTHING_ELSE),
  perform: (mapcount, [folio, by]) => {
    mapcount.value += by;
    if (by > 0 && folio.isFreed) violate(PAGE_USE_AFTER_FREE, `${folio.name} is mapped after it was freed`);
  },
  describe: (_mapcount, [folio, by]) => `mapcount of ${folio.name} ${by < 0 ? "-=" : "+="} ${Math.abs(by)}`,
};

/** Adds to or takes from the mappings of a folio: folio_add_file_rmap_pte(), folio_remove_rmap_pte() and the like. */
export function folioRmap(folio: Folio, by: number): Operation<void> {
  return Operation.of(rmapKind, folio.mapcount, [folio, by]);
}

const getKind: OperationKind<Cell<number>, readonly [folio: Folio, by: number], void> = {
  name: "folio_get",
  access: "add",
  perform: (refcount, [folio, by]) => {
    if (refcount.value <= 0)
      violate(PAGE_USE_AFTER_FREE, `a reference to ${folio.name} is taken after it was freed`);
    refcount.value += by;
  },
  describe: (_refcount, [folio, by]) => `folio_ref_add(${folio.name}, ${by})`,
};

/** Takes references to a folio that the caller knows to be alive. */
export function folioGet(folio: Folio, by = 1): Operation<void> {
  return Operation.of(getKind, folio.refcount, [folio, by]);
}

const tryGetKind: OperationKind<Cell<number>, Folio, boolean> = {
  name: "folio_try_get",
  access: "write",
  accessNow: ({ value }) => (value > 0 ? "write" : "read"),
  order: "locked",
  isIndispensable: true,
  perform: (refcount) => {
    if (refcount.value <= 0) return false;
    refcount.value++;
    return true;
  },
  describe: (_refcount, folio, result) => `folio_try_get(${folio.name}) = ${result}`,
};

/** Takes a reference unless the folio is free already. */
export function folioTryGet(folio: Folio): Operation<boolean> {
  return Operation.of(tryGetKind, folio.refcount, folio);
}

const putKind: OperationKind<Cell<number>, readonly [folio: Folio, by: number], void> = {
  name: "folio_put",
  access: "write",
  // The last one ends the folio, which is what who maps or uses it looks at.
  touches: ({ value }, [folio, by]) => (value === by ? [{ access: "write", object: folio }] : NOTHING_ELSE),
  perform: (refcount, [folio, by]) => {
    refcount.value -= by;
    if (refcount.value < 0) violate(PAGE_USE_AFTER_FREE, `${folio.name} is put more often than it was got`);
    if (refcount.value === 0) folio.isFreed = true;
  },
  describe: (_refcount, [folio, by]) => `folio_put_refs(${folio.name}, ${by})`,
};

/** Drops references; the last one frees the folio. */
export function folioPut(folio: Folio, by = 1): Operation<void> {
  return Operation.of(putKind, folio.refcount, [folio, by]);
}

const copyKind: OperationKind<PageData, PageData, void> = {
  name: "copy_highpage",
  access: "write",
  order: "locked",
  touches: (_to, from) => [{ access: "read", object: from }],
  perform: (to, from) => {
    to.value = from.value;
  },
  describe: (to, from) => `copy_highpage(${to.name}, ${from.name})`,
};

/** Copies what a page holds, in one step. */
export function copyHighpage(to: PageData, from: PageData): Operation<void> {
  return Operation.of(copyKind, to, from);
}

const clearKind: OperationKind<PageData, void, void> = {
  name: "clear_highpage",
  access: "write",
  order: "locked",
  perform: (page) => {
    page.value = 0;
  },
  describe: (page) => `clear_highpage(${page.name})`,
};

/** Fills a page with zeroes, in one step. */
export function clearHighpage(page: PageData): Operation<void> {
  return Operation.of(clearKind, page, undefined);
}
