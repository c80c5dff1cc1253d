/** Contexts of userfaultfd: who waits, and what keeps fills away. Kernel: `struct userfaultfd_ctx`. */

import { RwSem, SpinLock, WaitQueue, type Lockdep, type PreemptionTraits } from "@mmrace/locks";
import { Cell } from "@mmrace/scheduler";
import { Ghost } from "./ghost.ts";
import type { MmStruct } from "./mm-struct.ts";

/** An event that a context has been told of: ghost state, for the oracle of missed events. */
export interface UffdEvent {
  readonly address: number;
  readonly why: "missing" | "wp" | "minor";
}

/** One userfaultfd. */
export class UserfaultfdCtx extends Ghost {
  readonly mm: MmStruct;
  /** Faults that wait: fault_pending_wqh, with its lock. */
  readonly faultPending: WaitQueue;
  readonly faultPendingLock: SpinLock;
  /** Non-cooperative events in flight: mmap_changing. */
  readonly mmapChanging: Cell<number>;
  /** Held for reading by fills (6.9 and later; before, only the counter is looked at under mmap_lock). */
  readonly mapChangingLock: RwSem;
  readonly released: Cell<boolean>;
  /** Whether it asked to hear of mremap: UFFD_FEATURE_EVENT_REMAP. Fixed when it is made. */
  eventRemap = false;
  /** What it was told: ghost state. */
  readonly events: UffdEvent[] = [];
  /** Pages of the VMA's file that the owner has seen missing since it registered, and has not filled: ghost state. */
  readonly seenMissing: Set<number> = new Set();

  constructor(lockdep: Lockdep, traits: PreemptionTraits, mm: MmStruct) {
    super("userfaultfd_ctx", `userfaultfd of ${mm.name}`);
    this.mm = mm;
    this.faultPending = new WaitQueue(lockdep, "fault_pending_wqh");
    this.faultPendingLock = new SpinLock(lockdep, "fault_pending_lock", traits);
    this.mmapChanging = new Cell("mmap_changing", 0);
    this.mapChangingLock = new RwSem(lockdep, "map_changing_lock");
    this.released = new Cell("uffd_released", false);
  }

  override stateValue(): unknown {
    return [this.events, [...this.seenMissing]];
  }
}
