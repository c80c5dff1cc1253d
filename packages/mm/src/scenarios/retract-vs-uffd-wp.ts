/** T1-09: markers of write-protection are installed in a table that is going to be taken away. */

import { sometimes, writeOnce } from "@mmrace/scheduler";
import { mkUffdWpMarker, pteNone } from "@mmrace/x86-paging";
import { linux_6_0 } from "../kernels/kernels.ts";
import { ptepGet, setPte } from "../state/page-table.ts";
import { VM_SHARED, VM_UFFD_WP } from "../state/vma.ts";
import type { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse, fileWorld, type FileCast } from "./file-collapse.ts";
import { at, register, besideCollapse } from "../userspace/calls.ts";

/**
 * `collapse_file` with `retract_page_tables` | registering write-protection, then protecting an empty page. T1-09: fixed
 * by commit deb4c93a9871 (5.19). The two calls are those steps of UFFDIO_REGISTER and UFFDIO_WRITEPROTECT that matter.
 */
export const retractVsUffdWp: ScenarioFamily = defineFamily<FileCast>({
  name: "retract-vs-uffd-wp",
  about: "retract_page_tables against markers of a write-protection that is just being registered (T1-09)",
  kernelDefault: "6.12",
  userspace: besideCollapse({
    uffd: { does: [register("vma", "wp"), { call: "writeprotect", at: at("vma"), on: true }] },
  }),
  setup: fileWorld,
  threads: {
    collapse,
    *uffd(w) {
      const { mm } = w.vma;
      yield* w.kernel.mmapWriteLock(w, mm); // UFFDIO_REGISTER
      yield* w.kernel.vmaStartWrite(w, w.vma);
      yield* writeOnce(w.vma.flags, VM_SHARED | VM_UFFD_WP);
      yield* w.kernel.mmapWriteUnlock(w, mm);

      yield* w.kernel.mmapReadLock(w, mm); // UFFDIO_WRITEPROTECT
      const slot = mm.slotOf(w.vma.start);
      yield* w.kernel.pteAlloc(w, mm, slot);
      const mapped = yield* w.kernel.__pteOffsetMapLock(w, slot);
      if (mapped !== null) {
        if (pteNone(yield* ptepGet(mapped.table, 0))) yield* setPte(mapped.table, 0, mkUffdWpMarker());
        yield* w.kernel.pteUnmapUnlock(w, mapped);
        w.reached.add("a marker was installed");
      }
      yield* w.kernel.mmapReadUnlock(w, mm);
    },
  },
  reaches: ({ ops }) => [
    sometimes("the collapse removes the table", (w) => w.reached.has("retract_page_tables removed a table")),
    sometimes("a marker is installed", (w) => w.reached.has("a marker was installed")),
    // The answer of v6.0 leaves no trace in the world.
    ...(ops.retractPageTables === linux_6_0.retractPageTables
      ? []
      : [
          sometimes("the retraction sees the registration under its locks", (w: World) =>
            w.reached.has("retract_page_tables found the VMA taken under the locks"),
          ),
        ]),
  ],
});
