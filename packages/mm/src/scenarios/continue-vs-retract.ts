/** UFFDIO_CONTINUE maps what the page cache has, while a collapse changes what it has. */

import { sometimes } from "@mmrace/scheduler";
import { USER_BASE } from "../state/geometry.ts";
import { VM_SHARED, VM_UFFD_MINOR } from "../state/vma.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse, fileWorld, type FileCast } from "./file-collapse.ts";
import { at, besideCollapse } from "../userspace/calls.ts";

/** `collapse_file` with `retract_page_tables` | `UFFDIO_CONTINUE`, on one shared VMA: the folio's lock keeps them apart. */
export const continueVsRetract: ScenarioFamily = defineFamily<FileCast>({
  name: "continue-vs-retract",
  about: "UFFDIO_CONTINUE in a shared mapping against collapse_file with retract_page_tables",
  kernelDefault: "6.18",
  userspace: besideCollapse({ uffd: { does: [{ call: "continue", at: at("vma") }] } }, { modes: ["minor"] }),
  setup: (kernel, geometry) => fileWorld(kernel, geometry, VM_SHARED | VM_UFFD_MINOR),
  threads: {
    collapse,
    *uffd(w) {
      w.reached.add(`uffd: ${yield* w.kernel.userfaultfdFill(w, w.vma, USER_BASE, "CONTINUE")}`);
    },
  },
  reaches: () => [
    sometimes("the collapse removes the table", (w) => w.reached.has("retract_page_tables removed a table")),
    sometimes("there is nothing to map yet", (w) => w.reached.has("uffd: EFAULT")),
    sometimes("the page is mapped", (w) => w.reached.has("uffd: 0")),
  ],
});
