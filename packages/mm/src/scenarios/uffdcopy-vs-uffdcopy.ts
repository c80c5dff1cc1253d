/** Two fills of one page: one of them comes too late. */

import { sometimes } from "@mmrace/scheduler";
import { USER_BASE } from "../state/geometry.ts";
import { populateAnonVma } from "../state/populate.ts";
import { VM_READ_WRITE, VM_UFFD_MISSING, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { register, copy, anonymous } from "../userspace/calls.ts";

interface Cast extends World {
  vma: Vma;
}

/** `UFFDIO_COPY` | `UFFDIO_COPY`, of one page of anonymous memory that has no table yet. */
export const uffdcopyVsUffdcopy: ScenarioFamily = defineFamily<Cast>({
  name: "uffdcopy-vs-uffdcopy",
  about: "two UFFDIO_COPY into one page: one table, one page, one EEXIST",
  kernelDefault: "6.18",
  userspace: anonymous([register("vma", "missing")], {
    first: { does: [copy("vma")] },
    second: { does: [copy("vma")] },
  }),
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, null), VM_READ_WRITE | VM_UFFD_MISSING);
    populateAnonVma(w, vma);
    return Object.assign(w, { vma });
  },
  threads: {
    *first(w) {
      w.reached.add(`first: ${yield* w.kernel.userfaultfdFill(w, w.vma, USER_BASE, "COPY")}`);
    },
    *second(w) {
      w.reached.add(`second: ${yield* w.kernel.userfaultfdFill(w, w.vma, USER_BASE, "COPY")}`);
    },
  },
  reaches: () => [
    sometimes("the first fills", (w) => w.reached.has("first: 0")),
    sometimes("the first is too late", (w) => w.reached.has("first: EEXIST")),
    sometimes("the second is too late", (w) => w.reached.has("second: EEXIST")),
  ],
});
