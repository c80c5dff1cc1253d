/**
 * The first anonymous page of a VMA needs an anon_vma.
 *
 * @see mm/rmap.c, __anon_vma_prepare(), Linux v6.12 (the same in v6.1 and v6.18)
 */

import { downWrite, spinLock, spinUnlock, upWrite } from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import { AnonVma, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/** Gives the VMA an anon_vma if it has none. Call it with mmap_lock held. Reduced: no merging with neighbours. */
export function* anonVmaPrepare(w: World, vma: Vma): Steps<void> {
  if (yield* readOnce(vma.anonVma)) return;
  const anonVma = new AnonVma(w.lockdep);
  yield* downWrite(anonVma.rwsem);
  yield* spinLock(vma.mm.pageTableLock);
  if (!(yield* readOnce(vma.anonVma))) {
    yield* writeOnce(vma.anonVma, anonVma);
    yield* writeOnce(anonVma.vmas, [vma]);
  }
  yield* spinUnlock(vma.mm.pageTableLock);
  yield* upWrite(anonVma.rwsem);
}
