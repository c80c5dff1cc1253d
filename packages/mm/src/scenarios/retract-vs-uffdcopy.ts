/** The seed question: what do the locks of retract_page_tables protect against? Here, a fill of a private mapping. */

import { sometimes } from "@mmrace/scheduler";
import { USER_BASE } from "../state/geometry.ts";
import { VM_UFFD_MISSING, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";

interface Cast extends World {
  vma: Vma;
}

/** `collapse_file` with `retract_page_tables` | `UFFDIO_COPY` on one private VMA armed for missing pages. */
export const retractVsUffdcopy: ScenarioFamily = defineFamily<Cast>({
  name: "retract-vs-uffdcopy",
  about: "retract_page_tables against UFFDIO_COPY into a private mapping of the file",
  kernelDefault: "6.12",
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const vma = w.createVma(
      w.createMm(),
      USER_BASE,
      w.createFile("shmem", { isCached: false }),
      VM_UFFD_MISSING,
    );
    w.populate(vma, 0);
    return Object.assign(w, { vma });
  },
  threads: {
    *collapse(w) {
      yield* w.kernel.collapseFile(w, w.vma.file);
    },
    *uffd(w) {
      yield* w.kernel.mfillAtomic(w, w.vma, USER_BASE);
    },
  },
  reaches: () => [
    sometimes("the collapse removes the table", (w) => w.reached.has("retract_page_tables removed a table")),
    sometimes("the fill comes first", (w) =>
      w.reached.has("retract_page_tables found an anon_vma under the locks"),
    ),
    sometimes("the fill installs its page", (w) => w.reached.has("UFFDIO_COPY installed a page")),
    sometimes("the fill finds its table gone", (w) => w.reached.has("UFFDIO_COPY found its table gone")),
  ],
});
