/** The two ways in which collapse removes a table meet at one. */

import { sometimes } from "@mmrace/scheduler";
import { linux_6_1 } from "../kernels/kernels.ts";
import type { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse, fileWorld, type FileCast } from "./file-collapse.ts";
import { collapseArea, besideCollapse } from "../userspace/calls.ts";

/** `collapse_file` with `retract_page_tables` | `collapse_pte_mapped_thp`, of one table. Clean on every release. */
export const cpmtVsRetract: ScenarioFamily = defineFamily<FileCast>({
  name: "cpmt-vs-retract",
  about: "collapse_pte_mapped_thp and retract_page_tables remove one table",
  kernelDefault: "6.12",
  userspace: besideCollapse({ madvise: { does: [collapseArea("vma")] } }),
  setup: fileWorld,
  threads: {
    collapse,
    *madvise(w) {
      yield* w.kernel.collapsePteMapped(w, w.vma.mm, w.vma.start, true);
    },
  },
  reaches: ({ ops }) => [
    sometimes("the retraction removes the table", (w) =>
      w.reached.has("retract_page_tables removed a table"),
    ),
    sometimes("MADV_COLLAPSE finds the table gone and maps the folio", (w) =>
      w.reached.has("collapse_pte_mapped_thp found the table gone"),
    ),
    // While mmap_lock is held for writing, retraction passes the mm over: that is left to the other.
    ...(ops.collapsePteMapped === linux_6_1.collapsePteMapped
      ? [
          sometimes("MADV_COLLAPSE removes the table", (w: World) =>
            w.reached.has("collapse_pte_mapped_thp removed a table"),
          ),
        ]
      : []),
  ],
});
