/** T1-02: khugepaged collapses a private file mapping while userfaultfd fills it. */

import { sometimes } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { linux_6_1 } from "../kernels/kernels.ts";
import { USER_BASE } from "../state/geometry.ts";
import { cacheFolio, populateFile } from "../state/populate.ts";
import { VM_UFFD_MISSING, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";

interface Cast extends World {
  vma: Vma;
}

/** Two entries map the file's huge folio; the fill goes to the third. */
const FILLED = USER_BASE + 2 * PAGE_SIZE;

/** `collapse_pte_mapped_thp` | `UFFDIO_COPY` on one private VMA. T1-02: fixed by commit a98460494b16 (6.6-rc1). */
export const cpmtVsUffdcopy: ScenarioFamily = defineFamily<Cast>({
  name: "cpmt-vs-uffdcopy",
  about: "collapse_pte_mapped_thp on a private shmem VMA against UFFDIO_COPY into it (T1-02)",
  kernelDefault: "6.6-dev",
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const file = w.createFile("shmem");
    cacheFolio(w, file, 0, true);
    const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, file), VM_UFFD_MISSING);
    populateFile(w, vma, USER_BASE, 2);
    return Object.assign(w, { vma });
  },
  threads: {
    *khugepaged(w) {
      yield* w.kernel.collapsePteMapped(w, w.vma.mm, w.vma.start, false);
    },
    *uffd(w) {
      yield* w.kernel.mfillAtomic(w, w.vma, FILLED);
    },
  },
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
