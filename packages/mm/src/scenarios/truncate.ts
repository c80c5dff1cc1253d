/** A file is made shorter while its page is mapped, or discarded. No mmap_lock is involved. */

import { sometimes } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { USER_BASE } from "../state/geometry.ts";
import type { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { mappedFile, type MappedFile } from "./mapped-file.ts";
import { load, dontneed, emptyTable, only, ofFile } from "../userspace/calls.ts";

const isFreed = sometimes("the page goes", (w: World) => w.folios[0]?.isFreed === true);

/** `truncate` | a read fault. */
export const truncateVsFault: ScenarioFamily = defineFamily<MappedFile>({
  name: "truncate-vs-fault",
  about: "truncation of a file against a read fault of its page",
  kernelDefault: "6.18",
  userspace: ofFile(1, [emptyTable("vma")], {
    truncate: { does: [{ call: "ftruncate", file: "file" }] },
    fault: { does: [load("vma")] },
  }),
  setup: (kernel, geometry) => mappedFile(kernel, geometry, 1, 0),
  threads: {
    *truncate(w) {
      yield* w.kernel.truncate(w, w.file, 0);
    },
    *fault(w) {
      yield* w.kernel.doUserAddrFault(w, w.vma.mm, USER_BASE, false);
    },
  },
  reaches: () => [
    isFreed,
    sometimes("the fault maps the page", (w) => w.mms[0]!.counters.values.rss_file === 1),
  ],
});

/** `truncate` | `MADV_DONTNEED` of the page. */
export const truncateVsDontneed: ScenarioFamily = defineFamily<MappedFile>({
  name: "truncate-vs-dontneed",
  about: "truncation of a file against MADV_DONTNEED of its mapped page",
  kernelDefault: "6.18",
  userspace: ofFile(1, [only("vma")], {
    truncate: { does: [{ call: "ftruncate", file: "file" }] },
    dontneed: { does: [dontneed("vma")] },
  }),
  setup: (kernel, geometry) => mappedFile(kernel, geometry, 1, 1),
  threads: {
    *truncate(w) {
      yield* w.kernel.truncate(w, w.file, 0);
    },
    *dontneed(w) {
      yield* w.kernel.madviseDontneed(w, w.vma.mm, USER_BASE, USER_BASE + PAGE_SIZE);
    },
  },
  reaches: () => [isFreed],
});
