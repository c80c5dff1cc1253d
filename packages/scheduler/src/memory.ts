/** Memory cells: single-copy atomic variables, with the kernel's names for the accesses. */

import { activeEngine } from "./active.ts";
import { UsageError } from "./assert.ts";
import { Operation, type AnyKind, type OperationKind } from "./operation.ts";
import type { Lifetime } from "./lifetime.ts";
import { SharedObject } from "./shared-object.ts";

/** Optional traits of a cell. */
export interface CellOptions<T> {
  /** What a trace calls the cell; the class name by default. */
  readonly name?: string;
  /** The memory the cell lives in, when that can be freed. */
  readonly lifetime?: Lifetime;
  /** How a trace shows a value. */
  readonly show?: (value: T) => string;
  /** Whether two values are equal, for `cmpxchg`; `Object.is` by default. */
  readonly isEqual?: (a: T, b: T) => boolean;
}

/** One shared variable. Threads touch it only through operations; properties may read `value` directly. */
export class Cell<T> extends SharedObject {
  /** The value in memory. For properties and set-up; a model thread that reads it directly hides a race. */
  value: T;
  readonly show: (value: T) => string;
  readonly isEqual: (a: T, b: T) => boolean;

  /** @param className the location class, which names sites: `pmd`, `vma_flags`. */
  constructor(className: string, value: T, options: CellOptions<T> = {}) {
    super(className, options.name, options.lifetime);
    this.value = value;
    this.show = options.show ?? showPlainly;
    this.isEqual = options.isEqual ?? Object.is;
  }

  override stateValue(): unknown {
    return [this.value];
  }
}

function showPlainly(value: unknown): string {
  return typeof value === "object" && value !== null ? "{...}" : String(value);
}

/** A load of a cell. `spelling` is how a trace shows it. */
export function loadKind(name: string, spelling: string): OperationKind<Cell<unknown>, void, unknown> {
  return {
    name,
    access: "read",
    order: "load",
    perform: (cell) => cell.value,
    forward: (_argument, store) => store,
    describe: (cell, _argument, result) => `${spelling}(${cell.name}) = ${cell.show(result)}`,
  };
}

/** A store to a cell, which x86 buffers. */
export function storeKind(name: string, spelling: string): OperationKind<Cell<unknown>, unknown, void> {
  return {
    name,
    access: "write",
    order: "store",
    perform: (cell, value) => {
      cell.value = value;
    },
    describe: (cell, value) => `${spelling}(${cell.name}, ${cell.show(value)})`,
  };
}

const readKind = loadKind("read_once", "READ_ONCE");
const writeKind = storeKind("write_once", "WRITE_ONCE");

const exchangeKind: OperationKind<Cell<unknown>, unknown, unknown> = {
  name: "xchg",
  access: "write",
  isIndispensable: true,
  perform: (cell, value) => {
    const old = cell.value;
    cell.value = value;
    return old;
  },
  describe: (cell, value, old) => `xchg(${cell.name}, ${cell.show(value)}) = ${cell.show(old)}`,
};

const compareExchangeKind: OperationKind<Cell<unknown>, readonly [unknown, unknown], unknown> = {
  name: "cmpxchg",
  access: "write",
  accessNow: (cell, [expected]) => (cell.isEqual(cell.value, expected) ? "write" : "read"),
  isIndispensable: true,
  perform: (cell, [expected, value]) => {
    const old = cell.value;
    if (cell.isEqual(old, expected)) cell.value = value;
    return old;
  },
  describe: (cell, [expected, value], old) =>
    `cmpxchg(${cell.name}, ${cell.show(expected)}, ${cell.show(value)}) = ${cell.show(old)}`,
};

const updateKind: OperationKind<Cell<unknown>, (old: unknown) => unknown, unknown> = {
  name: "update",
  access: "write",
  isIndispensable: true,
  perform: (cell, change) => {
    const old = cell.value;
    cell.value = change(old);
    return old;
  },
  describe: (cell, change, old) => `${cell.name}: ${cell.show(old)} -> ${cell.show(change(old))}`,
};

const addKind: OperationKind<Cell<number>, number, void> = {
  name: "atomic_add",
  access: "add",
  perform: (cell, by) => {
    cell.value += by;
  },
  describe: (cell, by) => `atomic_add(${by}, ${cell.name})`,
};

/** Reads a cell: the kernel's READ_ONCE. */
export function readOnce<T>(cell: Cell<T>): Operation<T> {
  return Operation.of(readKind, cell as Cell<unknown>, undefined) as Operation<T>;
}

/** Writes a cell: the kernel's WRITE_ONCE. */
export function writeOnce<T>(cell: Cell<T>, value: T): Operation<void> {
  return Operation.of(writeKind, cell as Cell<unknown>, value);
}

/** Writes a cell and returns what it held, in one step. */
export function xchg<T>(cell: Cell<T>, value: T): Operation<T> {
  return Operation.of(exchangeKind, cell as Cell<unknown>, value) as Operation<T>;
}

/** Writes `value` if the cell holds `expected`; returns what it held. The exchange happened iff that equals `expected`. */
export function cmpxchg<T>(cell: Cell<T>, expected: T, value: T): Operation<T> {
  return Operation.of(compareExchangeKind, cell as Cell<unknown>, [expected, value]) as Operation<T>;
}

/** An atomic read-modify-write, such as `atomic_inc`. `change` must be a pure function. Returns the old value. */
export function update<T>(cell: Cell<T>, change: (old: T) => T): Operation<T> {
  return Operation.of(updateKind, cell as Cell<unknown>, change as (old: unknown) => unknown) as Operation<T>;
}

/** Adds to a counter without learning what it held: atomic_add, atomic_inc, atomic_dec. Additions commute. */
export function atomicAdd(cell: Cell<number>, by: number): Operation<void> {
  return Operation.of(addKind, cell, by);
}

/** The object of operations that touch nothing shared. */
class Nothing extends SharedObject {
  override stateValue(): undefined {
    return undefined;
  }
}

/** A data choice is one byte of a schedule. */
const CHOICES_MAX = 256;

const chooseKind: OperationKind<Nothing, number, number> = {
  name: "choose",
  access: "none",
  isIndispensable: true,
  isSchedulingPoint: false,
  perform: (_nothing, count) => activeEngine().chooseValue(count),
  describe: (nothing, count, result) => `${nothing.name}: ${result} of 0..${count - 1}`,
};

/**
 * Asks the strategy for a data choice in 0 .. count-1: whether an allocation fails, which waiter wakes.
 * It becomes part of the schedule; 0 should be the ordinary case, as schedules continue with 0 when they run out.
 *
 * @param count 1 to 256; exhaustive searches take at most 30.
 * @throws {UsageError} on any other number.
 */
export function choose(what: string, count: number): Operation<number> {
  if (!Number.isInteger(count) || count < 1 || count > CHOICES_MAX) {
    throw new UsageError(`choose("${what}", ${count}): a choice is among 1 to ${CHOICES_MAX} values.`);
  }
  return Operation.of(chooseKind, new Nothing("choice", what), count);
}

const relaxKind: OperationKind<Nothing, void, void> = {
  name: "cpu_relax",
  access: "all",
  isEnabled: (_nothing, _argument, thread) => activeEngine().foreignWrites(thread) > thread.foreignWritesSeen,
  perform: (_nothing, _argument, thread) => {
    thread.foreignWritesSeen = activeEngine().foreignWrites(thread);
  },
};

/** Whether an operation is the pause of a spin loop. */
export function isPause(kind: AnyKind): boolean {
  return kind === (relaxKind as unknown as AnyKind);
}

/**
 * The pause in a spin loop. Blocks until another thread has written something since this thread's last pause: until
 * then another round of the loop would see the same memory and go the same way. So spinning never blows up a search,
 * and an execution in which only spinning threads are left is a livelock.
 */
export function cpuRelax(): Operation<void> {
  return Operation.of(relaxKind, new Nothing("cpu", "cpu"), undefined);
}
