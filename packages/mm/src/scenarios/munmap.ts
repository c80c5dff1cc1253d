/** A whole VMA goes, while a fault or the collapse of its file is on its way into it. */

import { sometimes, type Steps } from "@mmrace/scheduler";
import { PMD_SIZE } from "@mmrace/x86-paging";
import { USER_BASE } from "../state/geometry.ts";
import type { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapsingFile, happens, mappedFile, type CollapsingFile, type MappedFile } from "./mapped-file.ts";

function* munmap(w: MappedFile): Steps<void> {
  yield* w.kernel.doMunmap(w, w.vma.mm, USER_BASE, USER_BASE + PMD_SIZE);
  w.reached.add("munmap returned");
}

/** A fault by the VMA's lock where it can be had, else by mmap_lock: do_user_addr_fault(). */
function* fault(w: MappedFile): Steps<void> {
  const { mm } = w.vma;
  const locked = yield* w.kernel.lockVmaUnderRcu(w, mm, USER_BASE);
  if (locked !== null) {
    w.reached.add("the fault locked the VMA");
    yield* w.kernel.doReadFault(w, locked, USER_BASE);
    return yield* w.kernel.vmaEndRead(w, locked);
  }
  yield* w.kernel.mmapReadLock(w, mm);
  const found = yield* w.kernel.findVma(w, mm, USER_BASE);
  if (found === null) w.reached.add("the fault found no VMA");
  else yield* w.kernel.doReadFault(w, found, USER_BASE);
  yield* w.kernel.mmapReadUnlock(w, mm);
}

const isGone = sometimes("the mapping goes", (w: World) => w.reached.has("munmap returned"));

/** `munmap` | a page fault. */
export const munmapVsFault: ScenarioFamily = defineFamily<MappedFile>({
  name: "munmap-vs-fault",
  about: "munmap of a whole VMA against a fault in it, under the VMA's lock since 6.4",
  kernelDefault: "6.18",
  setup: (kernel, geometry) => mappedFile(kernel, geometry, 1, 0),
  threads: { munmap, fault },
  reaches: () => [isGone, happens("the fault comes too late", "the fault found no VMA")],
});

/** `munmap` | `collapse_file` with `retract_page_tables`: the VMA is in the file's tree until its tables go. */
export const munmapVsRetract: ScenarioFamily = defineFamily<CollapsingFile>({
  name: "munmap-vs-retract",
  about: "munmap of a whole VMA against retract_page_tables, which finds it through the file until late",
  kernelDefault: "6.18",
  setup: collapsingFile,
  threads: {
    munmap,
    *collapse(w) {
      yield* w.kernel.collapseFile(w, w.file, w.huge);
    },
  },
  reaches: () => [isGone, happens("the collapse removes the table", "retract_page_tables removed a table")],
});
