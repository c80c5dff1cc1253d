/** MADV_DONTNEED of a whole table against others who have an eye on the same table: retract, reclaim, itself. */

import { PMD_SIZE } from "@mmrace/x86-paging";
import { USER_BASE } from "../state/geometry.ts";
import { hasPtReclaim } from "./abilities.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse, fileWorld, type FileCast } from "./file-collapse.ts";
import { happens, mappedFile, type MappedFile } from "./mapped-file.ts";
import { dontneed, emptyTable, only, pageout, besideCollapse, ofFile } from "../userspace/calls.ts";

const END = USER_BASE + PMD_SIZE;

/** `MADV_DONTNEED` | `collapse_file` with `retract_page_tables`: who takes the empty table. Fixed for 6.14 by 6c18ec9af86c. */
export const dontneedVsRetract: ScenarioFamily = defineFamily<FileCast>({
  name: "dontneed-vs-retract",
  about: "MADV_DONTNEED of a whole table, with table reclaim since 6.14, against retract_page_tables",
  kernelDefault: "6.14",
  userspace: besideCollapse({ dontneed: { does: [dontneed("vma", "all")] } }),
  setup: fileWorld,
  threads: {
    *dontneed(w) {
      yield* w.kernel.madviseDontneed(w, w.vma.mm, USER_BASE, END);
    },
    collapse,
  },
  reaches: (kernel) => [
    happens("the collapse removes the table", "retract_page_tables removed a table"),
    ...(hasPtReclaim(kernel)
      ? [happens("the zap removes it", "zap_pte_range took an empty table away at once")]
      : []),
  ],
});

/** `MADV_DONTNEED` | `try_to_unmap`: the rmap walk may be in a table that goes away. */
export const dontneedVsUnmap: ScenarioFamily = defineFamily<MappedFile>({
  name: "dontneed-vs-unmap",
  about: "MADV_DONTNEED of a whole table, with table reclaim since 6.14, against try_to_unmap of its page",
  kernelDefault: "6.14",
  userspace: ofFile(
    1,
    [only("vma")],
    {
      dontneed: { does: [dontneed("vma", "all")] },
      unmap: {
        does: [pageout("vma")],
        provokes: "reclaim, by MADV_PAGEOUT; the page of a shmem file needs swap space",
      },
    },
    { needs: ["swap space"] },
  ),
  setup: (kernel, geometry) => mappedFile(kernel, geometry, 1, 1),
  threads: {
    *dontneed(w) {
      yield* w.kernel.madviseDontneed(w, w.vma.mm, USER_BASE, END);
    },
    *unmap(w) {
      yield* w.kernel.tryToUnmap(w, w.folios[0]!, {});
    },
  },
  reaches: (kernel) => [
    happens("the page is unmapped through the rmap", "try_to_unmap took an entry away"),
    ...(hasPtReclaim(kernel)
      ? [
          happens("the zap takes the table", "zap_pte_range took an empty table away at once"),
          happens(
            "the walk notices that the table has gone",
            "page_vma_mapped_walk noticed that the table had gone",
          ),
        ]
      : []),
  ],
});

/** `MADV_DONTNEED` | `MADV_DONTNEED`: both want the same empty table. */
export const reclaimVsReclaim: ScenarioFamily = defineFamily<MappedFile>({
  name: "reclaim-vs-reclaim",
  about: "MADV_DONTNEED of one table against itself: table reclaim since 6.14 against table reclaim",
  kernelDefault: "6.14",
  userspace: ofFile(0, [emptyTable("vma")], {
    first: { does: [dontneed("vma", "all")] },
    second: { does: [dontneed("vma", "all")] },
  }),
  setup: (kernel, geometry) => mappedFile(kernel, geometry, 0, 0),
  threads: {
    *first(w) {
      yield* w.kernel.madviseDontneed(w, w.vma.mm, USER_BASE, END);
      w.reached.add("the first has returned");
    },
    *second(w) {
      yield* w.kernel.madviseDontneed(w, w.vma.mm, USER_BASE, END);
    },
  },
  reaches: (kernel) => [
    happens("both come to their ends", "the first has returned"),
    ...(hasPtReclaim(kernel)
      ? [
          happens("the table goes", "zap_pte_range took an empty table away at once"),
          happens("one of them finds it gone", "zap_pte_range found no table"),
        ]
      : []),
  ],
});
