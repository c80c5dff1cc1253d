/** Address spaces. Kernel: `struct mm_struct`. */

import { MmLock, MmuNotifiers, SpinLock, type Lockdep, type PreemptionTraits } from "@mmrace/locks";
import { Cell, Operation, SharedObject, UsageError, type OperationKind } from "@mmrace/scheduler";
import { PMD_SIZE } from "@mmrace/x86-paging";
import { USER_BASE, USER_BASE_2, type Geometry } from "./geometry.ts";
import { PmdTable, type PmdSlot } from "./pmd-table.ts";
import { Tlbs } from "./tlb.ts";
import { UserfaultfdCtx } from "./userfaultfd-ctx.ts";
import type { Vma } from "./vma.ts";

/** The counters that must agree with the tables once nobody runs. `rss_file` counts shmem pages too. */
export type Counter = "nr_ptes" | "rss_anon" | "rss_file" | "rss_swapents";

/** Counters of an mm. Split per CPU in the kernel, so adding to them orders nothing. */
export class Counters extends SharedObject {
  readonly values: Record<Counter, number> = { nr_ptes: 0, rss_anon: 0, rss_file: 0, rss_swapents: 0 };

  override stateValue(): unknown {
    return this.values;
  }
}

/** One address space, of one or two PMD tables. */
export class MmStruct {
  /** 1, 2, ... */
  readonly id: number;
  readonly name: string;
  /** mmap_lock and mm_lock_seq. */
  readonly lock: MmLock;
  /** Protects the upper levels and the first setting of `vma->anon_vma`. */
  readonly pageTableLock: SpinLock;
  readonly pmdTables: readonly PmdTable[];
  /** All slots, by address. */
  readonly pmds: readonly PmdSlot[];
  /** The tree of VMAs, by address: mm_mt. Writers hold mmap_lock for writing; readers hold it, or RCU. */
  readonly vmas: Cell<readonly Vma[]>;
  /** All VMAs that it has ever had; for properties. */
  readonly everyVma: Vma[] = [];
  readonly counters: Counters;
  readonly tlbs: Tlbs;
  readonly notifiers: MmuNotifiers;
  /** Live mmu_gathers: tlb_flush_pending. */
  readonly tlbFlushPending: Cell<number>;
  /** Whether reclaim has flushes outstanding: tlb_flush_batched. */
  readonly tlbFlushBatched: Cell<number>;
  /** Users of the address space; at 0 it is being torn down: mm_users. */
  readonly users: Cell<number>;
  /** The userfaultfd that its VMAs are registered with, where they are. Reduced: one for each mm. */
  readonly userfaultfd: UserfaultfdCtx;

  constructor(lockdep: Lockdep, traits: PreemptionTraits, id: number, geometry: Geometry, pmdTables: number) {
    const name = `mm${id}`;
    this.id = id;
    this.name = name;
    this.lock = new MmLock(lockdep, id);
    this.pageTableLock = new SpinLock(lockdep, "page_table_lock", {
      name: `page_table_lock of ${name}`,
      ...traits,
    });
    this.pmdTables = [USER_BASE, USER_BASE_2]
      .slice(0, pmdTables)
      .map(
        (start, at) => new PmdTable(lockdep, traits, at === 0 ? name : `${name}'`, start, geometry.pmdsPerMm),
      );
    this.pmds = this.pmdTables.flatMap(({ slots }) => slots);
    this.vmas = new Cell<readonly Vma[]>("mm_mt", [], {
      name: `mm_mt of ${name}`,
      show: (vmas) => `${vmas.length} VMAs`,
    });
    this.counters = new Counters("mm_counter", name);
    this.tlbs = new Tlbs("tlb", name);
    this.notifiers = new MmuNotifiers(lockdep);
    this.tlbFlushPending = new Cell("tlb_flush_pending", 0, { name: `tlb_flush_pending of ${name}` });
    this.tlbFlushBatched = new Cell("tlb_flush_batched", 0, { name: `tlb_flush_batched of ${name}` });
    this.users = new Cell("mm_users", 1, { name: `mm_users of ${name}` });
    this.userfaultfd = new UserfaultfdCtx(lockdep, traits, this);
  }

  /** Whether an address has a slot in this world. */
  covers(address: number): boolean {
    return this.#find(address) !== undefined;
  }

  /** The slot that covers an address. @throws {UsageError} when this world has none. */
  slotOf(address: number): PmdSlot {
    const slot = this.#find(address);
    if (slot !== undefined) return slot;
    throw new UsageError(
      `Address 0x${address.toString(16)} lies outside this world, which has ${this.pmds.length} slots of 2 MiB.`,
    );
  }

  #find(address: number): PmdSlot | undefined {
    for (const { slots } of this.pmdTables) {
      const slot = slots[Math.floor((address - slots[0]!.address) / PMD_SIZE)];
      if (slot !== undefined) return slot;
    }
    return undefined;
  }
}

interface Addition {
  readonly counter: Counter;
  readonly by: number;
}

const addKind: OperationKind<Counters, Addition, void> = {
  name: "add_mm_counter",
  access: "none",
  perform: (counters, { counter, by }) => {
    counters.values[counter] += by;
  },
  describe: (counters, { counter, by }) =>
    `${counters.name} ${counter} ${by < 0 ? "-=" : "+="} ${Math.abs(by)}`,
};

/** Adds to a counter of an mm: add_mm_counter(), mm_inc_nr_ptes() and the like. */
export function addMmCounter(mm: MmStruct, counter: Counter, by: number): Operation<void> {
  return Operation.of(addKind, mm.counters, { counter, by });
}
