/** A table that is going to be collapsed is reclaimed by MADV_DONTNEED. */

import { SINGLE_DEPTH_NESTING, spinLock, spinUnlock } from "@mmrace/locks";
import { sometimes, writeOnce, type Steps } from "@mmrace/scheduler";
import { NONE_ENTRY, pteNone } from "@mmrace/x86-paging";
import type { KernelOps } from "../kernel.ts";
import { linux_6_18 } from "../kernels/kernels.ts";
import { USER_BASE, type Geometry } from "../state/geometry.ts";
import { addMmCounter } from "../state/mm-struct.ts";
import { scanPtes } from "../state/page-table.ts";
import { populateAnonVma, populateTable } from "../state/populate.ts";
import { VM_READ_WRITE, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { madviseCollapseAll } from "./anon-collapse.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { anonymous, collapseArea, dontneed, store } from "../userspace/calls.ts";

interface Cast extends World {
  readonly vma: Vma;
  /** Whether MADV_DONTNEED holds the VMA lock alone. */
  readonly isUnderVmaLock: boolean;
  /** Whether it reclaims empty tables: since 6.14, when all of them came to wait for a grace period. */
  readonly hasReclaim: boolean;
}

function hasReclaim(kernel: KernelOps): boolean {
  return kernel.tlbTableFlush === linux_6_18.tlbTableFlush;
}

/** One anonymous VMA whose table is empty, as MADV_DONTNEED in pieces leaves it. */
function emptyWorld(kernel: KernelOps, geometry: Geometry): Cast {
  const w = new World(kernel, geometry);
  const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, null), VM_READ_WRITE);
  populateAnonVma(w, vma);
  populateTable(w, vma);
  // Of the modelled releases, those whose VMA lock is a reference count.
  const isUnderVmaLock = kernel.vmaStartRead === linux_6_18.vmaStartRead;
  return Object.assign(w, { vma, isUnderVmaLock, hasReclaim: hasReclaim(kernel) });
}

/** The slow path of reclaiming an empty table (protocol notes 5.2 c and d), with the VMA or the mm locked. */
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
 * `collapse_huge_page` | MADV_DONTNEED, which holds the VMA lock alone since 6.17 (a6fde7add78d), and mmap_lock before.
 * Fixed by commit 366a4532d96f (6.17-rc2).
 */
export const anonCollapseVsDontneed: ScenarioFamily = defineFamily<Cast>({
  name: "anon-collapse-vs-dontneed",
  about: "collapse_huge_page of an empty table that MADV_DONTNEED reclaims under the VMA lock",
  kernelDefault: "6.17-rc1",
  userspace: anonymous(
    [store("vma", 511, 1)],
    { collapse: { does: [collapseArea("vma")] }, dontneed: { does: [dontneed("vma", "all")] } },
    {
      differs: [
        "the last page, which the model's shorter tables do not have, is written: a scan refuses a table with nothing in it; " +
          "MADV_DONTNEED empties the table before it takes it away",
      ],
    },
  ),
  setup: emptyWorld,
  threads: {
    *collapse(w) {
      yield* madviseCollapseAll(w, w.vma);
    },
    *dontneed(w) {
      const { mm } = w.vma;
      const vma = w.isUnderVmaLock ? yield* w.kernel.lockVmaUnderRcu(w, mm, USER_BASE) : null;
      if (vma === null) yield* w.kernel.mmapReadLock(w, mm);
      if (w.hasReclaim) yield* reclaimTable(w, w.vma);
      if (vma === null) yield* w.kernel.mmapReadUnlock(w, mm);
      else yield* w.kernel.vmaEndRead(w, vma);
    },
  },
  reaches: ({ ops }) => [
    sometimes("the collapse goes through", (w) => w.reached.has("collapse_huge_page installed a huge page")),
    ...(hasReclaim(ops)
      ? [sometimes("the table is reclaimed", (w: World) => w.reached.has("the table was reclaimed"))]
      : []),
  ],
});
