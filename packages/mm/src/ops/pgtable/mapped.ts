/** What mapping a PTE gives. */

import type { SpinLock } from "@mmrace/locks";
import type { Entry } from "@mmrace/x86-paging";
import type { PageTable } from "../../state/page-table.ts";

/** A table as its slot named it, and the lock that goes with it. */
export interface Mapped {
  readonly table: PageTable;
  /** The lock as it was computed: not always that of `table`, which is what some bugs are about. */
  readonly ptl: SpinLock;
  /** The PMD value the table was taken from. */
  readonly pmdval: Entry;
}
