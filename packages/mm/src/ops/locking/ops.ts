/** mmap_lock and per-VMA locks, by release: what differs is how a VMA is locked. */

import type { Steps } from "@mmrace/scheduler";
import type { ReleaseTable } from "../../kernels/release-table.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import {
  mmapReadLock,
  mmapReadTrylock,
  mmapReadUnlock,
  mmapWriteDowngrade,
  mmapWriteLock,
  mmapWriteLock_6_12,
  mmapWriteTrylock,
  mmapWriteTrylock_6_12,
  mmapWriteUnlock,
  mmapWriteUnlock_6_1,
  mmapWriteDowngrade_6_1,
} from "./mmap-lock.ts";
import {
  findVma,
  lockVmaUnderRcu,
  lockVmaUnderRcu_6_1,
  lockVmaUnderRcu_6_14,
  lockVmaUnderRcu_6_6,
  vmaEndRead,
  vmaEndRead_6_14,
  vmaMarkDetached,
  vmaMarkDetached_6_1,
  vmaMarkDetached_6_14,
  vmaStartRead,
  vmaStartRead_6_14,
  vmaStartReadLocked,
  vmaStartReadLocked_6_14,
  vmaStartWrite,
  vmaStartWrite_6_1,
  vmaStartWrite_6_14,
} from "./vma-lock.ts";

/** The procedures of this area, under the kernel's names. */
export interface LockingOps {
  readonly mmapReadLock: (w: World, mm: MmStruct) => Steps<void>;
  readonly mmapReadTrylock: (w: World, mm: MmStruct) => Steps<boolean>;
  readonly mmapReadUnlock: (w: World, mm: MmStruct) => Steps<void>;
  readonly mmapWriteLock: (w: World, mm: MmStruct) => Steps<void>;
  readonly mmapWriteTrylock: (w: World, mm: MmStruct) => Steps<boolean>;
  readonly mmapWriteUnlock: (w: World, mm: MmStruct) => Steps<void>;
  readonly mmapWriteDowngrade: (w: World, mm: MmStruct) => Steps<void>;
  /** The VMA that covers an address; the caller holds mmap_lock. Kernel: vma_lookup(). */
  readonly findVma: (w: World, mm: MmStruct, address: number) => Steps<Vma | null>;
  /** Finds a VMA and locks it for reading; `null`: take mmap_lock instead. */
  readonly lockVmaUnderRcu: (w: World, mm: MmStruct, address: number) => Steps<Vma | null>;
  readonly vmaStartRead: (w: World, vma: Vma) => Steps<boolean>;
  /** The caller holds mmap_lock. */
  readonly vmaStartReadLocked: (w: World, vma: Vma, subclass?: number) => Steps<void>;
  readonly vmaEndRead: (w: World, vma: Vma) => Steps<void>;
  readonly vmaStartWrite: (w: World, vma: Vma) => Steps<void>;
  readonly vmaMarkDetached: (w: World, vma: Vma) => Steps<void>;
}

/** By release; each but the newest says only what differs from the release it is based on. */
export const locking: ReleaseTable<LockingOps> = {
  "6.18": {
    mmapReadLock,
    mmapReadTrylock,
    mmapReadUnlock,
    mmapWriteLock,
    mmapWriteTrylock,
    mmapWriteUnlock,
    mmapWriteDowngrade,
    findVma,
    lockVmaUnderRcu,
    vmaStartRead,
    vmaStartReadLocked,
    vmaEndRead,
    vmaStartWrite,
    vmaMarkDetached,
  },
  // Before f35ab95ca0af (6.15): a semaphore per VMA.
  "6.14": {
    lockVmaUnderRcu: lockVmaUnderRcu_6_14,
    vmaStartRead: vmaStartRead_6_14,
    vmaStartReadLocked: vmaStartReadLocked_6_14,
    vmaEndRead: vmaEndRead_6_14,
    vmaStartWrite: vmaStartWrite_6_14,
    vmaMarkDetached: vmaMarkDetached_6_14,
  },
  // Before e5e7fb278e59 (6.14): mm_lock_seq is advanced at the end only.
  "6.12": { mmapWriteLock: mmapWriteLock_6_12, mmapWriteTrylock: mmapWriteTrylock_6_12 },
  "6.9": { lockVmaUnderRcu: lockVmaUnderRcu_6_6 },
  "6.6": { lockVmaUnderRcu: lockVmaUnderRcu_6_6 },
  // Before 6.4 there are no per-VMA locks.
  "6.1": {
    mmapWriteUnlock: mmapWriteUnlock_6_1,
    mmapWriteDowngrade: mmapWriteDowngrade_6_1,
    lockVmaUnderRcu: lockVmaUnderRcu_6_1,
    vmaStartWrite: vmaStartWrite_6_1,
    vmaMarkDetached: vmaMarkDetached_6_1,
  },
};
