/** A fault maps one more piece of a huge folio while the table of the pieces is taken away. */

import { sometimes } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { USER_BASE } from "../state/geometry.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { pieceWorld } from "./file-collapse.ts";
import type { MappedFile } from "./mapped-file.ts";
import { load, besidePieces } from "../userspace/calls.ts";

/** `collapse_pte_mapped_thp` that leaves the slot empty | a read fault, which the folio's lock holds up. */
export const cpmtVsFault: ScenarioFamily = defineFamily<MappedFile>({
  name: "cpmt-vs-fault",
  about: "collapse_pte_mapped_thp against a read fault in the same table",
  kernelDefault: "6.18",
  userspace: besidePieces({ fault: { does: [load("vma", 2)] } }),
  setup: pieceWorld,
  threads: {
    *khugepaged(w) {
      yield* w.kernel.collapsePteMapped(w, w.vma.mm, w.vma.start, false);
    },
    *fault(w) {
      yield* w.kernel.doUserAddrFault(w, w.vma.mm, USER_BASE + 2 * PAGE_SIZE, false);
    },
  },
  reaches: () => [
    sometimes("the collapse removes the table", (w) =>
      w.reached.has("collapse_pte_mapped_thp removed a table"),
    ),
    sometimes(
      "the fault comes first, and its entry goes with the table",
      (w) => w.reached.has("a fault found the folio") && w.mms[0]!.counters.values.rss_file === 0,
    ),
    sometimes(
      "the fault comes second, and maps the folio whole",
      (w) => w.mms[0]!.counters.values.rss_file === 512,
    ),
  ],
});
