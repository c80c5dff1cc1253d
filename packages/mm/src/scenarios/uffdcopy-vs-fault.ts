/** A missing page: the fault waits, the fill wakes it, and no wakeup is lost. */

import { sometimes } from "@mmrace/scheduler";
import { USER_BASE } from "../state/geometry.ts";
import { populateAnonVma, populateTable } from "../state/populate.ts";
import { VM_READ_WRITE, VM_UFFD_MISSING, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { faultUntilPresent } from "./uffd-actors.ts";
import { load, register, emptyTable, copy, anonymous } from "../userspace/calls.ts";

interface Cast extends World {
  vma: Vma;
}

/** `UFFDIO_COPY` with its wakeup | a fault that waits for it. A wakeup that is lost is a deadlock. */
export const uffdcopyVsFault: ScenarioFamily = defineFamily<Cast>({
  name: "uffdcopy-vs-fault",
  about: "UFFDIO_COPY against a fault that waits for it in handle_userfault",
  kernelDefault: "6.18",
  userspace: anonymous([emptyTable("vma", true), register("vma", "missing")], {
    fault: { does: [load("vma")] },
    uffd: { does: [copy("vma")] },
  }),
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, null), VM_READ_WRITE | VM_UFFD_MISSING);
    populateAnonVma(w, vma);
    populateTable(w, vma);
    return Object.assign(w, { vma });
  },
  threads: {
    *fault(w) {
      yield* faultUntilPresent(w, w.vma, USER_BASE);
    },
    *uffd(w) {
      yield* w.kernel.userfaultfdFill(w, w.vma, USER_BASE, "COPY");
    },
  },
  reaches: () => [
    sometimes("the fault waits", (w) => w.reached.has("a fault waits for userfaultfd")),
    sometimes(
      "the fault asks, and need not wait",
      (w) => w.mms[0]!.userfaultfd.events.length > 0 && !w.reached.has("a fault waits for userfaultfd"),
    ),
    sometimes("the page is there before", (w) => w.mms[0]!.userfaultfd.events.length === 0),
  ],
});
