/**
 * Visiting all VMAs that may map a folio, under the rmap lock.
 *
 * @see mm/rmap.c, rmap_walk_file(), rmap_walk_anon(), Linux v6.1 to v6.18
 */

import { downRead, downReadTrylock, upRead } from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import { AddressSpace } from "../../state/address-space.ts";
import type { Folio } from "../../state/folio.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/** What is done in one VMA. False ends the walk. */
export type RmapOne = (vma: Vma, address: number) => Steps<boolean>;

/** The caller holds the folio's lock, or at least keeps the folio from being freed. */
export function* rmapWalk(_w: World, folio: Folio, one: RmapOne): Steps<void> {
  const mapping = yield* readOnce(folio.mapping);
  if (mapping === null) return; // Truncated, or never mapped.
  const lock = mapping instanceof AddressSpace ? mapping.iMmap : mapping.rwsem;
  if (!(yield* downReadTrylock(lock))) yield* downRead(lock);
  const index = yield* readOnce(folio.index);
  for (const vma of yield* readOnce(mapping.vmas)) {
    const address = vma.addressOf(index); // vma_address()
    if (address !== undefined && !(yield* one(vma, address))) break;
  }
  yield* upRead(lock);
}
