/**
 * Taking a VMA out of the rmap, and putting it in: from then on nobody, or everybody, finds its tables through it.
 *
 * @see mm/rmap.c, unlink_anon_vmas(); mm/mmap.c, unlink_file_vma(), unlink_file_vma_batch_process(), vma_link_file();
 * Linux v6.1 to v6.18
 */

import { downWrite, upWrite } from "@mmrace/locks";
import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import type { AddressSpace } from "../../state/address-space.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/** Of the anonymous rmap. The caller holds mmap_lock, and nobody finds the VMA by its address any more. */
export function* unlinkAnonVmas(_w: World, vma: Vma): Steps<void> {
  const anonVma = yield* readOnce(vma.anonVma);
  if (anonVma === null) return;
  yield* downWrite(anonVma.rwsem);
  yield* writeOnce(
    anonVma.vmas,
    (yield* readOnce(anonVma.vmas)).filter((one) => one !== vma),
  );
  yield* writeOnce(vma.anonVma, null);
  yield* upWrite(anonVma.rwsem);
}

/** Of the file's tree, in one hold of its lock; several at once (unlink_file_vma_batch_process()) since v6.11. */
export function* unlinkFileVma(_w: World, file: AddressSpace, vmas: readonly Vma[]): Steps<void> {
  yield* downWrite(file.iMmap);
  yield* writeOnce(
    file.vmas,
    (yield* readOnce(file.vmas)).filter((one) => !vmas.includes(one)),
  );
  yield* upWrite(file.iMmap);
}

/** Into the file's tree. */
export function* vmaLinkFile(_w: World, vma: Vma): Steps<void> {
  const { file } = vma;
  if (file === null) return;
  yield* downWrite(file.iMmap);
  yield* writeOnce(file.vmas, [...(yield* readOnce(file.vmas)), vma]);
  yield* upWrite(file.iMmap);
}
