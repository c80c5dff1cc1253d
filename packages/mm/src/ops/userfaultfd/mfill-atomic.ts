/**
 * Fills: UFFDIO_COPY, UFFDIO_ZEROPAGE, UFFDIO_CONTINUE and UFFDIO_POISON of one page, up to its table.
 *
 * - v6.11 and later: a slot that is no table any more is an answer (4828d207dc51);
 * - v6.6 to v6.10: asserted, after a look, that the slot stays a table.
 *
 * Reduced: one page for each call; the copy of user data, which may have to be repeated without locks, is left out.
 *
 * @see mm/userfaultfd.c, mfill_atomic(), Linux v6.6 (to v6.8), v6.11, v6.12 (the same in v6.18)
 */

import { downRead, upRead } from "@mmrace/locks";
import { readOnce, violate, type Steps } from "@mmrace/scheduler";
import { pmdBad, pmdLeaf, pmdNone, pmdPresent } from "@mmrace/x86-paging";
import { VM_SHARED, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

/** What a system call gives back: 0 or an error name. */
export type Result = 0 | "EAGAIN" | "EBUSY" | "EEXIST" | "EFAULT" | "EINVAL" | "ENOENT" | "ENOMEM";

/** What a fill puts where nothing is. */
export type FillMode = "COPY" | "ZEROPAGE" | "CONTINUE" | "POISON";

/** Oracle: a BUG_ON() of the kernel fires. */
export const KERNEL_ASSERTION = "kernel assertion";

/** v6.9 and later. `like` names the address space; the VMA is looked up, and need not be that one any more. */
export function* mfillAtomic(
  w: World,
  like: Pick<Vma, "mm">,
  address: number,
  mode: FillMode = "COPY",
): Steps<Result> {
  const { mm } = like;
  const vma = yield* w.kernel.uffdMfillLock(w, mm, address);
  if (vma === null) return "ENOENT";
  const ctx = mm.userfaultfd;
  yield* downRead(ctx.mapChangingLock);
  let result: Result;
  if ((yield* readOnce(ctx.mmapChanging)) !== 0) result = "EAGAIN";
  else if ((yield* readOnce(vma.uffdCtx)) !== ctx) result = "ENOENT";
  else if (!isFillable(vma, mode)) result = "EINVAL";
  else result = yield* w.kernel.mfillAtomicPmd(w, vma, address, mode);
  yield* upRead(ctx.mapChangingLock);
  yield* w.kernel.uffdMfillUnlock(w, vma);
  return result;
}

/** What the kernel asks of vm_ops: only shmem has pages that are there and not mapped. */
function isFillable({ file }: Vma, mode: FillMode): boolean {
  return file === null ? mode !== "CONTINUE" : file.isShmem;
}

/** Steps 2 to 4, v6.11 and later: finds the slot, gives it a table, and looks at it again. */
export function* mfillAtomicPmd(w: World, vma: Vma, address: number, mode: FillMode): Steps<Result> {
  const slot = vma.mm.slotOf(address);
  if (pmdNone(yield* readOnce(slot))) yield* w.kernel.__pteAlloc(w, vma.mm, slot); // 2.
  const pmd = yield* readOnce(slot); // 3.
  if (!pmdPresent(pmd) || pmdLeaf(pmd)) return "EEXIST";
  if (pmdBad(pmd)) return "EFAULT";
  return yield* w.kernel.mfillAtomicPte(w, vma, address, mode); // 4.
}

/** Up to v6.8 mmap_lock for read is held throughout, and only the counter keeps fills away while mappings change. */
export function* mfillAtomic_6_6(
  w: World,
  like: Pick<Vma, "mm">,
  address: number,
  mode: FillMode = "COPY",
): Steps<Result> {
  const { mm } = like;
  const vma = yield* w.kernel.uffdMfillLock(w, mm, address);
  if (vma === null) return "ENOENT";
  let result: Result;
  if ((yield* readOnce(mm.userfaultfd.mmapChanging)) !== 0) result = "EAGAIN";
  else if ((yield* readOnce(vma.uffdCtx)) !== mm.userfaultfd) result = "ENOENT";
  else if (!isFillable(vma, mode)) result = "EINVAL";
  else result = yield* w.kernel.mfillAtomicPmd(w, vma, address, mode);
  yield* w.kernel.uffdMfillUnlock(w, vma);
  return result;
}

/** Up to v6.10: asserts that the slot still names a table. */
export function* mfillAtomicPmd_6_6(w: World, vma: Vma, address: number, mode: FillMode): Steps<Result> {
  const slot = vma.mm.slotOf(address);
  const first = yield* readOnce(slot);
  if (pmdLeaf(first)) return "EEXIST";
  if (pmdNone(first)) yield* w.kernel.__pteAlloc(w, vma.mm, slot);
  if (pmdLeaf(yield* readOnce(slot))) return "EFAULT";
  if (pmdNone(yield* readOnce(slot))) violate(KERNEL_ASSERTION, "BUG_ON(pmd_none(*dst_pmd)) in mfill_atomic");
  if (pmdLeaf(yield* readOnce(slot)))
    violate(KERNEL_ASSERTION, "BUG_ON(pmd_trans_huge(*dst_pmd)) in mfill_atomic");
  return yield* w.kernel.mfillAtomicPte(w, vma, address, mode);
}

/** Step 4: by mode, and by whether the mapping is shared. */
export function* mfillAtomicPte(w: World, vma: Vma, address: number, mode: FillMode): Steps<Result> {
  if (mode === "CONTINUE") return yield* w.kernel.mfillAtomicPteContinue(w, vma, address);
  if (mode === "POISON") return yield* w.kernel.mfillAtomicPtePoison(w, vma, address);
  if (((yield* readOnce(vma.flags)) & VM_SHARED) !== 0) {
    return yield* w.kernel.shmemMfillAtomicPte(w, vma, address);
  }
  if (mode === "ZEROPAGE") return yield* w.kernel.mfillAtomicPteZeropage(w, vma, address);
  return yield* w.kernel.mfillAtomicPteCopy(w, vma, address);
}

/** The system call: a fill that came to something wakes who waited for it. Kernel: userfaultfd_copy() and its like. */
export function* userfaultfdFill(
  w: World,
  like: Pick<Vma, "mm">,
  address: number,
  mode: FillMode,
): Steps<Result> {
  const result = yield* w.kernel.mfillAtomic(w, like, address, mode);
  if (result === 0) yield* w.kernel.wakeUserfault(w, like.mm.userfaultfd);
  return result;
}
