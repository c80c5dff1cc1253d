/** A file is collapsed while an mm that maps it collapses its own table, and one more mm maps it too. */

import { sometimes } from "@mmrace/scheduler";
import { USER_BASE } from "../state/geometry.ts";
import { populateTable } from "../state/populate.ts";
import { VM_SHARED, wholePmd, type Vma } from "../state/vma.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse, fileWorld, type FileCast } from "./file-collapse.ts";
import { collapseArea, emptyTable, mapsFile, besideCollapse } from "../userspace/calls.ts";

interface Cast extends FileCast {
  readonly other: Vma;
}

/** `collapse_file` with `retract_page_tables` in both mms | MADV_COLLAPSE in the second. Clean on every release. */
export const collapseInTwoMms: ScenarioFamily = defineFamily<Cast>({
  name: "collapse-in-two-mms",
  about: "retract_page_tables in two mms that share a file, against MADV_COLLAPSE in one of them",
  kernelDefault: "6.18",
  userspace: besideCollapse(
    { madvise: { does: [collapseArea("other")], process: "second" } },
    {
      areas: { other: mapsFile(0, { process: "second", protection: "rw" }) },
      processes: { second: { setup: [emptyTable("other")] } },
    },
  ),
  setup: (kernel, geometry) => {
    const w = fileWorld(kernel, geometry);
    const other = w.createVma(w.createMm(), wholePmd(USER_BASE, w.file), VM_SHARED);
    populateTable(w, other);
    return Object.assign(w, { other });
  },
  threads: {
    collapse,
    *madvise(w) {
      yield* w.kernel.collapsePteMapped(w, w.other.mm, w.other.start, true);
    },
  },
  reaches: () => [
    sometimes("both tables are gone, and the second mm maps the folio whole", (w) =>
      w.mms.every(
        (mm) => mm.counters.values.nr_ptes === 0 && mm.counters.values.rss_file === (mm.id - 1) * 512,
      ),
    ),
  ],
});
