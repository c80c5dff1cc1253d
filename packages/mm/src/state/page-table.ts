/** PTE tables: their entries, their lock and their life. Kernel: `struct ptdesc`. */

import { SpinLock, type Lockdep, type PreemptionTraits } from "@mmrace/locks";
import { Lifetime, Operation, PASS, SharedObject, type OperationKind } from "@mmrace/scheduler";
import { describeEntry, NONE_ENTRY, pteNone, type Entry } from "@mmrace/x86-paging";

/** Oracle: a table, its entries or its lock is used after it was freed. */
export const PAGE_TABLE_USE_AFTER_FREE = "page-table use-after-free";

/** A table of PTEs that one PMD slot may name. */
export class PageTable extends SharedObject {
  readonly pfn: number;
  /** The memory of the descriptor and of the entries. */
  override readonly lifetime: Lifetime;
  /** Protects the entries: ptl. */
  readonly ptl: SpinLock;
  readonly ptes: PteArray;
  /** Ghost: given to `pte_free_defer`, so nothing may be in it any more. */
  isDoomed = false;

  constructor(lockdep: Lockdep, traits: PreemptionTraits, pfn: number, entries: number) {
    super("page_table", `table ${pfn.toString(16)}`);
    this.pfn = pfn;
    this.lifetime = new Lifetime("page_table", this.name, PAGE_TABLE_USE_AFTER_FREE);
    const { name, lifetime } = this;
    this.ptl = new SpinLock(lockdep, "pte_lock", { name: `ptl of ${name}`, lifetime, ...traits });
    this.ptes = new PteArray(this.name, this.lifetime, entries);
  }

  /** Its parts say for themselves what they are; the world tracks what is doomed. */
  override stateValue(): undefined {
    return undefined;
  }
}

/**
 * The entries of one table. They are one location: loops over a table under its lock are one step for software
 * (protocol: each entry is single-copy atomic, and nobody without the lock changes one in these procedures).
 */
export class PteArray extends SharedObject {
  /** For properties and set-up; model threads use the operations below. */
  readonly values: Entry[];
  /** How often each entry has been set, not cleared: ghost state. */
  readonly sets: number[];

  constructor(table: string, lifetime: Lifetime, entries: number) {
    super("pte", table, lifetime);
    this.values = Array.from({ length: entries }, () => NONE_ENTRY);
    this.sets = this.values.map(() => 0);
  }

  override stateValue(): unknown {
    return [this.values, this.sets];
  }
}

const getKind: OperationKind<PteArray, number, Entry> = {
  name: "ptep_get",
  access: "read",
  perform: (ptes, index) => ptes.values[index] ?? NONE_ENTRY,
  // Only set_pte leaves stores on their way.
  forward: (index, store) => {
    const [at, pte] = store as readonly [number, Entry];
    return at === index ? pte : PASS;
  },
  describe: (ptes, index, pte) => `ptep_get(${ptes.name}[${index}]) = ${describeEntry(pte, 1)}`,
};

const setKind: OperationKind<PteArray, readonly [number, Entry], void> = {
  name: "set_pte",
  access: "write",
  order: "store",
  perform: (ptes, [index, pte]) => {
    ptes.values[index] = pte;
    if (!pteNone(pte) && index < ptes.sets.length) ptes.sets[index]!++;
  },
  describe: (ptes, [index, pte]) => `set_pte(${ptes.name}[${index}], ${describeEntry(pte, 1)})`,
};

const scanKind: OperationKind<PteArray, (ptes: readonly Entry[]) => unknown, unknown> = {
  name: "scan_ptes",
  access: "read",
  perform: (ptes, look) => look(ptes.values),
  describe: (ptes, _look, result) => `scan ${ptes.name}: ${String(result)}`,
};

const clearKind: OperationKind<PteArray, (ptes: Entry[]) => number, number> = {
  name: "clear_ptes",
  access: "write",
  isIndispensable: true,
  perform: (ptes, clear) => clear(ptes.values),
  describe: (ptes, _clear, count) => `clear ${ptes.name}: ${count} entries`,
};

/** Reads one entry, lockless or not. */
export function ptepGet(table: PageTable, index: number): Operation<Entry> {
  return Operation.of(getKind, table.ptes, index);
}

/** Writes one entry. */
export function setPte(table: PageTable, index: number, pte: Entry): Operation<void> {
  return Operation.of(setKind, table.ptes, [index, pte]);
}

const exchangeKind: OperationKind<PteArray, readonly [number, Entry], Entry> = {
  name: "ptep_get_and_clear",
  access: "write",
  isIndispensable: true,
  perform: (ptes, [index, pte]) => {
    const old = ptes.values[index] ?? NONE_ENTRY;
    if (index < ptes.values.length) ptes.values[index] = pte;
    return old;
  },
  describe: (ptes, [index, pte], old) =>
    `xchg(${ptes.name}[${index}], ${describeEntry(pte, 1)}) = ${describeEntry(old, 1)}`,
};

/** Takes an entry out and says what it was, in one step: xchg with zero. */
export function ptepGetAndClear(table: PageTable, index: number): Operation<Entry> {
  return Operation.of(exchangeKind, table.ptes, [index, NONE_ENTRY]);
}

const changeKind: OperationKind<PteArray, readonly [number, (pte: Entry) => Entry], Entry> = {
  name: "change_pte",
  access: "write",
  isIndispensable: true,
  perform: (ptes, [index, change]) => {
    const old = ptes.values[index] ?? NONE_ENTRY;
    if (index < ptes.values.length) ptes.values[index] = change(old);
    return old;
  },
  describe: (ptes, [index, change], old) =>
    `${ptes.name}[${index}]: ${describeEntry(old, 1)} -> ${describeEntry(change(old), 1)}`,
};

/**
 * Changes an entry in one step and says what it was: ptep_set_wrprotect() and others that compare and exchange, or set or
 * clear a bit with a locked instruction. `change` must be pure.
 */
export function changePte(table: PageTable, index: number, change: (pte: Entry) => Entry): Operation<Entry> {
  return Operation.of(changeKind, table.ptes, [index, change]);
}

/** Looks at all entries in one step. `look` must be pure. */
export function scanPtes<R extends string | number | boolean>(
  table: PageTable,
  look: (ptes: readonly Entry[]) => R,
): Operation<R> {
  return Operation.of(scanKind, table.ptes, look) as Operation<R>;
}

/** Changes entries in one step and says how many. `clear` must touch nothing but the entries. */
export function clearPtes(table: PageTable, clear: (ptes: Entry[]) => number): Operation<number> {
  return Operation.of(clearKind, table.ptes, clear);
}

const freeKind: OperationKind<Lifetime, void, void> = {
  name: "pte_free",
  access: "write",
  perform: (lifetime) => lifetime.end(),
};

/** Frees the table's memory: from here on every use is a violation. */
export function freeTable(table: PageTable): Operation<void> {
  return Operation.of(freeKind, table.lifetime, undefined);
}
