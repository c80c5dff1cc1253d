/** T1-01: mremap moves a whole page table while the collapse of the file takes it away. */

import { sometimes } from "@mmrace/scheduler";
import { PMD_SIZE } from "@mmrace/x86-paging";
import { linux_6_11 } from "../kernels/kernels.ts";
import { USER_BASE } from "../state/geometry.ts";
import type { AddressSpace } from "../state/address-space.ts";
import { HPAGE_PMD_NR, type Folio } from "../state/folio.ts";
import { populateTable } from "../state/populate.ts";
import { VM_SHARED, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse } from "./file-collapse.ts";
import { mremap, besideCollapse } from "../userspace/calls.ts";

interface Cast extends World {
  file: AddressSpace;
  huge: Folio;
  from: Vma;
  to: Vma;
}

/** `collapse_file` with `retract_page_tables` | `move_page_tables`. T1-01: fixed by commit 6fa1066fc5d0 (6.12). */
export const mremapVsRetract: ScenarioFamily = defineFamily<Cast>({
  name: "mremap-vs-retract",
  about: "mremap's whole-table move against retract_page_tables on the same file (T1-01, CVE-2024-50066)",
  kernelDefault: "6.11",
  userspace: besideCollapse(
    { mremap: { does: [mremap("from", "to")] } },
    { area: "from", areas: { to: { slot: 1, isReserved: true } } },
  ),
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const mm = w.createMm();
    const file = w.createFile("shmem");
    const from = w.createVma(mm, wholePmd(USER_BASE, file), VM_SHARED);
    // copy_vma() has put the new VMA into the file's tree before page tables move.
    const to = w.createVma(mm, wholePmd(USER_BASE + PMD_SIZE, file), VM_SHARED);
    // collapse_file() has unmapped every page, so the table is empty.
    populateTable(w, from);
    return Object.assign(w, { file, from, to, huge: w.createFolio(HPAGE_PMD_NR, false) });
  },
  threads: {
    *mremap(w) {
      yield* w.kernel.mmapWriteLock(w, w.from.mm);
      yield* w.kernel.movePageTables(w, w.from, w.to);
      yield* w.kernel.mmapWriteUnlock(w, w.from.mm);
    },
    collapse,
  },
  reaches: (kernel) => [
    sometimes("mremap moves the table", (w) => w.reached.has("move_normal_pmd moved a table")),
    sometimes("the collapse removes the table", (w) => w.reached.has("retract_page_tables removed a table")),
    ...(kernel.ops.moveNormalPmd !== linux_6_11.moveNormalPmd
      ? [
          sometimes("mremap notices", (w: World) =>
            w.reached.has("move_normal_pmd noticed that the table had gone"),
          ),
        ]
      : []),
  ],
});
