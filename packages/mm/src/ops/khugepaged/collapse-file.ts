/**
 * Collapsing 2 MiB of a file: a new huge folio takes the place of the old ones in the page cache.
 *
 * @see mm/khugepaged.c, collapse_file(), Linux v6.6 (the same in v6.11 and v6.12)
 */

import { folioSetLocked, folioUnlock } from "@mmrace/locks";
import { writeOnce, type Steps } from "@mmrace/scheduler";
import { withFolio, type AddressSpace } from "../../state/address-space.ts";
import type { Folio } from "../../state/folio.ts";
import type { World } from "../../state/world.ts";

/**
 * Steps 1, 8, 9 and 10. Reduced: steps 2 to 7 (finding, locking, unmapping and freezing the old folios, copying them)
 * lie before the scenario begins. They leave the page tables empty and the old folios locked, so that a fault has to
 * wait; here the cache is empty instead, and such a fault goes away unserved.
 */
export function* collapseFile(w: World, file: AddressSpace, folio: Folio): Steps<void> {
  yield* folioSetLocked(folio.lock); // 1. Nobody can see the new folio yet.
  yield* writeOnce(file.iPages, withFolio(file.iPages.value, 0, folio.pages, folio)); // 8. Now everybody can.
  yield* w.kernel.retractPageTables(w, file); // 9.
  yield* folioUnlock(folio.lock); // 10.
}
