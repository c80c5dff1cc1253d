/** What one page fault carries along. Kernel: `struct vm_fault`, include/linux/mm.h. */

import type { SpinLock } from "@mmrace/locks";
import type { Steps } from "@mmrace/scheduler";
import type { Entry } from "@mmrace/x86-paging";
import type { PageTable } from "../../state/page-table.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";

/** How a fault came about and what holds the VMA: FAULT_FLAG_*. */
export interface FaultFlags {
  /** FAULT_FLAG_WRITE. */
  readonly isWrite: boolean;
  /** The page must become exclusive without being written: FAULT_FLAG_UNSHARE, of GUP. Default false. */
  readonly isUnshare?: boolean;
  /** The VMA's own lock is held, not mmap_lock: FAULT_FLAG_VMA_LOCK. Default false. */
  readonly vmaLock?: boolean;
  /** It has been tried before: FAULT_FLAG_TRIED. It does not drop its lock a second time. Default false. */
  readonly isTried?: boolean;
  /** It may neither sleep nor drop its lock: FAULT_FLAG_RETRY_NOWAIT. Default false. */
  readonly retryNowait?: boolean;
}

/**
 * How a fault ends: VM_FAULT_*. `ok` and `nopage`: the access is to be tried again, with the lock still held. `retry`: the
 * lock has been dropped, and the fault begins from scratch. The others are signals, with the lock held.
 */
export type FaultResult = "ok" | "nopage" | "retry" | "sigbus" | "sigsegv";

/** The same, from a handler of huge pages, which may leave the fault to small ones. */
export type HugeFaultResult = FaultResult | "fallback";

/** The state of one fault. It belongs to one thread: nothing in it is shared. */
export class Fault {
  readonly vma: Vma;
  readonly address: number;
  readonly flags: FaultFlags;
  readonly slot: PmdSlot;
  /** The entry as the lockless look found it; `undefined`: there was no table (no FAULT_FLAG_ORIG_PTE_VALID). */
  origPte: Entry | undefined;
  /** The table, mapped; after the lockless look without its lock. */
  mapped: Mapped | null = null;
  /** The lock of the table that was mapped last: outlives the mapping, as `vmf->ptl` does. */
  ptl: SpinLock | undefined;
  /** A table made before a lock was taken under which none can be. */
  prealloc: PageTable | null = null;

  constructor(vma: Vma, address: number, flags: FaultFlags) {
    this.vma = vma;
    this.address = address;
    this.flags = flags;
    this.slot = vma.mm.slotOf(address);
  }

  /** Whether the page is to be copied: a write to a private mapping. */
  get isWrite(): boolean {
    return this.flags.isWrite;
  }
}

/** Gives back the lock under which the fault runs: release_fault_lock(), and vma_end_read() of the older releases. */
export function* releaseFaultLock(w: World, { vma, flags }: Pick<Fault, "vma" | "flags">): Steps<void> {
  if (flags.vmaLock === true) yield* w.kernel.vmaEndRead(w, vma);
  else yield* w.kernel.mmapReadUnlock(w, vma.mm);
}

/** Ends a fault that goes wrong under the lock of its table. */
export function* unmapUnlock(w: World, f: Fault): Steps<void> {
  yield* w.kernel.pteUnmapUnlock(w, f.mapped!);
  f.mapped = null;
}
