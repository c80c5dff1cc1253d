/** T1-10: an address space is taken down while the collapse of a file takes its page tables away. */

import { sometimes } from "@mmrace/scheduler";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse, fileWorld, type FileCast } from "./file-collapse.ts";
import { happens } from "./mapped-file.ts";
import { emptyTable, mapsFile, besideCollapse } from "../userspace/calls.ts";

/** `exit_mmap` | `collapse_file` with `retract_page_tables`. T1-10: fixed by commit 18e77600f7a1 (5.9). */
export const exitVsRetract: ScenarioFamily = defineFamily<FileCast>({
  name: "exit-vs-retract",
  about: "the last user of an mm leaves while retract_page_tables takes its tables away (T1-10)",
  kernelDefault: "4.12",
  userspace: besideCollapse(
    { exit: { does: [{ call: "exit" }], process: "leaver" } },
    {
      areas: { vma: mapsFile(0, { process: "leaver" }) },
      processes: { leaver: { setup: [emptyTable("vma")] } },
      setup: [],
    },
  ),
  setup: fileWorld,
  threads: {
    *exit(w) {
      yield* w.kernel.mmput(w, w.vma.mm);
    },
    collapse,
  },
  reaches: () => [
    sometimes("the address space goes", (w) => w.exited.size === 1),
    happens("the collapse removes the table", "retract_page_tables removed a table"),
  ],
});
