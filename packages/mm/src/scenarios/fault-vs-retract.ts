/** A load from a shared mapping while the collapse of the file takes the page table away. */

import { readOnce, sometimes } from "@mmrace/scheduler";
import { userLoad } from "../hardware/user-code.ts";
import { USER_BASE } from "../state/geometry.ts";
import type { AddressSpace } from "../state/address-space.ts";
import { HPAGE_PMD_NR, type Folio } from "../state/folio.ts";
import { populateTable } from "../state/populate.ts";
import { VM_READ, VM_SHARED, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse } from "./file-collapse.ts";
import { load, besideCollapse } from "../userspace/calls.ts";

interface Cast extends World {
  file: AddressSpace;
  vma: Vma;
  huge: Folio;
}

/** `collapse_file` with `retract_page_tables` | a load, until it is served. Clean on every modelled release. */
export const faultVsRetract: ScenarioFamily = defineFamily<Cast>({
  name: "fault-vs-retract",
  about: "a load that faults against retract_page_tables on the same file",
  kernelDefault: "6.12",
  userspace: besideCollapse(
    { fault: { does: [load("vma")] } },
    {
      differs: [
        "a load that comes before the huge page is in the cache fills a hole, and there is no collapse of holes then",
      ],
    },
  ),
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const file = w.createFile("shmem");
    const mm = w.createMm();
    w.runOn(1, mm);
    const vma = w.createVma(mm, wholePmd(USER_BASE, file), VM_READ | VM_SHARED);
    populateTable(w, vma);
    return Object.assign(w, { file, vma, huge: w.createFolio(HPAGE_PMD_NR, false) });
  },
  threads: {
    collapse,
    *fault(w) {
      // Before the huge folio is there, a fault would fill the hole, and there would be no collapse.
      if ((yield* readOnce(w.file.iPages))[0] === null) return;
      yield* userLoad(w, w.vma, USER_BASE);
    },
  },
  reaches: () => [
    sometimes("the collapse removes the table", (w) => w.reached.has("retract_page_tables removed a table")),
    sometimes("the fault waits for the folio", (w) => w.reached.has("a fault found the folio")),
    sometimes(
      "the fault maps the folio whole, in place of the table",
      (w) => w.mms[0]?.counters.values.rss_file === 512,
    ),
  ],
});
