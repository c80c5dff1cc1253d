/**
 * Memory barriers and ordered accesses, by the kernel's names, as x86 has them: include/asm-generic/barrier.h and
 * arch/x86/include/asm/barrier.h, Linux v6.12. Under `sc` they change nothing; they are sites all the same, so that an
 * ablation can take one out and `tso` can show what it was good for.
 */

import { loadKind, storeKind, type Cell } from "./memory.ts";
import { Operation, type OperationKind } from "./operation.ts";
import { SharedObject } from "./shared-object.ts";

/** The object of barriers: all memory, of which they touch nothing. */
class Memory extends SharedObject {
  override stateValue(): undefined {
    return undefined;
  }
}

const fullKind: OperationKind<Memory, void, void> = {
  name: "smp_mb",
  access: "none",
  order: "locked",
  perform: () => {},
  describe: () => "smp_mb()",
};

/** On x86 these keep only the compiler in order. */
function compilerBarrier(name: string): OperationKind<Memory, void, void> {
  return { name, access: "none", isSchedulingPoint: false, perform: () => {}, describe: () => `${name}()` };
}

const readKind = compilerBarrier("smp_rmb");
const writeKind = compilerBarrier("smp_wmb");

/** A full barrier: earlier stores reach memory before later loads. */
export function smpMb(): Operation<void> {
  return Operation.of(fullKind, new Memory("memory"), undefined);
}

/** Orders loads. x86 keeps them in order by itself. */
export function smpRmb(): Operation<void> {
  return Operation.of(readKind, new Memory("memory"), undefined);
}

/** Orders stores. x86 keeps them in order by itself. */
export function smpWmb(): Operation<void> {
  return Operation.of(writeKind, new Memory("memory"), undefined);
}

const acquireKind = loadKind("smp_load_acquire", "smp_load_acquire");
const releaseKind = storeKind("smp_store_release", "smp_store_release");
const fencedStoreKind: OperationKind<Cell<unknown>, unknown, void> = {
  ...storeKind("smp_store_mb", "smp_store_mb"),
  order: "locked",
};

/** A load that later accesses stay behind. On x86 a plain load. */
export function smpLoadAcquire<T>(cell: Cell<T>): Operation<T> {
  return Operation.of(acquireKind, cell as Cell<unknown>, undefined) as Operation<T>;
}

/** A store that earlier accesses stay before. On x86 a plain store: it may still be overtaken by later loads. */
export function smpStoreRelease<T>(cell: Cell<T>, value: T): Operation<void> {
  return Operation.of(releaseKind, cell as Cell<unknown>, value);
}

/** A store with a full barrier behind it. On x86 an `xchg`. */
export function smpStoreMb<T>(cell: Cell<T>, value: T): Operation<void> {
  return Operation.of(fencedStoreKind, cell as Cell<unknown>, value);
}
