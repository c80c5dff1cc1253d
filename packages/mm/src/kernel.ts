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

/** The procedures of one release, under the kernel's names. */
export interface KernelOps
  extends
    LockingOps,
    PgtableOps,
    RmapOps,
    FaultOps,
    KhugepagedOps,
    UserfaultfdOps,
    ZapOps,
    MremapOps,
    GupOps {}
