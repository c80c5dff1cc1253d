/** UFFDIO_CONTINUE maps what the page cache has, while a collapse changes what it has. */

import { sometimes } from "@mmrace/scheduler";
import type { AddressSpace } from "../state/address-space.ts";
import { HPAGE_PMD_NR, type Folio } from "../state/folio.ts";
import { USER_BASE } from "../state/geometry.ts";
import { populateTable } from "../state/populate.ts";
import { VM_SHARED, VM_UFFD_MINOR, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";

interface Cast extends World {
  file: AddressSpace;
  vma: Vma;
  huge: Folio;
}

/** `collapse_file` with `retract_page_tables` | `UFFDIO_CONTINUE`, on one shared VMA: the folio's lock keeps them apart. */
export const continueVsRetract: ScenarioFamily = defineFamily<Cast>({
  name: "continue-vs-retract",
  about: "UFFDIO_CONTINUE in a shared mapping against collapse_file with retract_page_tables",
  kernelDefault: "6.18",
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const file = w.createFile("shmem");
    const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, file), VM_SHARED | VM_UFFD_MINOR);
    populateTable(w, vma);
    return Object.assign(w, { file, vma, huge: w.createFolio(HPAGE_PMD_NR, false) });
  },
  threads: {
    *collapse(w) {
      yield* w.kernel.collapseFile(w, w.file, w.huge);
    },
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
