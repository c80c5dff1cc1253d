/** Public API of @mmrace/locks. */

export { BitSpinLock, bitSpinLock, bitSpinTrylock, bitSpinUnlock } from "./bit-spin-lock.ts";
export {
  complete,
  completeAll,
  ERESTARTSYS,
  Completion,
  reinitCompletion,
  tryWaitForCompletion,
  waitForCompletion,
  waitForCompletionKillable,
} from "./completion.ts";
export {
  localIrqDisable,
  localIrqEnable,
  localIrqRestore,
  localIrqSave,
  preemptDisable,
  preemptEnable,
} from "./context.ts";
export type { IrqFlags } from "./context.ts";
export { CallState, Cpu, inInterrupt, irqsDisabled, Machine, thisCpu } from "./cpu.ts";
export type { Interrupt, InterruptHandler, MachineOptions } from "./cpu.ts";
export { EINTR, FatalSignal, sendSigkill } from "./fatal-signal.ts";
export {
  folioEndRead,
  FolioLock,
  folioLock,
  folioLockKillable,
  folioSetLocked,
  folioTestLocked,
  folioTrylock,
  folioUnlock,
  folioWaitLocked,
} from "./folio-lock.ts";
export { GracePeriod } from "./grace-period.ts";
export {
  interruptDaemons,
  raiseIrq,
  runInterrupts,
  smpCallFunction,
  smpCallFunctionMany,
} from "./interrupts.ts";
export type { CallOptions } from "./interrupts.ts";
export { spinLockIrq, spinLockIrqsave, spinUnlockIrq, spinUnlockIrqrestore } from "./irq-spinlock.ts";
export { KvmMmu, kvmMmu, kvmSubscriber } from "./kvm-mmu.ts";
export type { KvmMmuProcedures } from "./kvm-mmu.ts";
export { Lock } from "./lock.ts";
export type { LockOptions } from "./lock.ts";
export { LOCK_PROTOCOL } from "./lockdep/acquisition.ts";
export type { Acquisition, WaitType } from "./lockdep/acquisition.ts";
export { lockdepAssertHeld, lockdepAssertHeldWrite, mightSleep } from "./lockdep/assertions.ts";
export { Lockdep } from "./lockdep/lockdep.ts";
export type { Holding } from "./lockdep/thread-state.ts";
export {
  mmapAssertWriteLocked,
  mmapReadUnlock,
  mmapWriteDowngrade,
  mmapWriteLock,
  mmapWriteUnlock,
  MmLock,
  mmLockSeqcountBegin,
  vmaEndWriteAll,
} from "./mm-lock.ts";
export { intervalSubscriber, mmuInterval, MmuIntervals } from "./mmu-interval.ts";
export type { MmuInterval, MmuIntervalProcedures } from "./mmu-interval.ts";
export {
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
  MmuNotifiers,
} from "./mmu-notifier.ts";
export type { MmuRange, MmuSubscriber } from "./mmu-notifier.ts";
export { Mutex, mutexLock, mutexLockKillable, mutexTrylock, mutexUnlock } from "./mutex.ts";
export type { MutexFairness, MutexOptions } from "./mutex.ts";
export { callRcu, rcuBarrier, rcuCallbacks, synchronizeRcu, synchronizeRcuExpedited } from "./rcu-update.ts";
export type { PendingCallback, RcuCallback } from "./rcu-update.ts";
export { Rcu, rcuAssignPointer, rcuDereference, rcuReadLock, rcuReadUnlock } from "./rcu.ts";
export {
  Refcount,
  REFCOUNT_MAX,
  REFCOUNT_SATURATED,
  refcountAdd,
  refcountAddNotZero,
  refcountDec,
  refcountDecAndTest,
  refcountDecIfOne,
  refcountInc,
  refcountIncNotZero,
  refcountRead,
  refcountSet,
  refcountSubAndTest,
} from "./refcount.ts";
export type { RefcountOptions } from "./refcount.ts";
export { readLock, readTrylock, readUnlock, RwLock, writeLock, writeTrylock, writeUnlock } from "./rwlock.ts";
export type { RwLockOptions } from "./rwlock.ts";
export {
  downgradeWrite,
  downRead,
  downReadKillable,
  downReadTrylock,
  downWrite,
  downWriteKillable,
  downWriteTrylock,
  RwSem,
  upRead,
  upWrite,
} from "./rwsem.ts";
export type { RwSemFairness, RwSemOptions } from "./rwsem.ts";
export {
  readSeqbegin,
  readSeqcountBegin,
  readSeqcountRetry,
  readSeqretry,
  SeqCount,
  SeqLock,
  writeSeqcountBegin,
  writeSeqcountEnd,
  writeSeqlock,
  writeSequnlock,
} from "./seqcount.ts";
export { SINGLE_DEPTH_NESTING, SpinLock, spinLock, spinTrylock, spinUnlock } from "./spinlock.ts";
export type { SpinLockOptions } from "./spinlock.ts";
export { SpinningLock } from "./spinning-lock.ts";
export type { PreemptionTraits, SpinningLockOptions } from "./spinning-lock.ts";
export {
  kmemCacheAlloc,
  kmemCacheFree,
  kmemCacheShrink,
  TypesafeCache,
  USE_AFTER_FREE,
} from "./typesafe-cache.ts";
export type { Constructor } from "./typesafe-cache.ts";
export { refcountVmaLock, VmaRefcountLock } from "./vma-lock-refcount.ts";
export type { ReadAttempt, RefcountVmaLock, VmaLookup } from "./vma-lock-refcount.ts";
export { rwsemVmaLock, VmaRwsemLock } from "./vma-lock-rwsem.ts";
export type { RwsemVmaLock } from "./vma-lock-rwsem.ts";
export { VMA_LOCK_OFFSET, VMA_REF_LIMIT, VmaRefcount } from "./vma-refcount.ts";
export {
  finishWait,
  prepareToWait,
  schedule,
  waitEvent,
  WaitQueue,
  waitqueueActive,
  wakeUp,
  wakeUpAll,
} from "./wait-queue.ts";
export type { WaitEntry, WaitOptions } from "./wait-queue.ts";
