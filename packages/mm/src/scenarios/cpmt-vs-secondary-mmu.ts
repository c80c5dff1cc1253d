/** T1-07: a table goes, and who mirrors its entries is not told. */

import { atEnd, Cell, oracle, readOnce, sometimes, writeOnce } from "@mmrace/scheduler";
import { pfnOf, pmdLeaf, pmdPresent } from "@mmrace/x86-paging";
import { USER_BASE } from "../state/geometry.ts";
import type { World } from "../state/world.ts";
import { SECONDARY_STALE } from "../state/secondary-mmu.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { pieceWorld } from "./file-collapse.ts";
import type { MappedFile } from "./mapped-file.ts";
import { at, besidePieces } from "../userspace/calls.ts";

interface Cast extends MappedFile {
  /** What a device has cached of `USER_BASE`: a frame, or 0. It holds no reference. */
  readonly mirror: Cell<number>;
}

function isMirrorRight(w: World): boolean {
  const { mirror, vma } = w as Cast;
  if (mirror.value === 0) return true;
  const pmd = vma.mm.slotOf(USER_BASE).value;
  if (!pmdPresent(pmd)) return false;
  const entry = pmdLeaf(pmd) ? pmd : w.tables.get(pfnOf(pmd))?.ptes.values[0];
  return entry !== undefined && pfnOf(entry) === mirror.value;
}

/** `collapse_pte_mapped_thp` | a device that uses its mirror. T1-07: fixed by commit f268f6cf875f (6.1). */
export const cpmtVsSecondaryMmu: ScenarioFamily = defineFamily<Cast>({
  name: "cpmt-vs-secondary-mmu",
  about: "collapse_pte_mapped_thp of pages that a secondary MMU mirrors (T1-07, CVE-2022-48991)",
  kernelDefault: "6.0",
  userspace: besidePieces(
    {
      device: {
        does: [{ call: "guest-load", at: at("vma") }],
        provokes:
          "a device with an MMU of its own: here a virtual machine of KVM, whose memory is the mapping",
      },
    },
    {
      setup: [
        { arrange: "guest", area: "vma" },
        { call: "guest-load", at: at("vma") },
      ],
      needs: ["/dev/kvm"],
    },
  ),
  setup: (kernel, geometry) => {
    const w = pieceWorld(kernel, geometry);
    const mirror = new Cell("secondary_mmu", w.file.iPages.value[0]!.pfn, { name: "mirror of a device" });
    w.vma.mm.notifiers.subscribers.push({
      *invalidateRangeStart({ start, end }) {
        if (start <= USER_BASE && USER_BASE < end) yield* writeOnce(mirror, 0);
      },
      *invalidateRangeEnd() {},
    });
    return Object.assign(w, { mirror });
  },
  threads: {
    *khugepaged(w) {
      yield* w.kernel.collapsePteMapped(w, w.vma.mm, w.vma.start, false);
    },
    *device(w) {
      w.reached.add(
        (yield* readOnce(w.mirror)) === 0 ? "the device found nothing" : "the device found a page",
      );
    },
  },
  reaches: () => [
    ...oracle(SECONDARY_STALE, [atEnd("a mirror translates only what is mapped", isMirrorRight)]),
    sometimes("the collapse removes the table", (w) =>
      w.reached.has("collapse_pte_mapped_thp removed a table"),
    ),
    sometimes("the device uses its mirror", (w) => w.reached.has("the device found a page")),
  ],
});
