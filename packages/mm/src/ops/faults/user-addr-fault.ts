/**
 * Faults of user code: which lock protects the VMA meanwhile.
 *
 * - v6.12 and later: the VMA's own lock first, and mmap_lock where that does not do;
 * - v6.6: the same, but an access that the VMA forbids is looked at again under mmap_lock;
 * - v6.1: there are no VMA locks, and `lockVmaUnderRcu` never finds one.
 *
 * Reduced: no stack grows; nobody is killed while he waits.
 *
 * @see arch/x86/mm/fault.c, do_user_addr_fault(); mm/memory.c, lock_mm_and_find_vma(), Linux v6.1, v6.6 and v6.12
 */

import { readOnce, type Steps } from "@mmrace/scheduler";
import type { MmStruct } from "../../state/mm-struct.ts";
import { VM_READ, VM_WRITE, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { FaultFlags, FaultResult } from "./fault.ts";

/** Whether the VMA forbids the access. */
function* accessError(vma: Vma, isWrite: boolean): Steps<boolean> {
  const flags = yield* readOnce(vma.flags);
  return (flags & (isWrite ? VM_WRITE : VM_READ | VM_WRITE)) === 0;
}

/** Steps 1 to 3: under the VMA's lock. `retry` sends the fault to mmap_lock. */
function* faultUnderVmaLock(
  w: World,
  vma: Vma,
  address: number,
  flags: FaultFlags,
  onForbidden: FaultResult,
): Steps<FaultResult> {
  if (yield* accessError(vma, flags.isWrite)) {
    yield* w.kernel.vmaEndRead(w, vma);
    return onForbidden;
  }
  const result = yield* w.kernel.handleMmFault(w, vma, address, { ...flags, vmaLock: true });
  if (result === "retry") {
    w.reached.add("a fault under a VMA lock went to mmap_lock");
    return result; // The lock is given back already.
  }
  yield* w.kernel.vmaEndRead(w, vma);
  w.reached.add("a fault was served under a VMA lock");
  return result;
}

/** Step 4 and what follows: under mmap_lock, as often as the fault has to begin again. */
function* faultUnderMmapLock(w: World, mm: MmStruct, address: number, flags: FaultFlags): Steps<FaultResult> {
  for (let isTried = false; ; isTried = true) {
    const vma = yield* w.kernel.lockMmAndFindVma(w, mm, address);
    if (vma === null) return "sigsegv";
    const isForbidden = yield* accessError(vma, flags.isWrite);
    const result = isForbidden
      ? "sigsegv"
      : yield* w.kernel.handleMmFault(w, vma, address, { ...flags, isTried });
    if (result === "retry") continue; // The lock is given back already.
    yield* w.kernel.mmapReadUnlock(w, mm);
    return result;
  }
}

/** v6.10 and later (bc7996c864bd). */
export function* doUserAddrFault(
  w: World,
  mm: MmStruct,
  address: number,
  isWrite: boolean,
): Steps<FaultResult> {
  const vma = yield* w.kernel.lockVmaUnderRcu(w, mm, address); // 1.
  if (vma !== null) {
    const result = yield* faultUnderVmaLock(w, vma, address, { isWrite }, "sigsegv"); // 2. and 3.
    if (result !== "retry") return result;
  }
  return yield* faultUnderMmapLock(w, mm, address, { isWrite }); // 4.
}

/** v6.4 to v6.9: mmap_lock decides what is forbidden. */
export function* doUserAddrFault_6_6(
  w: World,
  mm: MmStruct,
  address: number,
  isWrite: boolean,
): Steps<FaultResult> {
  const vma = yield* w.kernel.lockVmaUnderRcu(w, mm, address);
  if (vma !== null) {
    const result = yield* faultUnderVmaLock(w, vma, address, { isWrite }, "retry");
    if (result !== "retry") return result;
  }
  return yield* faultUnderMmapLock(w, mm, address, { isWrite });
}

/** The VMA with mmap_lock held for reading; `null` with nothing held. v6.5 and later; v6.1 has the same lines inline. */
export function* lockMmAndFindVma(w: World, mm: MmStruct, address: number): Steps<Vma | null> {
  if (!(yield* w.kernel.mmapReadTrylock(w, mm))) yield* w.kernel.mmapReadLock(w, mm);
  const vma = yield* w.kernel.findVma(w, mm, address);
  if (vma === null) yield* w.kernel.mmapReadUnlock(w, mm);
  return vma;
}
