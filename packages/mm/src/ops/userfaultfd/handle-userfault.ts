/**
 * A fault tells userfaultfd and waits; who resolves it wakes it.
 *
 * No wakeup is lost, since the fault queues before it looks at the entry, and a fill writes the entry before it looks at
 * the queue.
 *
 * Reduced: one queue, where the kernel has a second one for faults that have been read (so a wakeup reaches the faults
 * of all addresses, and the others wait again); nobody reads the messages; the signals that end a wait are left out.
 *
 * @see fs/userfaultfd.c, handle_userfault(), userfaultfd_must_wait(), wake_userfault(), Linux v6.12 (the same in v6.1 to
 * v6.18 but for the lock that the fault holds)
 */

import { finishWait, prepareToWait, schedule, spinLock, spinUnlock, wakeUpAll } from "@mmrace/locks";
import { waitqueueActive } from "@mmrace/locks";
import { readOnce, smpMb, type Steps } from "@mmrace/scheduler";
import { pmdLeaf, pmdNone, pmdPresent, pmdWrite, pteNoneMostly, pteWrite } from "@mmrace/x86-paging";
import { pageStart, pteIndex } from "../../state/geometry.ts";
import { along, together } from "../../state/ghost.ts";
import { ptepGet } from "../../state/page-table.ts";
import type { UffdEvent, UserfaultfdCtx } from "../../state/userfaultfd-ctx.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { FaultFlags, FaultResult } from "../faults/fault.ts";

/** Why a fault is userfaultfd's. */
export type UffdReason = UffdEvent["why"];

/**
 * Queues the fault, lets go of the fault's lock, and waits for as long as the entry is as it was. The caller holds
 * mmap_lock or the VMA's lock for reading, no spinlock and no RCU section; the lock is gone when it returns, unless it
 * must not wait.
 */
export function* handleUserfault(
  w: World,
  vma: Vma,
  address: number,
  why: UffdReason,
  flags: FaultFlags,
): Steps<FaultResult> {
  const ctx = yield* readOnce(vma.uffdCtx); // 1.
  if (ctx === null) return "sigbus";
  if (flags.retryNowait === true) return "retry";
  if (yield* readOnce(ctx.released)) {
    yield* releaseFaultLock(w, vma, flags);
    return "retry";
  }
  yield* spinLock(ctx.faultPendingLock); // 2.
  const told = ctx.changed(() => ctx.events.push({ address: pageStart(address), why }));
  const owed = w.uffd.changed(() => w.uffd.account(vma.mm, address));
  yield* along(prepareToWait(ctx.faultPending), together(told, owed));
  yield* spinUnlock(ctx.faultPendingLock);
  const mustWait = yield* w.kernel.userfaultfdMustWait(w, vma, address, why); // 3.
  yield* releaseFaultLock(w, vma, flags); // 4.
  if (mustWait && !(yield* readOnce(ctx.released))) {
    w.reached.add("a fault waits for userfaultfd");
    yield* schedule(ctx.faultPending); // 5.
  }
  yield* finishWait(ctx.faultPending); // 6.
  return "retry";
}

function* releaseFaultLock(w: World, vma: Vma, { vmaLock }: FaultFlags): Steps<void> {
  if (vmaLock === true) yield* w.kernel.vmaEndRead(w, vma);
  else yield* w.kernel.mmapReadUnlock(w, vma.mm);
}

/** Whether the entry still is as the fault found it: a walk without locks. */
export function* userfaultfdMustWait(w: World, vma: Vma, address: number, why: UffdReason): Steps<boolean> {
  const slot = vma.mm.slotOf(address);
  for (;;) {
    const pmd = yield* readOnce(slot);
    if (pmdNone(pmd)) return true;
    if (!pmdPresent(pmd)) return false;
    if (pmdLeaf(pmd)) return why === "wp" && !pmdWrite(pmd);
    const mapped = yield* w.kernel.pteOffsetMap(w, slot);
    if (mapped === null) continue; // The slot has changed: look again.
    const pte = yield* ptepGet(mapped.table, pteIndex(address));
    yield* w.kernel.pteUnmap(w);
    return pteNoneMostly(pte) || (why === "wp" && !pteWrite(pte));
  }
}

/** Wakes whoever waits, if anybody does. The entries that they wait for are written before. */
export function* wakeUserfault(_w: World, ctx: UserfaultfdCtx): Steps<void> {
  yield* smpMb();
  if (!(yield* waitqueueActive(ctx.faultPending))) return;
  yield* spinLock(ctx.faultPendingLock);
  yield* wakeUpAll(ctx.faultPending);
  yield* spinUnlock(ctx.faultPendingLock);
}
