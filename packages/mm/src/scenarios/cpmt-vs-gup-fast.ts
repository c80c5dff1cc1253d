/** T1-05: a table is freed while GUP walks it without a lock. */

import { sometimes } from "@mmrace/scheduler";
import { linux_6_0 } from "../kernels/kernels.ts";
import { folioPut } from "../state/folio.ts";
import { USER_BASE } from "../state/geometry.ts";
import type { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { pieceWorld } from "./file-collapse.ts";
import type { MappedFile } from "./mapped-file.ts";
import { gupAndPut, NO_FLUSH_IPI, besidePieces } from "../userspace/calls.ts";

/**
 * `collapse_pte_mapped_thp` | `gup_fast`, on CPUs whose flushes do not interrupt. T1-05: fixed by commit 2ba99c5e0881
 * (6.1); since 6.6 the table waits for a grace period instead.
 */
export const cpmtVsGupFast: ScenarioFamily = defineFamily<MappedFile>({
  name: "cpmt-vs-gup-fast",
  about: "collapse_pte_mapped_thp against GUP, which walks with interrupts off (T1-05)",
  kernelDefault: "6.0",
  userspace: besidePieces({ gup: { does: gupAndPut("vma") } }, { needs: [NO_FLUSH_IPI] }),
  setup: (kernel, geometry) => pieceWorld(kernel, geometry, { cpus: 2, flushImpliesIpi: false }),
  threads: {
    *khugepaged(w) {
      yield* w.kernel.collapsePteMapped(w, w.vma.mm, w.vma.start, true);
    },
    *gup(w) {
      const folio = yield* w.kernel.gupFast(w, w.vma.mm, USER_BASE, { write: false, pin: false });
      if (folio !== null) yield* folioPut(folio);
    },
  },
  reaches: ({ ops }) => [
    sometimes("the collapse removes the table", (w) =>
      w.reached.has("collapse_pte_mapped_thp removed a table"),
    ),
    sometimes("GUP gets the page", (w) => w.reached.has("gup_fast got a page")),
    // Up to v6.0 an entry stays as it is in a table that was unlinked, and nobody looks at the slot again.
    ...(ops.gupFastPteRange === linux_6_0.gupFastPteRange
      ? []
      : [
          sometimes("GUP lets go of what has changed", (w: World) =>
            w.reached.has("gup_fast noticed a change and let go"),
          ),
        ]),
  ],
});
