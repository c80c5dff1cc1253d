/** A table that is going to be collapsed is reclaimed by MADV_DONTNEED. */

import { SINGLE_DEPTH_NESTING, spinLock, spinUnlock } from "@mmrace/locks";
import { sometimes, writeOnce, type Steps } from "@mmrace/scheduler";
import { NONE_ENTRY, pteNone } from "@mmrace/x86-paging";
import type { KernelOps } from "../kernel.ts";
import { linux_6_1 } from "../kernels/kernels.ts";
import { USER_BASE, type Geometry } from "../state/geometry.ts";
import { addMmCounter } from "../state/mm-struct.ts";
import { scanPtes } from "../state/page-table.ts";
import { populateAnonVma, populateTable } from "../state/populate.ts";
import { VM_READ_WRITE, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { madviseCollapseAll } from "./anon-collapse.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";

interface Cast extends World {
  readonly vma: Vma;
}

/** One anonymous VMA whose table is empty, as MADV_DONTNEED in pieces leaves it. */
function emptyWorld(kernel: KernelOps, geometry: Geometry): Cast {
  const w = new World(kernel, geometry);
  const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, null), VM_READ_WRITE);
  populateAnonVma(w, vma);
  populateTable(w, vma);
  return Object.assign(w, { vma });
}

/** The slow path of reclaiming an empty table (protocol notes 5.2 c and d), under the VMA lock alone, as in 6.17. */
function* reclaimTable(w: World, vma: Vma): Steps<void> {
  const { mm } = vma;
  const slot = mm.slotOf(vma.start);
  const tlb = yield* w.kernel.tlbGatherMmu(w, mm, false);
  yield* spinLock(slot.pmdTable.lock);
  const mapped = yield* w.kernel.pteOffsetMapRwNolock(w, slot);
  if (mapped !== null) {
    yield* spinLock(mapped.ptl, SINGLE_DEPTH_NESTING);
    const isEmpty = yield* scanPtes(mapped.table, (ptes) => ptes.every(pteNone));
    if (isEmpty) yield* writeOnce(slot, NONE_ENTRY);
    yield* w.kernel.pteUnmapUnlock(w, mapped);
    if (isEmpty) yield* w.kernel.pteFreeTlb(w, tlb, mapped.table, vma.start);
    if (isEmpty) yield* addMmCounter(mm, "nr_ptes", -1);
    if (isEmpty) w.reached.add("the table was reclaimed");
  }
  yield* spinUnlock(slot.pmdTable.lock);
  yield* w.kernel.tlbFinishMmu(w, tlb);
}

/**
 * `collapse_huge_page` | MADV_DONTNEED under the VMA lock, which is how 6.17 and later take it: on older releases this asks
 * what would happen. Fixed by commit 366a4532d96f (6.17-rc2).
 */
export const anonCollapseVsDontneed: ScenarioFamily = defineFamily<Cast>({
  name: "anon-collapse-vs-dontneed",
  about: "collapse_huge_page of an empty table that MADV_DONTNEED reclaims under the VMA lock",
  kernelDefault: "6.17-rc1",
  setup: emptyWorld,
  threads: {
    *collapse(w) {
      yield* madviseCollapseAll(w, w.vma);
    },
    *dontneed(w) {
      const vma = yield* w.kernel.lockVmaUnderRcu(w, w.vma.mm, USER_BASE);
      if (vma === null) return; // Somebody is changing it: the kernel would take mmap_lock.
      yield* reclaimTable(w, vma);
      yield* w.kernel.vmaEndRead(w, vma);
    },
  },
  reaches: ({ ops }) => [
    sometimes("the collapse goes through", (w) => w.reached.has("collapse_huge_page installed a huge page")),
    // Up to 6.3 there is no VMA lock to take.
    ...(ops.lockVmaUnderRcu === linux_6_1.lockVmaUnderRcu
      ? []
      : [sometimes("the table is reclaimed", (w: World) => w.reached.has("the table was reclaimed"))]),
  ],
});
