/** Collapses beside a thread that uses the memory: what was there before is there afterwards. */

import { sometimes } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { userLoad, userStore } from "../hardware/user-code.ts";
import { USER_BASE } from "../state/geometry.ts";
import { VM_READ, VM_SHARED } from "../state/vma.ts";
import { anonWorld, madviseCollapseAll, type AnonCast } from "./anon-collapse.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapse, fileWorld, type FileCast } from "./file-collapse.ts";
import { load, store, collapseArea, besideCollapse, anonymous } from "../userspace/calls.ts";

/** `collapse_huge_page` | a store and a load of the page that it copies. */
export const anonCollapseVsStore: ScenarioFamily = defineFamily<AnonCast>({
  name: "anon-collapse-vs-store",
  about: "collapse_huge_page against a store and a load of a page that it copies",
  kernelDefault: "6.18",
  userspace: anonymous([store("vma", 0, 1)], {
    collapse: { does: [collapseArea("vma")] },
    user: { does: [store("vma", 0, 2), load("vma")] },
  }),
  setup: (kernel, geometry) => {
    const w = anonWorld(kernel, geometry);
    w.runOn(1, w.vma.mm);
    return w;
  },
  threads: {
    *collapse(w) {
      yield* madviseCollapseAll(w, w.vma);
    },
    *user(w) {
      yield* userStore(w, w.vma, USER_BASE, 2);
      yield* userLoad(w, w.vma, USER_BASE);
    },
  },
  reaches: () => [
    sometimes("the collapse copies the page as it was", (w) =>
      w.folios.some(({ pages, data }) => pages > 1 && data[0]!.value === 1),
    ),
    sometimes("the collapse copies what was stored", (w) =>
      w.folios.some(({ pages, mapcount, data }) => pages > 1 && mapcount.value === 0 && data[0]!.value === 2),
    ),
  ],
});

/** `collapse_file` of a file with pages | a load through a shared mapping of it. */
export const collapseFileVsLoad: ScenarioFamily = defineFamily<FileCast>({
  name: "collapse-file-vs-load",
  about: "collapse_file against a load through a shared mapping of a page that it copies",
  kernelDefault: "6.18",
  userspace: besideCollapse({ user: { does: [load("vma", 1)] } }, { isCached: true }),
  setup: (kernel, geometry) => {
    const w = fileWorld(kernel, geometry, VM_READ | VM_SHARED, true);
    w.runOn(1, w.vma.mm);
    const page = w.file.iPages.value[1]!;
    page.data[0]!.value = 1;
    page.dirty.value = true;
    w.reference.fill(w.vma, USER_BASE + PAGE_SIZE, 1);
    return w;
  },
  threads: {
    collapse,
    *user(w) {
      yield* userLoad(w, w.vma, USER_BASE + PAGE_SIZE);
    },
  },
  reaches: () => [
    sometimes("the load maps the huge page", (w) =>
      w.folios.some(({ pages, mapcount }) => pages > 1 && mapcount.value > 0),
    ),
    sometimes("the collapse gives up for the load", (w) =>
      w.reached.has("collapse_file found a folio in use"),
    ),
  ],
});
