/** A whole VMA goes, while a fault or the collapse of its file is on its way into it. */

import { sometimes, type Steps } from "@mmrace/scheduler";
import { PMD_SIZE } from "@mmrace/x86-paging";
import { USER_BASE } from "../state/geometry.ts";
import type { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse, fileWorld, type FileCast } from "./file-collapse.ts";
import { happens, mappedFile, type MappedFile } from "./mapped-file.ts";
import { load, emptyTable, unmapAll, besideCollapse, ofFile } from "../userspace/calls.ts";

function* munmap(w: MappedFile): Steps<void> {
  yield* w.kernel.doMunmap(w, w.vma.mm, USER_BASE, USER_BASE + PMD_SIZE);
  w.reached.add("munmap returned");
}

/** A read fault: under the VMA's lock where it can be had. */
function* fault(w: MappedFile): Steps<void> {
  const result = yield* w.kernel.doUserAddrFault(w, w.vma.mm, USER_BASE, false);
  if (result === "sigsegv") w.reached.add("the fault found no VMA");
}

const isGone = sometimes("the mapping goes", (w: World) => w.reached.has("munmap returned"));

/** `munmap` | a page fault. */
export const munmapVsFault: ScenarioFamily = defineFamily<MappedFile>({
  name: "munmap-vs-fault",
  about: "munmap of a whole VMA against a fault in it, under the VMA's lock since 6.4",
  kernelDefault: "6.18",
  userspace: ofFile(1, [emptyTable("vma")], {
    munmap: { does: [unmapAll("vma")] },
    fault: { does: [load("vma")] },
  }),
  setup: (kernel, geometry) => mappedFile(kernel, geometry, 1, 0),
  threads: { munmap, fault },
  reaches: () => [isGone, happens("the fault comes too late", "the fault found no VMA")],
});

/** `munmap` | `collapse_file` with `retract_page_tables`: the VMA is in the file's tree until its tables go. */
export const munmapVsRetract: ScenarioFamily = defineFamily<FileCast>({
  name: "munmap-vs-retract",
  about: "munmap of a whole VMA against retract_page_tables, which finds it through the file until late",
  kernelDefault: "6.18",
  userspace: besideCollapse({ munmap: { does: [unmapAll("vma")] } }),
  setup: fileWorld,
  threads: {
    munmap,
    collapse,
  },
  reaches: () => [isGone, happens("the collapse removes the table", "retract_page_tables removed a table")],
});
