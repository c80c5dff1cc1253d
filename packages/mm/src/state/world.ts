/** The world of a scenario: physical memory with tables and folios, the mms, and the kernel release that acts on them. */

import { Lockdep, Machine, Rcu, type PreemptionTraits } from "@mmrace/locks";
import { activeEngine, trackCounter, trackGhosts, UsageError, violate } from "@mmrace/scheduler";
import { pfnOf, type Entry } from "@mmrace/x86-paging";
import type { KernelOps } from "../kernel.ts";
import { AddressSpace } from "./address-space.ts";
import { Discards } from "./discards.ts";
import { Folio, HPAGE_PMD_NR } from "./folio.ts";
import { SMALL, type Geometry } from "./geometry.ts";
import { Guards } from "./guards.ts";
import { MemMap } from "./memmap.ts";
import { MmStruct } from "./mm-struct.ts";
import { PageTable } from "./page-table.ts";
import { Pins } from "./pins.ts";
import type { PmdSlot } from "./pmd-table.ts";
import { ReferenceMemory } from "./reference-memory.ts";
import { SwapDevice } from "./swap.ts";
import { SecondaryMmu } from "./secondary-mmu.ts";
import { CpuTlb } from "./tlb.ts";
import { UffdLedger } from "./uffd-ledger.ts";
import { Vma, VM_UFFD_MODES, type VmaPlace } from "./vma.ts";

/** Oracle: a descent follows an entry that does not name a live table. */
export const TABLE_SHAPE = "table shape";

/** What a world has besides its geometry. */
export interface Hardware {
  /** CPUs whose interrupts can be off. Default 0: no thread turns them off, and nothing is paid for it. */
  readonly cpus?: number;
  /** Whether a TLB flush waits for CPUs with interrupts off. Default true; false as with broadcast invalidation. */
  readonly flushImpliesIpi?: boolean;
}

/** Everything the threads of a scenario share. */
export class World {
  /** The procedures of the release this world runs. */
  readonly kernel: KernelOps;
  readonly geometry: Geometry;
  readonly hardware: Hardware;
  readonly lockdep: Lockdep = new Lockdep();
  readonly rcu: Rcu;
  /** Whether RCU waits for whoever has preemption off: for holders of the spinlocks below, and for CPUs. */
  readonly preemption: PreemptionTraits;
  /** The CPUs, when the world has any whose interrupts can be off. */
  readonly machine: Machine | undefined;
  readonly mms: MmStruct[] = [];
  readonly files: AddressSpace[] = [];
  /** All PTE tables ever made, by frame. Nothing is ever put at frame 0. */
  readonly tables: Map<number, PageTable> = new Map();
  /** All folios ever made. */
  readonly folios: Folio[] = [];
  /** Which frames are one folio: `struct page`, as far as it changes. */
  readonly memmap: MemMap = new MemMap();
  /** The page of zeroes that read faults of anonymous memory map. Counted by nobody. */
  readonly zeroFolio: Folio;
  readonly reference: ReferenceMemory = new ReferenceMemory();
  /** What GUP has pinned: ghost state. */
  readonly pins: Pins = new Pins();
  /** What userfaultfd and markers owe to user space: ghost state. */
  readonly uffd: UffdLedger = new UffdLedger();
  readonly swap: SwapDevice = new SwapDevice();
  /** The mms whose flush a thread has put off, by thread id: tlb_ubc of `struct task_struct`. */
  readonly tlbUbc: Map<number, Set<MmStruct>> = new Map();
  /** What MADV_DONTNEED has promised: ghost state. */
  readonly discards: Discards = new Discards();
  /** What MADV_GUARD_INSTALL has promised: ghost state. */
  readonly guards: Guards = new Guards();
  /** Address spaces that have been taken down: ghost state. */
  readonly exited: Set<MmStruct> = new Set();
  readonly secondaryMmus: SecondaryMmu[] = [];
  /** Pages that one mmu_gather holds before it must flush. The kernel's limit, some ten thousand, is out of reach here. */
  gatherPagesMax: number = Infinity;
  /** What happened, for `sometimes` properties: ghost state. */
  readonly reached: Set<string> = new Set();
  readonly #mmByCpu = new Map<number, MmStruct>();
  #nextPfn = 0x100;

  constructor(kernel: KernelOps, geometry: Geometry = SMALL, hardware: Hardware = {}) {
    this.kernel = kernel;
    this.geometry = geometry;
    this.hardware = hardware;
    this.rcu = new Rcu(this.lockdep);
    this.preemption = kernel.preemptionHoldsRcu ? { rcu: this.rcu } : {};
    const { cpus = 0 } = hardware;
    this.machine = cpus === 0 ? undefined : new Machine(this.lockdep, cpus, this.preemption);
    this.zeroFolio = new Folio(this.lockdep, this.#takeFrames(1), 1, false, 1);
    trackCounter("frames", () => this.#nextPfn);
    trackGhosts(() => [
      [...this.reached].sort(),
      Array.from(this.tables.values(), ({ pfn, isDoomed }) => [pfn, isDoomed]),
      Array.from(this.exited, ({ id }) => id).toSorted((a, b) => a - b),
    ]);
  }

  /** A new, empty address space, of one PMD table or of two with a lock each. */
  createMm(pmdTables: 1 | 2 = 1): MmStruct {
    const mm = new MmStruct(this.lockdep, this.preemption, this.mms.length + 1, this.geometry, pmdTables);
    mm.tlbs.impliesIpi = this.hardware.flushImpliesIpi ?? true;
    this.mms.push(mm);
    return mm;
  }

  /** Gives an mm a secondary MMU, which its notifiers tell of changes. */
  attachSecondaryMmu(mm: MmStruct): SecondaryMmu {
    const secondary = new SecondaryMmu(mm, this.preemption);
    this.secondaryMmus.push(secondary);
    return secondary;
  }

  /** Says which mm's user code a CPU runs, from set-up on: only then does it cache translations. */
  runOn(cpu: number, mm: MmStruct): void {
    this.#mmByCpu.set(cpu, mm);
    mm.tlbs.cpus.push(new CpuTlb(cpu, mm.name, this.machine?.cpus[cpu]));
  }

  /** The mm of the running thread's CPU, and what the CPU has cached of it. */
  get current(): { readonly mm: MmStruct; readonly tlb: CpuTlb } {
    const { cpu, name } = activeEngine().currentThread;
    const mm = this.#mmByCpu.get(cpu);
    const tlb = mm?.tlbs.cpus.find((one) => one.cpu === cpu);
    if (mm !== undefined && tlb !== undefined) return { mm, tlb };
    throw new UsageError(
      `${name} runs on CPU${cpu}, which runs no user code: call w.runOn(${cpu}, mm) in setup.`,
    );
  }

  /** A file with nothing in its page cache. */
  createFile(name: string, isShmem = true): AddressSpace {
    const pages = this.geometry.ptesPerTable;
    const file = new AddressSpace(this.lockdep, this.preemption, name, isShmem, pages);
    this.files.push(file);
    return file;
  }

  /**
   * Maps something at an address, without entries, as a mapping that was there before the threads began. With modes of
   * userfaultfd among its flags it is registered with that of the mm.
   */
  createVma(mm: MmStruct, place: VmaPlace, flags: number): Vma {
    const vma = new Vma(mm, place, flags);
    if ((flags & VM_UFFD_MODES) !== 0) vma.uffdCtx.value = mm.userfaultfd;
    mm.vmas.value = [...mm.vmas.value, vma].toSorted((a, b) => a.start - b.start);
    if (vma.file !== null) vma.file.vmas.value = [...vma.file.vmas.value, vma];
    return vma;
  }

  /** A zeroed PTE table that nothing names yet. */
  createTable(): PageTable {
    const entries = this.geometry.ptesPerTable;
    const table = new PageTable(this.lockdep, this.preemption, this.#takeFrames(1), entries);
    this.tables.set(table.pfn, table);
    return table;
  }

  /** A new folio, with one reference, which is its maker's. PMD-sized ones are aligned. */
  createFolio(pages: number, isAnon: boolean): Folio {
    const folio = new Folio(this.lockdep, this.#takeFrames(pages), pages, isAnon, this.geometry.ptesPerTable);
    this.folios.push(folio);
    return folio;
  }

  /**
   * Makes folios of one page each of a large one, which keeps its first page and one reference of its splitter. Nobody
   * else has any. @param mappingsOf how many entries map a frame.
   */
  splitFolio(folio: Folio, mappingsOf: (pfn: number) => number): void {
    this.memmap.split.push(folio.pfn);
    const { pages } = folio;
    folio.pages = 1;
    for (let page = 1; page < pages; page++) {
      if (mappingsOf(folio.pfn + page) === 0) continue; // Nobody has it: it goes back to the allocator.
      const tail = new Folio(this.lockdep, folio.pfn + page, 1, folio.isAnon, 1);
      const data = folio.data[page];
      if (data !== undefined) tail.data[0] = data;
      tail.mapcount.value = tail.refcount.value = mappingsOf(tail.pfn);
      tail.mapping.value = folio.mapping.value;
      tail.index.value = folio.index.value + page;
      tail.anonExclusive.value = folio.anonExclusive.value;
      tail.lru.value = folio.lru.value;
      this.folios.push(tail);
    }
    folio.data.splice(1);
    folio.mapcount.value = mappingsOf(folio.pfn);
    folio.refcount.value = folio.mapcount.value + 1;
  }

  #takeFrames(count: number): number {
    if (count === HPAGE_PMD_NR) this.#nextPfn = Math.ceil(this.#nextPfn / HPAGE_PMD_NR) * HPAGE_PMD_NR;
    const first = this.#nextPfn;
    this.#nextPfn += count;
    return first;
  }

  /** The folio that a frame belongs to. */
  folioOf(pfn: number): Folio | undefined {
    if (this.zeroFolio.hasPfn(pfn)) return this.zeroFolio;
    return this.folios.find((folio) => folio.hasPfn(pfn));
  }

  /**
   * The table that a present non-leaf PMD value names. No memory is touched: the kernel only computes an address.
   * Reports a broken table shape when there is no such table.
   */
  tableNamedBy(pmd: Entry, slot: PmdSlot): PageTable {
    const table = this.tables.get(pfnOf(pmd));
    if (table !== undefined) return table;
    violate(TABLE_SHAPE, `${slot.name} names frame ${pfnOf(pmd)}, which is no page table`);
    throw new Error("a descent left the page tables");
  }
}
