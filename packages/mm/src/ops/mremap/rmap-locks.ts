/**
 * Locking out who walks page tables from the file's or the anon_vma's side while entries move.
 *
 * @see mm/mremap.c, take_rmap_locks(), Linux v6.12 (the same in v6.1 and v6.18)
 */

import { downWrite, upWrite } from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import type { AnonVma, Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/** Locks out whoever walks the VMA's tables through its file or its anon_vma. Gives what there was of the latter. */
export function* takeRmapLocks(_w: World, vma: Vma): Steps<AnonVma | null> {
  if (vma.file !== null) yield* downWrite(vma.file.iMmap);
  const anonVma = yield* readOnce(vma.anonVma);
  if (anonVma !== null) yield* downWrite(anonVma.rwsem);
  return anonVma;
}

/** Lets them in again. */
export function* dropRmapLocks(_w: World, vma: Vma, anonVma: AnonVma | null): Steps<void> {
  if (anonVma !== null) yield* upWrite(anonVma.rwsem);
  if (vma.file !== null) yield* upWrite(vma.file.iMmap);
}
