/**
 * A fault tells userfaultfd and waits for its answer.
 *
 * Reduced: one queue; nobody reads the messages; signals do not end the wait.
 *
 * @see fs/userfaultfd.c, handle_userfault(), userfaultfd_must_wait(), Linux v6.12
 */

import { finishWait, prepareToWait, schedule, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import { pmdLeaf, pmdNone, pmdPresent, pmdWrite, pteNoneMostly, pteWrite } from "@mmrace/x86-paging";
import { pageStart, pteIndex } from "../../state/geometry.ts";
import { ptepGet } from "../../state/page-table.ts";
import type { UffdEvent } from "../../state/userfaultfd-ctx.ts";
import type { Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { releaseFaultLock, type FaultFlags } from "../faults/fault.ts";

/** Queues first and looks at the entry then, so that no wakeup is lost. After `retry` the fault's lock is given back. */
export function* handleUserfault(
  w: World,
  vma: Vma,
  address: number,
  why: UffdEvent["why"],
  flags: FaultFlags,
): Steps<"retry" | "sigbus"> {
  const ctx = yield* readOnce(vma.uffdCtx); // 1.
  if (ctx === null) return "sigbus";
  if (flags.retryNowait === true) return "retry";
  if (yield* readOnce(ctx.released)) {
    yield* releaseFaultLock(w, { vma, flags });
    return "retry";
  }
  yield* spinLock(ctx.faultPendingLock); // 2.
  yield* prepareToWait(ctx.faultPending);
  ctx.events.push({ address: pageStart(address), why }); // Ghost state.
  yield* spinUnlock(ctx.faultPendingLock);
  const mustWait = yield* isUnanswered(w, vma, address, why); // 3.
  yield* releaseFaultLock(w, { vma, flags }); // 4.
  if (mustWait && !(yield* readOnce(ctx.released))) yield* schedule(ctx.faultPending); // 5.
  yield* finishWait(ctx.faultPending); // 6.
  return "retry";
}

/** userfaultfd_must_wait(). */
function* isUnanswered(w: World, vma: Vma, address: number, why: UffdEvent["why"]): Steps<boolean> {
  const slot = vma.mm.slotOf(address);
  for (;;) {
    const pmd = yield* readOnce(slot);
    if (pmdNone(pmd)) return true;
    if (!pmdPresent(pmd)) return false;
    if (pmdLeaf(pmd)) return why === "wp" && !pmdWrite(pmd);
    const mapped = yield* w.kernel.pteOffsetMap(w, slot);
    if (mapped === null) continue;
    const pte = yield* ptepGet(mapped.table, pteIndex(address));
    yield* w.kernel.pteUnmap(w);
    return pteNoneMostly(pte) || (why === "wp" && !pteWrite(pte));
  }
}
