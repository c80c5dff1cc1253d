/** MADV_DONTNEED of a shared page against a store to it: the file must hear of what was stored. */

import { sometimes } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { userAccess } from "../hardware/user-access.ts";
import { USER_BASE } from "../state/geometry.ts";
import { cacheFolio, populateFile } from "../state/populate.ts";
import { VM_READ_WRITE, VM_SHARED, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { store, dontneed, ofFile } from "../userspace/calls.ts";

interface Cast extends World {
  vma: Vma;
}

/** `MADV_DONTNEED` | one store through an entry that is writable already, so that no fault says that the page is dirty. */
export const dontneedVsStore: ScenarioFamily = defineFamily<Cast>({
  name: "dontneed-vs-store",
  about: "MADV_DONTNEED of a shared page against a store to it, which only the entry knows of",
  kernelDefault: "6.18",
  userspace: ofFile(1, [store("vma", 0, 1)], {
    dontneed: { does: [dontneed("vma")] },
    user: { does: [store("vma", 0, 2)] },
  }),
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const file = w.createFile("shmem");
    cacheFolio(w, file, 0);
    const mm = w.createMm();
    w.runOn(1, mm);
    const vma = w.createVma(mm, wholePmd(USER_BASE, file), VM_READ_WRITE | VM_SHARED);
    populateFile(w, vma, USER_BASE);
    return Object.assign(w, { vma });
  },
  threads: {
    *dontneed(w) {
      yield* w.kernel.madviseDontneed(w, w.vma.mm, USER_BASE, USER_BASE + PAGE_SIZE);
    },
    *user(w) {
      yield* userAccess(w.current.tlb, { w, vma: w.vma, address: USER_BASE, store: 2 });
    },
  },
  reaches: () => [
    sometimes("the page was stored to", (w) => w.folios[0]!.data[0]!.value === 2),
    sometimes(
      "it is gone before",
      (w) => w.folios[0]!.data[0]!.value === 0 && w.folios[0]!.mapcount.value === 0,
    ),
  ],
});
