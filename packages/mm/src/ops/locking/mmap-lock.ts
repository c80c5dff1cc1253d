/**
 * mmap_lock, and with its release for writing that of all VMAs locked under it.
 *
 * @see include/linux/mmap_lock.h, Linux v6.1, v6.12, v6.14
 */

import {
  downgradeWrite,
  downRead,
  downReadTrylock,
  downWrite,
  downWriteTrylock,
  mmapWriteDowngrade as downgradeAndEndVmas,
  mmapWriteLock as lockAndBeginSequence,
  mmapWriteUnlock as endVmasAndUnlock,
  mmLockSeqcountBegin,
  upRead,
  upWrite,
} from "@mmrace/locks";
import type { Steps } from "@mmrace/scheduler";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { World } from "../../state/world.ts";

export function* mmapReadLock(_w: World, mm: MmStruct): Steps<void> {
  yield* downRead(mm.lock.mmapLock);
}

export function* mmapReadTrylock(_w: World, mm: MmStruct): Steps<boolean> {
  return yield* downReadTrylock(mm.lock.mmapLock);
}

export function* mmapReadUnlock(_w: World, mm: MmStruct): Steps<void> {
  yield* upRead(mm.lock.mmapLock);
}

/** 6.14 and later: mm_lock_seq is odd while a writer is there. */
export function* mmapWriteLock(_w: World, mm: MmStruct): Steps<void> {
  yield* lockAndBeginSequence(mm.lock);
}

/** 6.14 and later. */
export function* mmapWriteTrylock(_w: World, mm: MmStruct): Steps<boolean> {
  if (!(yield* downWriteTrylock(mm.lock.mmapLock))) return false;
  yield* mmLockSeqcountBegin(mm.lock);
  return true;
}

/** Up to 6.13. */
export function* mmapWriteLock_6_12(_w: World, mm: MmStruct): Steps<void> {
  yield* downWrite(mm.lock.mmapLock);
}

/** Up to 6.13. */
export function* mmapWriteTrylock_6_12(_w: World, mm: MmStruct): Steps<boolean> {
  return yield* downWriteTrylock(mm.lock.mmapLock);
}

/** 6.4 and later: one store unlocks all VMAs. */
export function* mmapWriteUnlock(_w: World, mm: MmStruct): Steps<void> {
  yield* endVmasAndUnlock(mm.lock);
}

/** 6.4 and later: VMAs are unlocked, mmap_lock stays for reading. */
export function* mmapWriteDowngrade(_w: World, mm: MmStruct): Steps<void> {
  yield* downgradeAndEndVmas(mm.lock);
}

/** Up to 6.3: mmap_lock is all there is. */
export function* mmapWriteUnlock_6_1(_w: World, mm: MmStruct): Steps<void> {
  yield* upWrite(mm.lock.mmapLock);
}

/** Up to 6.3. */
export function* mmapWriteDowngrade_6_1(_w: World, mm: MmStruct): Steps<void> {
  yield* downgradeWrite(mm.lock.mmapLock);
}
