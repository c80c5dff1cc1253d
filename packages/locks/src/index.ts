/** Public API of @mmrace/locks. */

export {
  complete,
  completeAll,
  Completion,
  reinitCompletion,
  tryWaitForCompletion,
  waitForCompletion,
} from "./completion.ts";
export { EINTR, FatalSignal, sendSigkill } from "./fatal-signal.ts";
export { FolioLock, folioLock, folioSetLocked, folioTrylock, folioUnlock } from "./folio-lock.ts";
export { Lock } from "./lock.ts";
export type { LockOptions } from "./lock.ts";
export { LOCK_PROTOCOL } from "./lockdep/acquisition.ts";
export type { Acquisition, WaitType } from "./lockdep/acquisition.ts";
export { Lockdep } from "./lockdep/lockdep.ts";
export { Mutex, mutexLock, mutexLockKillable, mutexTrylock, mutexUnlock } from "./mutex.ts";
export type { MutexFairness, MutexOptions } from "./mutex.ts";
export { callRcu, Rcu, rcuCallbacks, rcuReadLock, rcuReadUnlock } from "./rcu.ts";
export type { RcuCallback } from "./rcu.ts";
export { downRead, downReadTrylock, downWrite, downWriteTrylock, RwSem, upRead, upWrite } from "./rwsem.ts";
export { SINGLE_DEPTH_NESTING, SpinLock, spinLock, spinTrylock, spinUnlock } from "./spinlock.ts";
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
