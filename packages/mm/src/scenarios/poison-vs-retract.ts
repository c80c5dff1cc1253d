/** UFFDIO_POISON leaves a marker in a table that a collapse takes away. */

import { sometimes } from "@mmrace/scheduler";
import { linux_6_1 } from "../kernels/kernels.ts";
import type { AddressSpace } from "../state/address-space.ts";
import { HPAGE_PMD_NR, type Folio } from "../state/folio.ts";
import { USER_BASE } from "../state/geometry.ts";
import { cacheFolio, populateTable } from "../state/populate.ts";
import { VM_UFFD_MISSING, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";

interface Cast extends World {
  file: AddressSpace;
  vma: Vma;
  huge: Folio;
}

/** `collapse_file` with `retract_page_tables` | `UFFDIO_POISON`, on one private VMA. */
export const poisonVsRetract: ScenarioFamily = defineFamily<Cast>({
  name: "poison-vs-retract",
  about: "UFFDIO_POISON in a private mapping of a file against retract_page_tables",
  kernelDefault: "6.18",
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const file = w.createFile("shmem");
    const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, file), VM_UFFD_MISSING);
    populateTable(w, vma);
    // A hole would stop the collapse, as the VMA waits for missing pages.
    for (let page = 0; page < geometry.ptesPerTable; page++) cacheFolio(w, file, page);
    return Object.assign(w, { file, vma, huge: w.createFolio(HPAGE_PMD_NR, false) });
  },
  threads: {
    *collapse(w) {
      yield* w.kernel.collapseFile(w, w.file, w.huge);
    },
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
