/**
 * UFFDIO_REGISTER and UFFDIO_UNREGISTER of whole VMAs.
 *
 * Neither changes an entry, but for the uffd-wp bits that an unregister takes back; and neither takes i_mmap_rwsem or a
 * page-table lock to change the flags. So who holds only these can see the flags flip between two looks.
 *
 * @see fs/userfaultfd.c, Linux v6.12 (the same in v6.1, without VMA locks, and in v6.18)
 */

import { readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import { pfnOf, pmdLeaf, pmdPresent, PAGE_SIZE, pteNone, type Entry } from "@mmrace/x86-paging";
import { along, type GhostChange } from "../../state/ghost.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { PageTable } from "../../state/page-table.ts";
import type { UserfaultfdCtx } from "../../state/userfaultfd-ctx.ts";
import { VM_UFFD_MINOR, VM_UFFD_MISSING, VM_UFFD_MODES, VM_UFFD_WP, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Result } from "./mfill-atomic.ts";

/** Registers a VMA for some modes, which take the place of what it had. */
export function* userfaultfdRegister(w: World, vma: Vma, modes: number): Steps<Result> {
  const { mm } = vma;
  yield* w.kernel.mmapWriteLock(w, mm);
  const result = yield* register(w, vma, modes);
  yield* w.kernel.mmapWriteUnlock(w, mm);
  return result;
}

/** The system call: of all VMAs that a range has a part of, looked up under the lock. EINVAL where one cannot be watched. */
export function* userfaultfdRegisterRange(
  w: World,
  mm: MmStruct,
  start: number,
  end: number,
  modes: number,
): Steps<Result> {
  yield* w.kernel.mmapWriteLock(w, mm);
  const vmas = (yield* readOnce(mm.vmas)).filter((vma) => vma.start < end && vma.end > start);
  let result: Result = vmas.length > 0 && vmas.every((vma) => canUserfault(vma, modes)) ? 0 : "EINVAL";
  for (const vma of vmas) if (result === 0) result = yield* register(w, vma, modes);
  yield* w.kernel.mmapWriteUnlock(w, mm);
  return result;
}

/** vma_can_userfault(): anonymous memory, shmem; minor faults of shmem only. */
function canUserfault({ file }: Vma, modes: number): boolean {
  if ((modes & VM_UFFD_MINOR) !== 0 && file === null) return false;
  return file === null || file.isShmem;
}

function* register(w: World, vma: Vma, modes: number): Steps<Result> {
  const { mm } = vma;
  const owner = yield* readOnce(vma.uffdCtx);
  if (owner !== null && owner !== mm.userfaultfd) return "EBUSY";
  const flags = yield* readOnce(vma.flags);
  yield* w.kernel.vmaStartWrite(w, vma); // Readers of the VMA have finished: faults, fills.
  yield* writeOnce(vma.uffdCtx, mm.userfaultfd);
  yield* along(writeOnce(vma.flags, (flags & ~VM_UFFD_MODES) | modes), presentAccounted(w, vma));
  return 0;
}

/** Ends the registration of a VMA: wakes who waits, takes protections back. */
export function* userfaultfdUnregister(w: World, vma: Vma): Steps<Result> {
  const { mm } = vma;
  yield* w.kernel.mmapWriteLock(w, mm);
  const ctx = yield* readOnce(vma.uffdCtx);
  if (ctx !== null) yield* unregister(w, vma, ctx);
  yield* w.kernel.mmapWriteUnlock(w, mm);
  return 0;
}

/** The system call: of all VMAs that a range has a part of, looked up under the lock. */
export function* userfaultfdUnregisterRange(
  w: World,
  mm: MmStruct,
  start: number,
  end: number,
): Steps<Result> {
  yield* w.kernel.mmapWriteLock(w, mm);
  const vmas = (yield* readOnce(mm.vmas)).filter((vma) => vma.start < end && vma.end > start);
  for (const vma of vmas) {
    const ctx = yield* readOnce(vma.uffdCtx);
    if (ctx !== null) yield* unregister(w, vma, ctx);
  }
  yield* w.kernel.mmapWriteUnlock(w, mm);
  return vmas.length > 0 ? 0 : "EINVAL";
}

function* unregister(w: World, vma: Vma, ctx: UserfaultfdCtx): Steps<void> {
  const flags = yield* readOnce(vma.flags);
  if ((flags & VM_UFFD_MISSING) !== 0) yield* w.kernel.wakeUserfault(w, ctx);
  if ((flags & VM_UFFD_WP) !== 0) yield* w.kernel.uffdWpRange(w, vma, vma.start, vma.end, false);
  yield* w.kernel.vmaStartWrite(w, vma);
  yield* writeOnce(vma.uffdCtx, null);
  yield* writeOnce(vma.flags, flags & ~VM_UFFD_MODES);
}

/** Ghost state: what is there when the VMA is registered needs no event. */
function presentAccounted(w: World, vma: Vma): GhostChange {
  return w.uffd.changed(
    () => accountForPresent(w, vma),
    () => vma.mm.pmds.flatMap((slot) => [slot, ...tableOf(w, slot.value).map(({ ptes }) => ptes)]),
  );
}

function tableOf(w: World, pmd: Entry): PageTable[] {
  const table = pmdPresent(pmd) && !pmdLeaf(pmd) ? w.tables.get(pfnOf(pmd)) : undefined;
  return table === undefined ? [] : [table];
}

function accountForPresent(w: World, vma: Vma): void {
  for (const { address, value } of vma.mm.pmds) {
    const [table] = tableOf(w, value);
    for (let index = 0; index < w.geometry.ptesPerTable; index++) {
      const page = address + index * PAGE_SIZE;
      const pte = table?.ptes.values[index];
      const isThere = pte === undefined ? pmdLeaf(value) : !pteNone(pte);
      if (vma.covers(page) && isThere) w.uffd.account(vma.mm, page);
    }
  }
}
