/** Two moves that cross: each one's source table is the other's destination table. */

import { sometimes, type Steps } from "@mmrace/scheduler";
import { PAGE_SIZE, PMD_SIZE } from "@mmrace/x86-paging";
import { linux_6_6 } from "../kernels/kernels.ts";
import type { Result } from "../ops/userfaultfd/mfill-atomic.ts";
import { USER_BASE } from "../state/geometry.ts";
import { populateAnon } from "../state/populate.ts";
import { VM_READ_WRITE, VM_UFFD_MISSING, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { at, store, register, movePage, anonymous } from "../userspace/calls.ts";

interface Cast extends World {
  vma: Vma;
}

const OTHER = USER_BASE + PMD_SIZE;

/** The VMA and the context are locked for reading by both, which keeps nobody out and is left out here. */
function* move(w: Cast, dstAddress: number, srcAddress: number): Steps<Result> {
  return yield* w.kernel.movePagesLocked(w, { dst: w.vma, src: w.vma, dstAddress, srcAddress });
}

/** `UFFDIO_MOVE` there | `UFFDIO_MOVE` back. Only the order of the locks' addresses keeps them from a deadlock. */
export const uffdmoveCrossing: ScenarioFamily = defineFamily<Cast>({
  name: "uffdmove-crossing",
  about: "two UFFDIO_MOVE between the same two tables, in opposite directions",
  kernelDefault: "6.18",
  userspace: anonymous(
    [store("vma", 0, 1), store("vma", 512, 2), register("vma", "missing")],
    {
      there: { does: [movePage(at("vma"), at("vma", 513))] },
      back: { does: [movePage(at("vma", 512), at("vma", 1))] },
    },
    { areas: { vma: { slot: 0, pages: 1024 } } },
  ),
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const place = { start: USER_BASE, end: OTHER + PMD_SIZE, file: null };
    const vma = w.createVma(w.createMm(), place, VM_READ_WRITE | VM_UFFD_MISSING);
    populateAnon(w, vma, USER_BASE, 1);
    populateAnon(w, vma, OTHER, 2);
    return Object.assign(w, { vma });
  },
  threads: {
    *there(w) {
      w.reached.add(`there: ${yield* move(w, OTHER + PAGE_SIZE, USER_BASE)}`);
    },
    *back(w) {
      w.reached.add(`back: ${yield* move(w, USER_BASE + PAGE_SIZE, OTHER)}`);
    },
  },
  reaches: ({ ops }) =>
    ops.movePagesLocked === linux_6_6.movePagesLocked
      ? []
      : [sometimes("both move", (w) => w.reached.has("there: 0") && w.reached.has("back: 0"))],
});
