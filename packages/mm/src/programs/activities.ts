/** What the kernel does of its own accord in programs, besides khugepaged: reclaim, and the end of a process. */

import { folioTrylock, folioUnlock, type WaitQueue } from "@mmrace/locks";
import {
  Operation,
  readOnce,
  writeOnce,
  xchg,
  type Cell,
  type OperationKind,
  type Steps,
  type Touch,
} from "@mmrace/scheduler";
import type { AddressSpace } from "../state/address-space.ts";
import { folioPut, folioTryGet, type Folio } from "../state/folio.ts";
import type { MmStruct } from "../state/mm-struct.ts";
import type { World } from "../state/world.ts";
import type { ProgramWorld } from "./layout.ts";

/** Finds a page of a file, with a reference. */
function* getCached(file: AddressSpace, index: number): Steps<Folio | null> {
  const folio = (yield* readOnce(file.iPages))[index] ?? null;
  return folio !== null && (yield* folioTryGet(folio)) ? folio : null;
}

/**
 * Reclaim comes to a page of a file that is on the LRU: it unmaps it from everywhere, with one flush.
 *
 * Reduced: the page then stays in the page cache, as one that cannot be written back at once; its references say nothing.
 *
 * @see mm/vmscan.c, shrink_folio_list(), Linux v6.1 to v6.18
 */
export function* shrinkFolioList(w: World, file: AddressSpace, index: number): Steps<void> {
  const folio = yield* getCached(file, index);
  if (folio === null) return;
  if (yield* xchg(folio.lru, false)) {
    if (yield* folioTrylock(folio.lock)) {
      yield* unmapFrom(w, file, folio);
      yield* folioUnlock(folio.lock);
    }
    yield* writeOnce(folio.lru, true); // putback
  }
  yield* folioPut(folio);
}

function* unmapFrom(w: World, file: AddressSpace, folio: Folio): Steps<void> {
  if ((yield* readOnce(folio.mapping)) !== file || (yield* readOnce(folio.mapcount)) === 0) return;
  yield* w.kernel.tryToUnmap(w, folio, { batchFlush: true, splitHugePmd: folio.pages > 1 });
  yield* w.kernel.tryToUnmapFlush(w);
}

/** Reclaim asks whether a page of a file was used. */
export function* askReferenced(w: World, file: AddressSpace, index: number): Steps<void> {
  const folio = yield* getCached(file, index);
  if (folio === null) return;
  yield* w.kernel.folioReferenced(w, folio);
  yield* folioPut(folio);
}

/** Who waits for userfaultfd, in all processes. */
interface Waiting {
  readonly queues: readonly WaitQueue[];
  readonly own: WaitQueue;
  readonly threads: number;
}

// Else a program whose faults nobody answers would be a deadlock, which it is not: somebody kills it in the end.
const idleKind: OperationKind<Cell<number>, Waiting, void> = {
  name: "everybody_waits",
  access: "read",
  order: "locked",
  isIndispensable: true,
  touches: (_finished, { queues }) => queues.map((object): Touch => ({ access: "read", object })),
  isEnabled: (finished, { queues, own, threads }) =>
    own.entries.length > 0 &&
    finished.value + queues.reduce((sum, { entries }) => sum + entries.length, 0) === threads,
  perform: () => {},
};

/**
 * The body of a daemon: takes all of a process's registrations back, and wakes who waits, whenever all threads of the program
 * have finished or wait for a userfaultfd.
 */
export function* answerForever(w: ProgramWorld, mm: MmStruct, threads: number): Steps<void> {
  const queues = w.mms.map(({ userfaultfd }) => userfaultfd.faultPending);
  const own = mm.userfaultfd.faultPending;
  for (;;) {
    yield* Operation.of(idleKind, w.finished, { queues, own, threads });
    yield* w.kernel.userfaultfdUnregisterRange(w, mm, 0, Infinity);
    yield* w.kernel.wakeUserfault(w, mm.userfaultfd);
  }
}
