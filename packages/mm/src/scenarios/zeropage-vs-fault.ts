/** A missing page that UFFDIO_ZEROPAGE serves: a page that does not come keeps the fault waiting for ever. */

import { sometimes } from "@mmrace/scheduler";
import { USER_BASE } from "../state/geometry.ts";
import { populateTable } from "../state/populate.ts";
import { VM_READ_WRITE, VM_UFFD_MISSING, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { faultUntilPresent } from "./uffd-actors.ts";
import { at, load, register, emptyTable, anonymous } from "../userspace/calls.ts";

interface Cast extends World {
  vma: Vma;
}

/** `UFFDIO_ZEROPAGE` with its wakeup | a fault that waits for it. */
export const zeropageVsFault: ScenarioFamily = defineFamily<Cast>({
  name: "zeropage-vs-fault",
  about: "UFFDIO_ZEROPAGE against a fault that waits for it in handle_userfault",
  kernelDefault: "6.18",
  userspace: anonymous([emptyTable("vma"), register("vma", "missing")], {
    fault: { does: [load("vma")] },
    uffd: { does: [{ call: "zeropage", at: at("vma") }] },
  }),
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, null), VM_READ_WRITE | VM_UFFD_MISSING);
    populateTable(w, vma);
    return Object.assign(w, { vma });
  },
  threads: {
    *fault(w) {
      yield* faultUntilPresent(w, w.vma, USER_BASE);
    },
    *uffd(w) {
      yield* w.kernel.userfaultfdFill(w, w.vma, USER_BASE, "ZEROPAGE");
    },
  },
  reaches: () => [
    sometimes("the fault waits", (w) => w.reached.has("a fault waits for userfaultfd")),
    sometimes("the page is there before", (w) => w.mms[0]!.userfaultfd.events.length === 0),
  ],
});
