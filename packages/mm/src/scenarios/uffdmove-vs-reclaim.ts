/** A move whose destination table is empty, and is taken away: entries of a detached table are none as well. */

import { SINGLE_DEPTH_NESTING, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, sometimes, writeOnce, type Steps } from "@mmrace/scheduler";
import { NONE_ENTRY, PMD_SIZE, pmdNone, pteNone } from "@mmrace/x86-paging";
import { linux_6_12, linux_6_6 } from "../kernels/kernels.ts";
import { USER_BASE } from "../state/geometry.ts";
import { addMmCounter } from "../state/mm-struct.ts";
import { scanPtes } from "../state/page-table.ts";
import { populateAnon, populateAnonVma, populateTable } from "../state/populate.ts";
import { VM_READ_WRITE, VM_UFFD_MISSING, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { at, store, dontneed, register, emptyTable, movePage } from "../userspace/calls.ts";

interface Cast extends World {
  dst: Vma;
  src: Vma;
}

const OTHER = USER_BASE + PMD_SIZE;

/**
 * What MADV_DONTNEED of 6.14 and later does with a table that has become empty: try_to_free_pte(). Both threads hold read
 * locks, which keep nobody out here and are left out; so is the gather, by which the table is freed.
 */
function* reclaimEmptyTable(w: World, { mm }: Vma): Steps<void> {
  if (w.kernel.tlbTableFlush === linux_6_12.tlbTableFlush) return; // Nobody does, before 6.14.
  const slot = mm.slotOf(OTHER);
  yield* spinLock(slot.pmdTable.lock);
  const pmd = yield* readOnce(slot);
  if (pmdNone(pmd)) return yield* spinUnlock(slot.pmdTable.lock);
  const table = w.tableNamedBy(pmd, slot);
  yield* spinLock(table.ptl, SINGLE_DEPTH_NESTING);
  const isEmpty = yield* scanPtes(table, (ptes) => ptes.every(pteNone));
  if (isEmpty) yield* writeOnce(slot, NONE_ENTRY);
  yield* spinUnlock(table.ptl);
  yield* spinUnlock(slot.pmdTable.lock);
  if (!isEmpty) return;
  yield* addMmCounter(mm, "nr_ptes", -1);
  yield* w.kernel.pteFreeDefer(w, table);
  w.reached.add("a table was reclaimed");
}

/** `UFFDIO_MOVE` | reclaim of its destination's table. The recheck is dd95d2782a25 (6.14). */
export const uffdmoveVsReclaim: ScenarioFamily = defineFamily<Cast>({
  name: "uffdmove-vs-reclaim",
  about: "UFFDIO_MOVE into an empty table against the reclaim of that table",
  kernelDefault: "6.14",
  userspace: {
    areas: { src: { slot: 0 }, dst: { slot: 1 } },
    setup: [store("src", 0, 1), emptyTable("dst", true), register("dst", "missing")],
    threads: {
      move: { does: [movePage(at("src"), at("dst"))] },
      reclaim: {
        does: [dontneed("dst", "all")],
        provokes:
          "the reclaim of an empty table, which MADV_DONTNEED of 6.14 and later does (CONFIG_PT_RECLAIM)",
      },
    },
  },
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const mm = w.createMm();
    const src = w.createVma(mm, wholePmd(USER_BASE, null), VM_READ_WRITE);
    const dst = w.createVma(mm, wholePmd(OTHER, null), VM_READ_WRITE | VM_UFFD_MISSING);
    populateAnon(w, src, USER_BASE, 1);
    populateAnonVma(w, dst);
    populateTable(w, dst);
    return Object.assign(w, { dst, src });
  },
  threads: {
    *move(w) {
      const { dst, src } = w;
      yield* w.kernel.movePagesLocked(w, { dst, src, dstAddress: OTHER, srcAddress: USER_BASE });
    },
    *reclaim(w) {
      yield* reclaimEmptyTable(w, w.dst);
    },
  },
  reaches: ({ ops }) => [
    ...(ops.movePagesLocked === linux_6_6.movePagesLocked
      ? []
      : [sometimes("the page moves", (w: World) => w.reached.has("UFFDIO_MOVE moved a page"))]),
    ...(ops.tlbTableFlush === linux_6_12.tlbTableFlush
      ? []
      : [
          sometimes("the table goes", (w: World) => w.reached.has("a table was reclaimed")),
          sometimes("the move notices", (w: World) => w.reached.has("UFFDIO_MOVE found an entry changed")),
        ]),
  ],
});
