/**
 * Collapsing 2 MiB of a file: a new huge folio takes the place of the old ones in the page cache.
 *
 * @see mm/khugepaged.c, collapse_file(), Linux v6.6 (the same in v6.11 and v6.12)
 */

import { folioSetLocked, folioUnlock, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import { withFolio, type AddressSpace } from "../../state/address-space.ts";
import { folioGet, folioPut, type Folio } from "../../state/folio.ts";
import type { World } from "../../state/world.ts";

/**
 * Steps 1, 8, 9 and 10. Reduced: steps 2 to 7 (finding, locking, unmapping and freezing the old folios, copying them)
 * lie before the scenario begins. They leave the page tables empty and the old folios locked, so that a fault has to
 * wait; here the cache is empty instead, and a fault that comes first fills it, and the collapse gives up.
 */
export function* collapseFile(w: World, file: AddressSpace, folio: Folio): Steps<void> {
  yield* folioSetLocked(folio.lock); // 1. Nobody can see the new folio yet.
  yield* writeOnce(folio.mapping, file);
  yield* spinLock(file.xaLock);
  const cache = yield* readOnce(file.iPages);
  if (cache.some((page) => page !== null)) {
    yield* spinUnlock(file.xaLock); // A fault has filled a hole.
    yield* folioUnlock(folio.lock);
    yield* folioPut(folio);
    return;
  }
  yield* folioGet(folio, folio.pages - 1); // The maker's reference is one of the cache's.
  yield* writeOnce(file.iPages, withFolio(cache, 0, folio.pages, folio)); // 8. Now everybody can.
  yield* spinUnlock(file.xaLock);
  yield* w.kernel.retractPageTables(w, file); // 9.
  yield* folioUnlock(folio.lock); // 10.
  yield* folioPut(folio);
}
