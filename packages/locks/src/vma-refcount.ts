/**
 * The count of a per-VMA lock from 6.15 on: 0 detached, 1 attached, one more per reader, and a high bit for a writer that
 * waits for readers. Kernel: vm_refcnt, include/linux/mm_types.h and mmap_lock.h, mm/memory.c, Linux v6.15.
 *
 * Reduced: the writer waits on the count itself, not for the wake-up of the last reader, so a lost wake-up is not seen.
 */

import { Operation, violate, type ModelThread, type OperationKind } from "@mmrace/scheduler";
import { Lock } from "./lock.ts";
import { LOCK_PROTOCOL } from "./lockdep/acquisition.ts";

/** What a writer adds while it waits for readers, and while it excludes them. */
export const VMA_LOCK_OFFSET = 0x4000_0000;

/** No reader takes the count beyond this. */
export const VMA_REF_LIMIT: number = VMA_LOCK_OFFSET - 1;

/** The count. Lockdep sees it as a lock of class `vma_lock`. */
export class VmaRefcount extends Lock {
  /** For properties and set-up. */
  value = 0;

  override stateValue(): unknown {
    return this.value;
  }
}

function fallsBelow(count: VmaRefcount, by: number, thread: ModelThread): boolean {
  if (count.value >= by) return false;
  const site = thread.pending?.site?.address;
  violate(LOCK_PROTOCOL, `${thread.name} at ${site}: ${count.name} falls below zero`);
  return true;
}

function mayCome(count: VmaRefcount): boolean {
  return count.value > 0 && count.value < VMA_REF_LIMIT;
}

const getKind: OperationKind<VmaRefcount, void, number> = {
  name: "refcount_inc_not_zero_limited",
  access: "write",
  accessNow: (count) => (mayCome(count) ? "write" : "read"),
  order: "locked",
  isIndispensable: true,
  perform: (count, _argument, thread) => {
    const old = count.value;
    if (!mayCome(count)) return old;
    count.value = old + 1;
    count.lockdep.acquired(thread, count, { subclass: 0, isTry: true, mode: "read", wait: "sleep" });
    return old;
  },
  describe: ({ name }, _argument, old) => `refcount_inc_not_zero_limited(${name}): was ${show(old)}`,
};

const putKind: OperationKind<VmaRefcount, void, void> = {
  name: "vma_refcount_put",
  access: "write",
  order: "locked",
  perform: (count, _argument, thread) => {
    count.lockdep.released(thread, count, "reader");
    if (!fallsBelow(count, 1, thread)) count.value--;
  },
};

const excludeKind: OperationKind<VmaRefcount, void, boolean> = {
  name: "refcount_add_not_zero",
  access: "write",
  accessNow: ({ value }) => (value === 0 ? "read" : "write"),
  order: "locked",
  isIndispensable: true,
  perform: (count, _argument, thread) => {
    count.lockdep.mightSleep(thread, `vma_start_write(${count.name})`);
    if (count.value === 0) return false;
    count.value += VMA_LOCK_OFFSET;
    count.lockdep.acquired(thread, count, { subclass: 0, isTry: false, mode: "exclusive", wait: "sleep" });
    return true;
  },
};

const waitKind: OperationKind<VmaRefcount, number, void> = {
  name: "rcuwait_wait_event",
  access: "read",
  order: "none",
  isWait: true,
  isEnabled: ({ value }, wanted) => value === wanted,
  perform: () => {},
  describe: ({ name }, wanted) => `rcuwait_wait_event(${name} == ${show(wanted)})`,
};

const admitKind: OperationKind<VmaRefcount, void, boolean> = {
  name: "refcount_sub_and_test",
  access: "write",
  order: "locked",
  isIndispensable: true,
  perform: (count, _argument, thread) => {
    count.lockdep.released(thread, count, "writer");
    if (!fallsBelow(count, VMA_LOCK_OFFSET, thread)) count.value -= VMA_LOCK_OFFSET;
    return count.value === 0;
  },
};

const attachKind: OperationKind<VmaRefcount, void, void> = {
  name: "refcount_set_release",
  access: "write",
  order: "store",
  perform: (count) => {
    count.value = 1;
  },
  describe: ({ name }) => `refcount_set_release(${name}, 1)`,
};

const detachKind: OperationKind<VmaRefcount, void, boolean> = {
  name: "refcount_dec_and_test",
  access: "write",
  order: "locked",
  isIndispensable: true,
  perform: (count, _argument, thread) => {
    if (!fallsBelow(count, 1, thread)) count.value--;
    return count.value === 0;
  },
};

function show(count: number): string {
  return count < VMA_LOCK_OFFSET ? String(count) : `VMA_LOCK_OFFSET + ${count - VMA_LOCK_OFFSET}`;
}

/** A reader comes, if the VMA is attached and no writer is there. The result is the old count. */
export function vmaRefcountGet(count: VmaRefcount): Operation<number> {
  return Operation.of(getKind, count, undefined);
}

/** A reader goes. */
export function vmaRefcountPut(count: VmaRefcount): Operation<void> {
  return Operation.of(putKind, count, undefined);
}

/** A writer keeps further readers out; false: the VMA is detached. */
export function vmaRefcountExclude(count: VmaRefcount): Operation<boolean> {
  return Operation.of(excludeKind, count, undefined);
}

/** The writer waits until the count is what it and the attachment make. Sleeps. */
export function vmaRefcountWait(count: VmaRefcount, wanted: number): Operation<void> {
  return Operation.of(waitKind, count, wanted);
}

/** The writer lets readers try again; true: the VMA is detached now. */
export function vmaRefcountAdmit(count: VmaRefcount): Operation<boolean> {
  return Operation.of(admitKind, count, undefined);
}

/** The VMA belongs to its mm from now on. */
export function vmaRefcountAttach(count: VmaRefcount): Operation<void> {
  return Operation.of(attachKind, count, undefined);
}

/** The VMA does not belong to it any more; true: nobody looks at it either. */
export function vmaRefcountDetach(count: VmaRefcount): Operation<boolean> {
  return Operation.of(detachKind, count, undefined);
}
