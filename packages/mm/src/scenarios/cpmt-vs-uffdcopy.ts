/** T1-02: khugepaged collapses a private file mapping while userfaultfd fills it. */

import { sometimes, type ThreadBody } from "@mmrace/scheduler";
import { PAGE_SIZE, PMD_SIZE } from "@mmrace/x86-paging";
import type { KernelOps } from "../kernel.ts";
import { kernelById, linux_6_1 } from "../kernels/kernels.ts";
import { USER_BASE, type Geometry } from "../state/geometry.ts";
import { cacheFolio, populateFile } from "../state/populate.ts";
import { VM_UFFD_MISSING, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { load, register, copy, besidePieces } from "../userspace/calls.ts";

interface Cast extends World {
  vma: Vma;
}

/** Two entries map the file's huge folio; the fill goes to the third. */
const FILLED = USER_BASE + 2 * PAGE_SIZE;

function armedPieces(kernel: KernelOps, geometry: Geometry): Cast {
  const w = new World(kernel, geometry);
  const file = w.createFile("shmem");
  cacheFolio(w, file, 0, true);
  const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, file), VM_UFFD_MISSING);
  populateFile(w, vma, USER_BASE, 2);
  return Object.assign(w, { vma });
}

const cpmtAndFill: Readonly<Record<string, ThreadBody<Cast>>> = {
  *khugepaged(w) {
    yield* w.kernel.collapsePteMapped(w, w.vma.mm, w.vma.start, false);
  },
  *uffd(w) {
    yield* w.kernel.mfillAtomic(w, w.vma, FILLED);
  },
};

/** `collapse_pte_mapped_thp` | `UFFDIO_COPY` on one private VMA. T1-02: fixed by commit a98460494b16 (6.6-rc1). */
export const cpmtVsUffdcopy: ScenarioFamily = defineFamily<Cast>({
  name: "cpmt-vs-uffdcopy",
  about: "collapse_pte_mapped_thp on a private shmem VMA against UFFDIO_COPY into it (T1-02)",
  kernelDefault: "6.6-dev",
  userspace: besidePieces(
    { uffd: { does: [copy("vma", 2)] } },
    { isPrivate: true, setup: [register("vma", "missing")] },
  ),
  setup: armedPieces,
  threads: cpmtAndFill,
  reaches: ({ ops }) => [
    sometimes("the collapse removes the table", (w) =>
      w.reached.has("collapse_pte_mapped_thp removed a table"),
    ),
    sometimes("the fill installs its page", (w) => w.reached.has("a fill installed a page")),
    // Up to v6.5 mmap_lock is held for writing while the table goes.
    ...(ops.collapsePteMapped === linux_6_1.collapsePteMapped
      ? []
      : [
          sometimes("the fill finds its table gone", (w: World) =>
            w.reached.has("a fill found its table gone"),
          ),
        ]),
  ],
});

/** The same while somebody makes a table for the next slot, and so holds the PMD lock now and then. */
export const cpmtVsUffdcopyAndNeighbour: ScenarioFamily = defineFamily<Cast>({
  name: "cpmt-vs-uffdcopy-and-neighbour",
  about:
    "the same with a third thread that takes the PMD lock: what a collapse that tries for it must look at again",
  kernelDefault: "6.18-trylock",
  userspace: besidePieces(
    { uffd: { does: [copy("vma", 2)] }, neighbour: { does: [load("next")] } },
    { isPrivate: true, areas: { next: { slot: 1 } }, setup: [register("vma", "missing")] },
  ),
  setup: armedPieces,
  threads: {
    ...cpmtAndFill,
    *neighbour(w) {
      yield* w.kernel.mmapReadLock(w, w.vma.mm);
      yield* w.kernel.pteAlloc(w, w.vma.mm, w.vma.mm.slotOf(USER_BASE + PMD_SIZE));
      yield* w.kernel.mmapReadUnlock(w, w.vma.mm);
    },
  },
  reaches: ({ ops }) => [
    sometimes("the collapse removes the table", (w) =>
      w.reached.has("collapse_pte_mapped_thp removed a table"),
    ),
    ...(ops.collapsePteMappedThp === kernelById("6.18-trylock").ops.collapsePteMappedThp
      ? [
          sometimes("the table is refilled while the collapse waits for the PMD lock", (w: World) =>
            w.reached.has("collapse_pte_mapped_thp found its table refilled"),
          ),
        ]
      : []),
  ],
});
