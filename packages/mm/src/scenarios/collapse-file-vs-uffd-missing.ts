/** T1-12: a hole is filled although its userfaultfd wants to hear of it. */

import { spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, sometimes, writeOnce } from "@mmrace/scheduler";
import { linux_6_1 } from "../kernels/kernels.ts";
import { along } from "../state/ghost.ts";
import { UserfaultfdCtx } from "../state/userfaultfd-ctx.ts";
import { VM_SHARED, VM_UFFD_MISSING } from "../state/vma.ts";
import type { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse, fileWorld, type FileCast } from "./file-collapse.ts";
import { at, register, besideCollapse } from "../userspace/calls.ts";

interface Cast extends FileCast {
  readonly ctx: UserfaultfdCtx;
}

/**
 * `collapse_file` over holes | UFFDIO_REGISTER for missing pages, and a look at the page cache, as mincore takes one.
 * T1-12: fixed by commit 895f5ee464cc (6.4).
 */
export const collapseFileVsUffdMissing: ScenarioFamily = defineFamily<Cast>({
  name: "collapse-file-vs-uffd-missing",
  about: "collapse_file fills a hole that a userfaultfd has been told is missing (T1-12)",
  kernelDefault: "6.1",
  userspace: besideCollapse({
    owner: { does: [register("vma", "missing"), { call: "mincore", at: at("vma") }] },
  }),
  setup: (kernel, geometry) => {
    const w = fileWorld(kernel, geometry);
    return Object.assign(w, { ctx: new UserfaultfdCtx(w.lockdep, w.preemption, w.vma.mm) });
  },
  threads: {
    collapse,
    *owner(w) {
      const { mm } = w.vma;
      yield* w.kernel.mmapWriteLock(w, mm);
      yield* w.kernel.vmaStartWrite(w, w.vma);
      yield* writeOnce(w.vma.uffdCtx, w.ctx);
      yield* writeOnce(w.vma.flags, VM_SHARED | VM_UFFD_MISSING);
      yield* w.kernel.mmapWriteUnlock(w, mm);
      // A look at a hole waits for a collapse that is about to fill it: see step 7 of collapse_file.
      yield* spinLock(w.file.xaLock);
      const { iPages } = w.file;
      const seen = w.ctx.changed(() => {
        if (iPages.value[0] === null) w.ctx.seenMissing.add(0);
      });
      yield* along(readOnce(iPages), seen);
      yield* spinUnlock(w.file.xaLock);
    },
  },
  reaches: ({ ops }) => [
    sometimes("the collapse fills the hole", (w) => w.reached.has("collapse_file published a huge folio")),
    sometimes("the owner sees the hole", (w) => (w as Cast).ctx.seenMissing.has(0)),
    ...(ops.collapseFile === linux_6_1.collapseFile
      ? []
      : [
          sometimes("the collapse leaves the hole alone", (w: World) =>
            w.reached.has("collapse_file rolled back: EXCEED_NONE_PTE"),
          ),
        ]),
  ],
});
