/** What a kernel release is: a record of procedures. A fix is a different record; no procedure asks which release it is in. */

import type { FaultOps } from "./ops/faults/ops.ts";
import type { GupOps } from "./ops/gup/ops.ts";
import type { KhugepagedOps } from "./ops/khugepaged/ops.ts";
import type { LockingOps } from "./ops/locking/ops.ts";
import type { MremapOps } from "./ops/mremap/ops.ts";
import type { PgtableOps } from "./ops/pgtable/ops.ts";
import type { RmapOps } from "./ops/rmap/ops.ts";
import type { UserfaultfdOps } from "./ops/userfaultfd/ops.ts";
import type { ZapOps } from "./ops/zap/ops.ts";

/** What a release is besides its procedures. */
export interface KernelFacts {
  /**
   * Whether a grace period waits for whoever has preemption or interrupts off, holders of spinlocks included. So since 4.20,
   * where RCU-sched became RCU (45975c7d21a1); before, and on PREEMPT_RT, for read sections alone.
   */
  readonly preemptionHoldsRcu: boolean;
}

/** One release: its procedures, under the kernel's names, and its facts. */
export interface KernelOps
  extends
    KernelFacts,
    LockingOps,
    PgtableOps,
    RmapOps,
    FaultOps,
    KhugepagedOps,
    UserfaultfdOps,
    ZapOps,
    MremapOps,
    GupOps {}
