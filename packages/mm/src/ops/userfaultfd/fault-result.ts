/** What handling a fault may end with, as far as userfaultfd is concerned. */

/** `retry`: the fault starts again from scratch; `sigbus`: the access fails. */
export type FaultResult = "retry" | "sigbus";

/** How a fault came, and what it holds. */
export interface FaultFlags {
  /** FAULT_FLAG_WRITE. */
  readonly isWrite: boolean;
  /** Whether it runs under a per-VMA lock rather than mmap_lock: FAULT_FLAG_VMA_LOCK. */
  readonly vmaLock?: boolean;
  /** Whether it must not wait and keeps its lock: FAULT_FLAG_RETRY_NOWAIT. */
  readonly retryNowait?: boolean;
}
