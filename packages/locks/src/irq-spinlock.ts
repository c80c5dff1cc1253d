/**
 * Spinlocks that interrupt handlers take too: everybody else takes them with interrupts off. Kernel:
 * include/linux/spinlock.h, Linux v6.12.
 */

import type { Steps } from "@mmrace/scheduler";
import { localIrqDisable, localIrqEnable, localIrqRestore, localIrqSave, type IrqFlags } from "./context.ts";
import { spinLock, spinUnlock, type SpinLock } from "./spinlock.ts";

/** Turns interrupts off and takes the lock; the result says how to go back. */
export function* spinLockIrqsave(lock: SpinLock, subclass: number = 0): Steps<IrqFlags> {
  const flags = yield* localIrqSave();
  yield* spinLock(lock, subclass);
  return flags;
}

/** Releases the lock and goes back to what `spinLockIrqsave` has found. */
export function* spinUnlockIrqrestore(lock: SpinLock, flags: IrqFlags): Steps<void> {
  yield* spinUnlock(lock);
  yield* localIrqRestore(flags);
}

/** Turns interrupts off and takes the lock, where they are known to be on. */
export function* spinLockIrq(lock: SpinLock, subclass: number = 0): Steps<void> {
  yield* localIrqDisable();
  yield* spinLock(lock, subclass);
}

/** Releases the lock and turns interrupts on. */
export function* spinUnlockIrq(lock: SpinLock): Steps<void> {
  yield* spinUnlock(lock);
  yield* localIrqEnable();
}
