/** UFFDIO_POISON leaves a marker in a table that a collapse takes away. */

import { sometimes } from "@mmrace/scheduler";
import { linux_6_1 } from "../kernels/kernels.ts";
import { USER_BASE } from "../state/geometry.ts";
import { VM_UFFD_MISSING } from "../state/vma.ts";
import type { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse, fileWorld, type FileCast } from "./file-collapse.ts";
import { at, besideCollapse } from "../userspace/calls.ts";

/** `collapse_file` with `retract_page_tables` | `UFFDIO_POISON`, on one private VMA. */
export const poisonVsRetract: ScenarioFamily = defineFamily<FileCast>({
  name: "poison-vs-retract",
  about: "UFFDIO_POISON in a private mapping of a file against retract_page_tables",
  kernelDefault: "6.18",
  userspace: besideCollapse(
    { uffd: { does: [{ call: "poison", at: at("vma") }] } },
    { isPrivate: true, isCached: true, modes: ["missing"] },
  ),
  // With a hole there would be no collapse, as the VMA waits for missing pages.
  setup: (kernel, geometry) => fileWorld(kernel, geometry, VM_UFFD_MISSING, true),
  threads: {
    collapse,
    *uffd(w) {
      w.reached.add(`uffd: ${yield* w.kernel.userfaultfdFill(w, w.vma, USER_BASE, "POISON")}`);
    },
  },
  reaches: (kernel) => [
    sometimes("the collapse removes the table", (w) => w.reached.has("retract_page_tables removed a table")),
    ...(kernel.ops.mfillAtomicPtePoison === linux_6_1.mfillAtomicPtePoison
      ? []
      : [sometimes("the marker is installed", (w: World) => w.reached.has("uffd: 0"))]),
  ],
});
