/** Public API of @mmrace/locks. */

export { FolioLock, folioLock, folioSetLocked, folioTrylock, folioUnlock } from "./folio-lock.ts";
export { Lock } from "./lock.ts";
export type { LockOptions } from "./lock.ts";
export { LOCK_PROTOCOL } from "./lockdep/acquisition.ts";
export type { Acquisition, WaitType } from "./lockdep/acquisition.ts";
export { Lockdep } from "./lockdep/lockdep.ts";
export { callRcu, Rcu, rcuCallbacks, rcuReadLock, rcuReadUnlock } from "./rcu.ts";
export type { RcuCallback } from "./rcu.ts";
export { downRead, downReadTrylock, downWrite, downWriteTrylock, RwSem, upRead, upWrite } from "./rwsem.ts";
export { SINGLE_DEPTH_NESTING, SpinLock, spinLock, spinTrylock, spinUnlock } from "./spinlock.ts";
