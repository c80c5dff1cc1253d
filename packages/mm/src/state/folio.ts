/** Folios: pages of the page cache and anonymous pages. Kernel: `struct folio`. */

import { FolioLock, type Lockdep } from "@mmrace/locks";
import { Operation, SharedObject, type OperationKind } from "@mmrace/scheduler";

/** Pages in a PMD-sized folio. */
export const HPAGE_PMD_NR = 512;

/** A folio of one page or of 512. Reduced: reference counts are not modelled; see docs/model/fidelity.md. */
export class Folio extends SharedObject {
  /** Number of its first frame. */
  readonly pfn: number;
  readonly pages: number;
  readonly isAnon: boolean;
  readonly lock: FolioLock;
  /** How many entries map it, as the kernel counts: for properties. */
  mapcount = 0;

  constructor(lockdep: Lockdep, pfn: number, pages: number, isAnon: boolean) {
    const name = `${isAnon ? "anon " : ""}folio ${pfn.toString(16)}`;
    super("folio", name);
    this.pfn = pfn;
    this.pages = pages;
    this.isAnon = isAnon;
    this.lock = new FolioLock(lockdep, "folio_lock", { name });
  }

  override stateValue(): unknown {
    return this.mapcount;
  }

  /** Whether the frame is one of this folio's. */
  hasPfn(pfn: number): boolean {
    return pfn >= this.pfn && pfn < this.pfn + this.pages;
  }
}

// Adding to a counter that no model thread reads commutes with everything.
const rmapKind: OperationKind<Folio, number, void> = {
  name: "folio_rmap",
  access: "none",
  perform: (folio, by) => {
    folio.mapcount += by;
  },
  describe: (folio, by) => `mapcount of ${folio.name} ${by < 0 ? "-=" : "+="} ${Math.abs(by)}`,
};

/** Adds to or takes from the mappings of a folio: folio_add_file_rmap_pte(), folio_remove_rmap_pte() and the like. */
export function folioRmap(folio: Folio, by: number): Operation<void> {
  return Operation.of(rmapKind, folio, by);
}
