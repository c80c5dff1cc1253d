/** T1-03 and T1-04: a table is freed while somebody walks it through the file. */

import { downRead, folioLock, folioUnlock, upRead } from "@mmrace/locks";
import { sometimes, type Steps } from "@mmrace/scheduler";
import { ptePresent } from "@mmrace/x86-paging";
import { scanPtes } from "../state/page-table.ts";
import type { Vma } from "../state/vma.ts";
import type { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { pieceWorld } from "./file-collapse.ts";
import type { MappedFile } from "./mapped-file.ts";
import { at, besidePieces } from "../userspace/calls.ts";

/**
 * Looks at the entries of one VMA as who walks the rmap does: a look at the slot first, then the table under its lock.
 * A stand-in for `zap_pte_range` under i_mmap_rwsem, and for `page_referenced`, which change nothing that matters here.
 */
function* lookAtEntries(w: World, vma: Vma): Steps<void> {
  const slot = vma.mm.slotOf(vma.start);
  if (yield* w.kernel.pmdTransUnstable(w, slot)) return;
  const mapped = yield* w.kernel.__pteOffsetMapLock(w, slot);
  if (mapped === null) return;
  const pages = yield* scanPtes(mapped.table, (ptes) => ptes.filter(ptePresent).length);
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  w.reached.add(pages > 0 ? "the walk saw entries" : "the walk saw an empty table");
}

const reaches = [
  sometimes("the collapse removes the table", (w: World) =>
    w.reached.has("collapse_pte_mapped_thp removed a table"),
  ),
  sometimes("the walk sees entries", (w: World) => w.reached.has("the walk saw entries")),
];

/** `collapse_pte_mapped_thp` | a walk under i_mmap_rwsem. T1-03: fixed by commit 8d3c106e19e8 (6.1). */
export const cpmtVsRmapWalk: ScenarioFamily = defineFamily<MappedFile>({
  name: "cpmt-vs-rmap-walk",
  about: "collapse_pte_mapped_thp against a walk that holds i_mmap_rwsem only (T1-03)",
  kernelDefault: "6.0",
  userspace: besidePieces(
    { walk: { does: [{ call: "punch", file: "file", page: 511 }] } },
    {
      differs: [
        "the walk of the rmap is that of a hole being punched, whose zap looks at one entry of the table and which then tries to split the huge page; the model only looks",
      ],
    },
  ),
  setup: pieceWorld,
  threads: {
    *khugepaged(w) {
      yield* w.kernel.collapsePteMapped(w, w.vma.mm, w.vma.start, false);
    },
    *walk(w) {
      yield* downRead(w.file.iMmap);
      yield* lookAtEntries(w, w.vma);
      yield* upRead(w.file.iMmap);
    },
  },
  reaches: () => reaches,
});

/** `collapse_pte_mapped_thp` | `page_referenced`, which locks the folio. T1-04: fixed by commit 119a5fc16105 (5.9). */
export const cpmtVsPageReferenced: ScenarioFamily = defineFamily<MappedFile>({
  name: "cpmt-vs-page-referenced",
  about: "collapse_pte_mapped_thp against a walk that holds the folio's lock too (T1-04)",
  kernelDefault: "6.0",
  userspace: besidePieces(
    {
      reclaim: {
        does: [{ call: "idle-walk", at: at("vma") }],
        provokes:
          "reclaim's folio_referenced(): a write to /sys/kernel/mm/page_idle/bitmap locks the folio and walks its rmap in the same way",
      },
    },
    { setup: [{ arrange: "frame", at: at("vma") }], needs: ["CONFIG_IDLE_PAGE_TRACKING, and root"] },
  ),
  setup: pieceWorld,
  threads: {
    *khugepaged(w) {
      yield* w.kernel.collapsePteMapped(w, w.vma.mm, w.vma.start, false);
    },
    *reclaim(w) {
      const huge = w.file.iPages.value[0]!; // Found on the LRU.
      yield* folioLock(huge.lock);
      yield* downRead(w.file.iMmap);
      yield* lookAtEntries(w, w.vma);
      yield* upRead(w.file.iMmap);
      yield* folioUnlock(huge.lock);
    },
  },
  reaches: () => reaches,
});
