/** MADV_DONTNEED of a whole table against the collapse of the file, which takes the same table away. */

import { sometimes } from "@mmrace/scheduler";
import { PMD_SIZE } from "@mmrace/x86-paging";
import type { AddressSpace } from "../state/address-space.ts";
import { HPAGE_PMD_NR, type Folio } from "../state/folio.ts";
import { USER_BASE } from "../state/geometry.ts";
import { populateTable } from "../state/populate.ts";
import { VM_SHARED, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { hasPtReclaim } from "./abilities.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";

interface Cast extends World {
  file: AddressSpace;
  vma: Vma;
  huge: Folio;
}

/** `MADV_DONTNEED` | `collapse_file` with `retract_page_tables`: who takes the empty table. Fixed for 6.14 by 6c18ec9af86c. */
export const dontneedVsRetract: ScenarioFamily = defineFamily<Cast>({
  name: "dontneed-vs-retract",
  about: "MADV_DONTNEED of a whole table, with table reclaim since 6.14, against retract_page_tables",
  kernelDefault: "6.14",
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const file = w.createFile("shmem");
    const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, file), VM_SHARED);
    populateTable(w, vma);
    return Object.assign(w, { file, vma, huge: w.createFolio(HPAGE_PMD_NR, false) });
  },
  threads: {
    *dontneed(w) {
      yield* w.kernel.madviseDontneed(w, w.vma.mm, USER_BASE, USER_BASE + PMD_SIZE);
    },
    *collapse(w) {
      yield* w.kernel.collapseFile(w, w.file, w.huge);
    },
  },
  reaches: (kernel) => [
    sometimes("the collapse removes the table", (w) => w.reached.has("retract_page_tables removed a table")),
    ...(hasPtReclaim(kernel)
      ? [
          sometimes("the zap removes it", (w: World) =>
            w.reached.has("zap_pte_range took an empty table away at once"),
          ),
        ]
      : []),
  ],
});
