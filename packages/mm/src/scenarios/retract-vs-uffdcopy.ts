/** The seed question: what do the locks of retract_page_tables protect against? Here, a fill of a private mapping. */

import { sometimes } from "@mmrace/scheduler";
import { linux_6_0, linux_6_1 } from "../kernels/kernels.ts";
import { USER_BASE } from "../state/geometry.ts";
import { VM_UFFD_MISSING } from "../state/vma.ts";
import type { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse, fileWorld, type FileCast } from "./file-collapse.ts";
import { copy, besideCollapse } from "../userspace/calls.ts";

/** `collapse_file` with `retract_page_tables` | `UFFDIO_COPY` on one private VMA armed for missing pages. */
export const retractVsUffdcopy: ScenarioFamily = defineFamily<FileCast>({
  name: "retract-vs-uffdcopy",
  about: "retract_page_tables against UFFDIO_COPY into a private mapping of the file",
  kernelDefault: "6.12",
  userspace: besideCollapse(
    { uffd: { does: [copy("vma")] } },
    { isPrivate: true, isCached: true, modes: ["missing"] },
  ),
  // With a hole there would be no collapse, as the VMA waits for missing pages.
  setup: (kernel, geometry) => fileWorld(kernel, geometry, VM_UFFD_MISSING, true),
  threads: {
    collapse,
    *uffd(w) {
      yield* w.kernel.mfillAtomic(w, w.vma, USER_BASE);
    },
  },
  reaches: ({ ops }) => [
    sometimes("the collapse removes the table", (w) => w.reached.has("retract_page_tables removed a table")),
    sometimes("the fill installs its page", (w) => w.reached.has("a fill installed a page")),
    // v6.0 looks only once, and up to v6.5 mmap_lock is held for writing while the table goes.
    ...(ops.retractPageTables === linux_6_0.retractPageTables
      ? []
      : [
          sometimes("the fill comes first", (w: World) =>
            w.reached.has("retract_page_tables found the VMA taken under the locks"),
          ),
        ]),
    ...(ops.collapsePteMapped === linux_6_1.collapsePteMapped
      ? []
      : [
          sometimes("the fill finds its table gone", (w: World) =>
            w.reached.has("a fill found its table gone"),
          ),
        ]),
  ],
});
