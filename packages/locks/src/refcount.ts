/**
 * Reference counts that saturate instead of wrapping. Kernel: refcount_t, include/linux/refcount.h and lib/refcount.c,
 * Linux v6.12. What the kernel warns of is a violation here; the count is saturated all the same.
 */

import {
  Operation,
  SharedObject,
  violate,
  type Lifetime,
  type ModelThread,
  type OperationKind,
} from "@mmrace/scheduler";
import { LOCK_PROTOCOL } from "./lockdep/acquisition.ts";

/** The largest count: INT_MAX. */
export const REFCOUNT_MAX = 0x7fff_ffff;

/** Where a count goes when it is wrong, far from both ends: INT_MIN / 2. It stays there, and its object leaks. */
export const REFCOUNT_SATURATED = -0x4000_0000;

/** Optional traits of a count. */
export interface RefcountOptions {
  readonly name?: string;
  /** The memory that the count lives in, when that can be freed. */
  readonly lifetime?: Lifetime;
}

/** A reference count. */
export class Refcount extends SharedObject {
  /** For properties and set-up. */
  value: number;

  /** @param className the location class, which names sites: `vm_refcnt`. */
  constructor(className: string, value: number = 1, options: RefcountOptions = {}) {
    super(className, options.name, options.lifetime);
    this.value = value;
  }

  override stateValue(): unknown {
    return this.value;
  }
}

/** Saturates a count, and reports the thread and the site. */
function warn(count: Refcount, thread: ModelThread, what: string): void {
  count.value = REFCOUNT_SATURATED;
  const where = thread.pending?.site?.address ?? thread.frame.procedure.name;
  violate(LOCK_PROTOCOL, `${thread.name} at ${where}: ${count.name} ${what}`);
}

/** Whether adding would leave the counts that mean something. */
function overflows(old: number, by: number): boolean {
  return old < 0 || old + by > REFCOUNT_MAX;
}

/** An atomic read-modify-write. `isIdle` says whether it would change nothing. */
function modifying<R>(
  name: string,
  change: (count: Refcount, by: number, thread: ModelThread) => R,
  isIdle?: (count: Refcount, by: number) => boolean,
): OperationKind<Refcount, number, R> {
  return {
    name,
    access: "write",
    order: "locked",
    ...(isIdle === undefined
      ? {}
      : { accessNow: (count: Refcount, by: number) => (isIdle(count, by) ? "read" : "write") }),
    perform: change,
    describe: (count, by, result) => {
      const call = by === 1 ? `${name}(${count.name})` : `${name}(${by}, ${count.name})`;
      return result === undefined ? `${call} -> ${count.value}` : `${call} = ${String(result)}`;
    },
  };
}

const readKind: OperationKind<Refcount, void, number> = {
  name: "refcount_read",
  access: "read",
  order: "load",
  perform: ({ value }) => value,
  describe: ({ name }, _argument, result) => `refcount_read(${name}) = ${result}`,
};

const setKind: OperationKind<Refcount, number, void> = {
  name: "refcount_set",
  access: "write",
  order: "locked",
  perform: (count, value) => {
    count.value = value;
  },
  describe: ({ name }, value) => `refcount_set(${name}, ${value})`,
};

const addKind = modifying("refcount_add", (count, by, thread) => {
  const old = count.value;
  count.value = old + by;
  if (old === 0) warn(count, thread, "is raised from zero: use after free");
  else if (overflows(old, by)) warn(count, thread, "is saturated: its object leaks");
});
const incKind = { ...addKind, name: "refcount_inc" };

const addNotZeroKind: OperationKind<Refcount, number, boolean> = {
  ...modifying(
    "refcount_add_not_zero",
    (count, by, thread) => {
      const old = count.value;
      if (old === 0) return false;
      count.value = old + by;
      if (overflows(old, by)) warn(count, thread, "is saturated: its object leaks");
      return true;
    },
    ({ value }) => value === 0,
  ),
  isIndispensable: true,
};
const incNotZeroKind = { ...addNotZeroKind, name: "refcount_inc_not_zero" };

const subAndTestKind: OperationKind<Refcount, number, boolean> = {
  ...modifying("refcount_sub_and_test", (count, by, thread) => {
    const old = count.value;
    count.value = old - by;
    if (old > 0 && old === by) return true;
    if (old <= 0 || old - by < 0) warn(count, thread, "falls below zero: use after free");
    return false;
  }),
  isIndispensable: true,
};
const decAndTestKind = { ...subAndTestKind, name: "refcount_dec_and_test" };

const decKind = modifying("refcount_dec", (count, by, thread) => {
  const old = count.value;
  count.value = old - by;
  if (old <= by) warn(count, thread, "falls to zero unnoticed: its object leaks");
});

const decIfOneKind: OperationKind<Refcount, number, boolean> = {
  ...modifying(
    "refcount_dec_if_one",
    (count) => {
      if (count.value !== 1) return false;
      count.value = 0;
      return true;
    },
    ({ value }) => value !== 1,
  ),
  isIndispensable: true,
};

/** The count, for decisions that may be outdated at once. */
export function refcountRead(count: Refcount): Operation<number> {
  return Operation.of(readKind, count, undefined);
}

/** Sets the count of an object that nobody else can see. Here a full barrier, as no reader may miss it. */
export function refcountSet(count: Refcount, value: number): Operation<void> {
  return Operation.of(setKind, count, value);
}

/** Takes a reference; the caller has one. From zero, and past the largest count, it is reported. */
export function refcountInc(count: Refcount): Operation<void> {
  return Operation.of(incKind, count, 1);
}

/** Takes `by` references; the caller has one. Reported like `refcountInc`. */
export function refcountAdd(count: Refcount, by: number): Operation<void> {
  return Operation.of(addKind, count, by);
}

/** Takes a reference unless there is none left; the result says whether it did. */
export function refcountIncNotZero(count: Refcount): Operation<boolean> {
  return Operation.of(incNotZeroKind, count, 1);
}

/** Takes `by` references unless there is none left; the result says whether it did. */
export function refcountAddNotZero(count: Refcount, by: number): Operation<boolean> {
  return Operation.of(addNotZeroKind, count, by);
}

/** Drops a reference; true: it was the last one, and the object is the caller's to free. Below zero it is reported. */
export function refcountDecAndTest(count: Refcount): Operation<boolean> {
  return Operation.of(decAndTestKind, count, 1);
}

/** Drops `by` references; the result is that of `refcountDecAndTest`. */
export function refcountSubAndTest(count: Refcount, by: number): Operation<boolean> {
  return Operation.of(subAndTestKind, count, by);
}

/** Drops a reference that is not the last one; if it is, that is reported, as nobody frees the object. */
export function refcountDec(count: Refcount): Operation<void> {
  return Operation.of(decKind, count, 1);
}

/** Drops the last reference, if there is just one; the result says whether it did. */
export function refcountDecIfOne(count: Refcount): Operation<boolean> {
  return Operation.of(decIfOneKind, count, 1);
}
