/** T2-04: two MADV_DONTNEEDs of one page; the second finds nothing to do, and its caller reads on. */

import { sometimes } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { userAccess } from "../hardware/user-access.ts";
import { USER_BASE } from "../state/geometry.ts";
import { populateAnon, populateTlb } from "../state/populate.ts";
import { VM_READ_WRITE, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { load, store, dontneed, anonymous } from "../userspace/calls.ts";

interface Cast extends World {
  vma: Vma;
}

/** `MADV_DONTNEED` | `MADV_DONTNEED`, then a load. T2-04: fixed by commit 99baac21e458 (4.13). */
export const dontneedVsDontneed: ScenarioFamily = defineFamily<Cast>({
  name: "dontneed-vs-dontneed",
  about: "two MADV_DONTNEEDs of one page, and a load after the second returns (T2-04)",
  kernelDefault: "4.12",
  userspace: anonymous(
    [store("vma", 0, 7)],
    { first: { does: [dontneed("vma")] }, second: { does: [load("vma"), dontneed("vma"), load("vma")] } },
    {
      differs: [
        "the first load has the processor cache the translation, which the model does before it begins",
      ],
    },
  ),
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const mm = w.createMm();
    w.runOn(0, mm);
    w.runOn(1, mm);
    const vma = w.createVma(mm, wholePmd(USER_BASE, null), VM_READ_WRITE);
    populateAnon(w, vma, USER_BASE, 7);
    populateTlb(w, 1, vma, USER_BASE);
    return Object.assign(w, { vma });
  },
  threads: {
    *first(w) {
      yield* w.kernel.madviseDontneed(w, w.vma.mm, USER_BASE, USER_BASE + PAGE_SIZE);
    },
    *second(w) {
      yield* w.kernel.madviseDontneed(w, w.vma.mm, USER_BASE, USER_BASE + PAGE_SIZE);
      const { kind } = yield* userAccess(w.current.tlb, {
        w,
        vma: w.vma,
        address: USER_BASE,
        store: undefined,
      });
      w.reached.add(`the load ends in: ${kind}`);
    },
  },
  reaches: () => [
    sometimes("the load faults", (w) => w.reached.has("the load ends in: fault")),
    sometimes("both gathers are live", (w) => w.mms[0]?.tlbFlushPending.value === 2),
  ],
});
