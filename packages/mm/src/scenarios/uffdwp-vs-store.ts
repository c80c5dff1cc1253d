/** A page is write-protected and given free again, while user code writes to it. */

import { sometimes } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { USER_BASE } from "../state/geometry.ts";
import { populateAnon } from "../state/populate.ts";
import { VM_READ_WRITE, VM_UFFD_WP, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { storeUntilDone } from "./uffd-actors.ts";
import { at, store, register, anonymous } from "../userspace/calls.ts";

interface Cast extends World {
  vma: Vma;
}

/** `UFFDIO_WRITEPROTECT` twice, on and off | two stores, the first of which fills the TLB. */
export const uffdwpVsStore: ScenarioFamily = defineFamily<Cast>({
  name: "uffdwp-vs-store",
  about: "UFFDIO_WRITEPROTECT, and its end, against stores to the page through the TLB",
  kernelDefault: "6.18",
  userspace: anonymous([store("vma", 0, 0), register("vma", "wp")], {
    uffd: {
      does: [
        { call: "writeprotect", at: at("vma"), on: true },
        { call: "writeprotect", at: at("vma"), on: false },
      ],
    },
    user: { does: [store("vma", 0, 1), store("vma", 0, 2)] },
  }),
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const mm = w.createMm();
    w.runOn(1, mm);
    const vma = w.createVma(mm, wholePmd(USER_BASE, null), VM_READ_WRITE | VM_UFFD_WP);
    populateAnon(w, vma, USER_BASE);
    return Object.assign(w, { vma });
  },
  threads: {
    *uffd(w) {
      yield* w.kernel.userfaultfdWriteprotect(w, w.vma, USER_BASE, USER_BASE + PAGE_SIZE, true);
      w.reached.add("protected");
      yield* w.kernel.userfaultfdWriteprotect(w, w.vma, USER_BASE, USER_BASE + PAGE_SIZE, false);
    },
    *user(w) {
      yield* storeUntilDone(w, w.vma, USER_BASE, 1);
      yield* storeUntilDone(w, w.vma, USER_BASE, 2);
    },
  },
  reaches: () => [
    sometimes("a store waits", (w) => w.reached.has("a fault waits for userfaultfd")),
    sometimes("stores come before", (w) => !w.reached.has("protected")),
  ],
});
