/** Guard markers are installed where a fault maps a page, or where the collapse of the file sees an empty table. Before 6.15 the call is refused. */

import { sometimes, type Steps } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { USER_BASE } from "../state/geometry.ts";
import type { World } from "../state/world.ts";
import { hasFileGuards } from "./abilities.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse, fileWorld, type FileCast } from "./file-collapse.ts";
import { happens, mappedFile, type MappedFile } from "./mapped-file.ts";
import { load, emptyTable, guardInstall, besideCollapse, ofFile } from "../userspace/calls.ts";

function* guard(w: MappedFile): Steps<void> {
  if ((yield* w.kernel.madviseGuardInstall(w, w.vma.mm, USER_BASE, USER_BASE + PAGE_SIZE)) === 0)
    w.reached.add("guarded");
}

const isGuarded = sometimes("the marker is there", (w: World) => w.reached.has("guarded"));

/** `MADV_GUARD_INSTALL` in a file | a read fault there. */
export const guardVsFault: ScenarioFamily = defineFamily<MappedFile>({
  name: "guard-vs-fault",
  about: "MADV_GUARD_INSTALL in a file mapping, 6.15 and later, against a read fault of the page",
  kernelDefault: "6.18",
  userspace: ofFile(1, [emptyTable("vma")], {
    guard: { does: [guardInstall("vma")] },
    fault: { does: [load("vma")] },
  }),
  setup: (kernel, geometry) => mappedFile(kernel, geometry, 1, 0),
  threads: {
    guard,
    *fault(w) {
      yield* w.kernel.doUserAddrFault(w, w.vma.mm, USER_BASE, false);
    },
  },
  reaches: (kernel) =>
    hasFileGuards(kernel)
      ? [isGuarded, happens("the marker meets a page", "MADV_GUARD_INSTALL met a page")]
      : [],
});

/** `MADV_GUARD_INSTALL` in a file | `collapse_file` with `retract_page_tables`. */
export const guardVsRetract: ScenarioFamily = defineFamily<FileCast>({
  name: "guard-vs-retract",
  about: "MADV_GUARD_INSTALL in a file mapping, 6.15 and later, against retract_page_tables",
  kernelDefault: "6.18",
  userspace: besideCollapse({ guard: { does: [guardInstall("vma")] } }),
  setup: fileWorld,
  threads: {
    guard,
    collapse,
  },
  reaches: (kernel) => [
    happens("the collapse removes the table", "retract_page_tables removed a table"),
    ...(hasFileGuards(kernel) ? [isGuarded] : []),
  ],
});
