/** PMD tables: their slots, their lock, and the PTE tables deposited for huge pages. Kernel: `struct ptdesc`. */

import { SpinLock, type Lockdep, type PreemptionTraits } from "@mmrace/locks";
import { Cell } from "@mmrace/scheduler";
import { describeEntry, NONE_ENTRY, PMD_SIZE, sameEntry, type Entry } from "@mmrace/x86-paging";
import type { PageTable } from "./page-table.ts";

/** One PMD table, which no scenario ever frees. */
export class PmdTable {
  /** Protects the slots: pml. */
  readonly lock: SpinLock;
  readonly slots: readonly PmdSlot[];
  /**
   * PTE tables parked for huge pages (pgtable_trans_huge_deposit), first in first out; protected by the lock. One cell,
   * so that every deposit and withdrawal is a step.
   */
  readonly deposits: Cell<readonly PageTable[]>;

  /** @param start the address that its first slot covers. */
  constructor(lockdep: Lockdep, traits: PreemptionTraits, name: string, start: number, slots: number) {
    this.lock = new SpinLock(lockdep, "pmd_lock", { name: `pml of ${name}`, ...traits });
    this.slots = Array.from(
      { length: slots },
      (_, index) => new PmdSlot(this, `${name} pmd[${index}]`, start + index * PMD_SIZE),
    );
    this.deposits = new Cell<readonly PageTable[]>("deposits", [], {
      name: `deposits of ${name}`,
      show: (tables) => `[${tables.map((table) => table.name).join(", ")}]`,
    });
  }
}

/** A slot of a PMD table: names a PTE table, maps a 2 MiB page, holds a migration entry, or is none. */
export class PmdSlot extends Cell<Entry> {
  /** The table it lies in, and so whose lock protects it: pmd_lockptr() needs no look at the value. */
  readonly pmdTable: PmdTable;
  /** First address that it covers. */
  readonly address: number;

  constructor(pmdTable: PmdTable, name: string, address: number) {
    super("pmd", NONE_ENTRY, { name, show: (pmd) => describeEntry(pmd, 2), isEqual: sameEntry });
    this.pmdTable = pmdTable;
    this.address = address;
  }
}
