/** Address spaces. Kernel: `struct mm_struct`. */

import { RwSem, SpinLock, type Lockdep } from "@mmrace/locks";
import { Cell, Operation, SharedObject, type OperationKind } from "@mmrace/scheduler";
import { describeEntry, NONE_ENTRY, PAGE_SIZE, PMD_SIZE, sameEntry, type Entry } from "@mmrace/x86-paging";
import { USER_BASE, type Geometry } from "./geometry.ts";
import type { Vma } from "./vma.ts";

/** A slot of a PMD table: names a PTE table, maps a 2 MiB page, or is none. */
export type PmdSlot = Cell<Entry>;

/** The counters that must agree with the tables once nobody runs. */
export type Counter = "nr_ptes" | "rss_anon" | "rss_file";

/** Counters of an mm. Split per CPU in the kernel, so adding to them orders nothing. */
export class Counters extends SharedObject {
  readonly values: Record<Counter, number> = { nr_ptes: 0, rss_anon: 0, rss_file: 0 };

  override stateValue(): unknown {
    return this.values;
  }
}

/** One address space with one PMD table. */
export class MmStruct {
  readonly name: string;
  /** mmap_lock. */
  readonly mmapLock: RwSem;
  /** Protects the upper levels and the first setting of `vma->anon_vma`. */
  readonly pageTableLock: SpinLock;
  /** The lock of the PMD table: pml. All slots share it. */
  readonly pml: SpinLock;
  readonly pmds: readonly PmdSlot[];
  readonly vmas: Vma[] = [];
  readonly counters: Counters;
  /** Stands for the TLBs of all CPUs that run this mm. Reduced: flushes are steps without content. */
  readonly tlb: Tlb;

  constructor(lockdep: Lockdep, name: string, geometry: Geometry) {
    this.name = name;
    this.mmapLock = new RwSem(lockdep, "mmap_lock", { name: `mmap_lock of ${name}` });
    this.pageTableLock = new SpinLock(lockdep, "page_table_lock", { name: `page_table_lock of ${name}` });
    this.pml = new SpinLock(lockdep, "pmd_lock", { name: `pml of ${name}` });
    this.pmds = Array.from({ length: geometry.pmdsPerMm }, (_, index) => createSlot(`${name} pmd[${index}]`));
    this.counters = new Counters("mm_counter", name);
    this.tlb = new Tlb("tlb", name);
  }

  /** The slot that covers an address of this world. */
  slotOf(address: number): PmdSlot {
    const slot = this.pmds[Math.floor((address - USER_BASE) / PMD_SIZE)];
    if (slot === undefined)
      throw new RangeError(`Address 0x${address.toString(16)} lies outside this world.`);
    return slot;
  }
}

function createSlot(name: string): PmdSlot {
  return new Cell("pmd", NONE_ENTRY, { name, show: showPmd, isEqual: sameEntry });
}

function showPmd(pmd: Entry): string {
  return describeEntry(pmd, 2);
}

/** The index of an address in its PTE table. */
export function pteIndex(address: number): number {
  return Math.floor(address / PAGE_SIZE) % 512;
}

/** The TLBs of an mm. */
class Tlb extends SharedObject {
  override stateValue(): undefined {
    return undefined;
  }
}

const flushKind: OperationKind<Tlb, void, void> = {
  name: "flush_tlb_range",
  access: "none",
  perform: () => {},
};

/** Flushes 2 MiB from the TLBs of an mm and waits for all CPUs. Reduced: no TLB content is modelled yet. */
export function flushTlbRange(mm: MmStruct): Operation<void> {
  return Operation.of(flushKind, mm.tlb, undefined);
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
