/** UFFDIO_MOVE of one page of a huge one, which is split for it while somebody uses another of its pages. */

import { sometimes } from "@mmrace/scheduler";
import { PAGE_SIZE, PMD_SIZE } from "@mmrace/x86-paging";
import { userAccess } from "../hardware/user-access.ts";
import { linux_6_6 } from "../kernels/kernels.ts";
import { USER_BASE } from "../state/geometry.ts";
import { populateAnonVma, populateHugeAnon, populateTable } from "../state/populate.ts";
import { VM_READ_WRITE, VM_UFFD_MISSING, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { at, store, register, emptyTable, movePage } from "../userspace/calls.ts";

const TARGET = USER_BASE + PMD_SIZE;

interface Cast extends World {
  dst: Vma;
  src: Vma;
}

/** `UFFDIO_MOVE` with `split_huge_pmd` | a store to a neighbour, which finds the huge page, the table, or neither. */
export const uffdmoveSplits: ScenarioFamily = defineFamily<Cast>({
  name: "uffdmove-splits",
  about: "UFFDIO_MOVE of a part of a huge page against a store to another part",
  kernelDefault: "6.18",
  userspace: {
    areas: { src: { slot: 0 }, dst: { slot: 1 } },
    setup: [{ arrange: "huge-page", area: "src" }, emptyTable("dst", true), register("dst", "missing")],
    threads: { move: { does: [movePage(at("src"), at("dst"))] }, user: { does: [store("src", 1, 2)] } },
  },
  setup: (kernel, geometry) => {
    const w = new World(kernel, { ...geometry, ptesPerTable: 3 });
    const mm = w.createMm();
    w.runOn(1, mm);
    const src = w.createVma(mm, wholePmd(USER_BASE, null), VM_READ_WRITE);
    const dst = w.createVma(mm, wholePmd(TARGET, null), VM_READ_WRITE | VM_UFFD_MISSING);
    populateAnonVma(w, dst);
    populateTable(w, dst);
    populateHugeAnon(w, src);
    return Object.assign(w, { dst, src });
  },
  threads: {
    *move(w) {
      const { dst, src } = w; // Locked for reading, which keeps nobody out here and is left out.
      const step = { dst, src, dstAddress: TARGET, srcAddress: USER_BASE };
      w.reached.add(`move: ${yield* w.kernel.movePagesLocked(w, step)}`);
    },
    *user(w) {
      const place = { w, vma: w.src, address: USER_BASE + PAGE_SIZE };
      const { kind } = yield* userAccess(w.current.tlb, { ...place, store: 2 });
      w.reached.add(`the store: ${kind}`);
    },
  },
  reaches: ({ ops }) => [
    sometimes("the store goes through", (w: World) => w.reached.has("the store: done")),
    ...(ops.movePagesLocked === linux_6_6.movePagesLocked
      ? []
      : [sometimes("the page moves", (w: World) => w.reached.has("move: 0"))]),
  ],
});
