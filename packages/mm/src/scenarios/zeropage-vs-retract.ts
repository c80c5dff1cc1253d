/** UFFDIO_ZEROPAGE puts an entry that nobody counts into a table that a collapse takes away. */

import { sometimes } from "@mmrace/scheduler";
import { USER_BASE } from "../state/geometry.ts";
import { VM_UFFD_MISSING } from "../state/vma.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse, fileWorld, type FileCast } from "./file-collapse.ts";
import { at, besideCollapse } from "../userspace/calls.ts";

/** `collapse_file` with `retract_page_tables` | `UFFDIO_ZEROPAGE`, on one private VMA. */
export const zeropageVsRetract: ScenarioFamily = defineFamily<FileCast>({
  name: "zeropage-vs-retract",
  about: "UFFDIO_ZEROPAGE into a private mapping of a file against retract_page_tables",
  kernelDefault: "6.18",
  userspace: besideCollapse(
    { uffd: { does: [{ call: "zeropage", at: at("vma") }] } },
    { isPrivate: true, isCached: true, modes: ["missing"] },
  ),
  // With a hole there would be no collapse, as the VMA waits for missing pages.
  setup: (kernel, geometry) => fileWorld(kernel, geometry, VM_UFFD_MISSING, true),
  threads: {
    collapse,
    *uffd(w) {
      w.reached.add(`uffd: ${yield* w.kernel.userfaultfdFill(w, w.vma, USER_BASE, "ZEROPAGE")}`);
    },
  },
  reaches: () => [
    sometimes("the collapse removes the table", (w) => w.reached.has("retract_page_tables removed a table")),
    sometimes("the fill comes first", (w) =>
      w.reached.has("retract_page_tables found the VMA taken under the locks"),
    ),
    sometimes("the fill installs its entry", (w) => w.reached.has("uffd: 0")),
  ],
});
