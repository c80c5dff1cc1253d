/**
 * What a fault asks before it goes on: whether the lock it holds will do, and whether there is a table.
 *
 * @see mm/memory.c, Linux v6.1, v6.6 and v6.12
 */

import { readOnce, type Steps } from "@mmrace/scheduler";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";
import { releaseFaultLock, type Fault } from "./fault.ts";

/**
 * The first anonymous page of a VMA needs mmap_lock, since the anon_vma may be a neighbour's. Under the VMA's lock that
 * is only tried for, as its writer may wait for this very VMA. v6.12; the same from v6.10 on.
 */
export function* vmfAnonPrepare(w: World, f: Fault): Steps<"ok" | "retry"> {
  const { vma, flags } = f;
  if (yield* readOnce(vma.anonVma)) return "ok";
  const isTrying = flags.vmaLock === true;
  if (isTrying && !(yield* w.kernel.mmapReadTrylock(w, vma.mm))) {
    yield* releaseFaultLock(w, f);
    return "retry";
  }
  yield* w.kernel.anonVmaPrepare(w, vma);
  if (isTrying) yield* w.kernel.mmapReadUnlock(w, vma.mm);
  return "ok";
}

/** v6.4 to v6.9: not at all under the VMA's lock. v6.6 asks at the head of do_wp_page(). */
export function* vmfAnonPrepare_6_6(w: World, f: Fault): Steps<"ok" | "retry"> {
  if (yield* readOnce(f.vma.anonVma)) return "ok";
  if (f.flags.vmaLock === true) {
    yield* releaseFaultLock(w, f);
    return "retry";
  }
  yield* w.kernel.anonVmaPrepare(w, f.vma);
  return "ok";
}

/** Whether `->fault` may be called under the VMA's lock: for all files here, as they have `->map_pages`. v6.7 and later. */
export function* vmfCanCallFault(_w: World, _f: Fault): Steps<"ok" | "retry"> {
  return "ok";
}

/** v6.6, where three callers have these lines: only fault-around runs under the VMA's lock. */
export function* vmfCanCallFault_6_6(w: World, f: Fault): Steps<"ok" | "retry"> {
  if (f.flags.vmaLock !== true) return "ok";
  yield* releaseFaultLock(w, f);
  return "retry";
}

/** Maps and locks the table where there may be none. v6.5 and later: mapping can fail. */
export function* pteOffsetMapLockChecked(w: World, slot: PmdSlot): Steps<Mapped | null> {
  return yield* w.kernel.__pteOffsetMapLock(w, slot);
}

/** Up to v6.4: one look beforehand, and what it saw is believed. */
export function* pteOffsetMapLockChecked_6_1(w: World, slot: PmdSlot): Steps<Mapped | null> {
  if (yield* w.kernel.pmdTransUnstable(w, slot)) return null;
  return yield* w.kernel.__pteOffsetMapLock(w, slot);
}
