/** Copy-on-write: who copies, who reuses, and who still has the old page in his TLB. */

import { atEnd, sometimes } from "@mmrace/scheduler";
import { pteWrprotect } from "@mmrace/x86-paging";
import { speculativeFill, userLoad, userStore } from "../hardware/user-code.ts";
import type { KernelOps } from "../kernel.ts";
import { folioPut, type Folio } from "../state/folio.ts";
import { USER_BASE, type Geometry } from "../state/geometry.ts";
import { populateAnon, populateTable } from "../state/populate.ts";
import { VM_READ_WRITE, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";

interface Cast extends World {
  vma: Vma;
  folio: Folio;
}

/** One mm on two CPUs, and a read-only anonymous page that is not exclusive, since somebody else has a reference to it. */
function setup(kernel: KernelOps, geometry: Geometry): Cast {
  const w = new World(kernel, geometry);
  const mm = w.createMm();
  w.runOn(0, mm);
  w.runOn(1, mm);
  const vma = w.createVma(mm, wholePmd(USER_BASE, null), VM_READ_WRITE);
  const folio = populateAnon(w, vma, USER_BASE, 5);
  folio.refcount.value++;
  folio.anonExclusive.value = false;
  const { values } = populateTable(w, vma).ptes;
  values[0] = pteWrprotect(values[0]!);
  return Object.assign(w, { vma, folio });
}

/** A store to a page whose other reference goes at some time: reuse or copy. The other CPU has the old page cached. */
export const reuseVsCopy: ScenarioFamily = defineFamily<Cast>({
  name: "reuse-vs-copy",
  about:
    "a store to a write-protected anonymous page, which is reused or copied, against loads on another CPU",
  kernelDefault: "6.18",
  setup,
  threads: {
    *writer(w) {
      yield* userStore(w, w.vma, USER_BASE, 6);
    },
    *reader(w) {
      yield* userLoad(w, w.vma, USER_BASE);
      yield* folioPut(w.folio);
      yield* userLoad(w, w.vma, USER_BASE);
    },
  },
  reaches: () => [
    sometimes("the page is reused", (w) => w.reached.has("do_wp_page reused the page")),
    sometimes("the page is copied", (w) => w.reached.has("wp_page_copy mapped a copy")),
  ],
});

/** Two stores to one such page: one of them copies, or both do and one copy is dropped. */
export const copyVsCopy: ScenarioFamily = defineFamily<Cast>({
  name: "copy-vs-copy",
  about: "two stores to one write-protected anonymous page",
  kernelDefault: "6.18",
  setup,
  threads: {
    *first(w) {
      yield* userStore(w, w.vma, USER_BASE, 6);
    },
    *second(w) {
      yield* userStore(w, w.vma, USER_BASE, 7);
    },
  },
  reaches: () => [
    sometimes("a copy is too late", (w) => w.reached.has("wp_page_copy came too late")),
    atEnd("one page is mapped", (w) => w.mms[0]!.counters.values.rss_anon === 1),
  ],
});

/** A processor that caches translations with nobody asking, while the page that they lead to is replaced. */
export const speculationVsCopy: ScenarioFamily = defineFamily<Cast>({
  name: "speculation-vs-copy",
  about: "a TLB that fills at any time against copy-on-write of the page",
  kernelDefault: "6.18",
  setup,
  threads: {
    *writer(w) {
      yield* userStore(w, w.vma, USER_BASE, 6);
      yield* folioPut(w.folio);
    },
  },
  daemons: {
    speculation: (w) => speculativeFill(w, 1, w.vma, USER_BASE),
  },
  reaches: () => [
    sometimes("the page is copied", (w) => w.reached.has("wp_page_copy mapped a copy")),
    sometimes("the other CPU has the old page", ({ mms: [mm], folios: [old] }) =>
      mm!.tlbs.cpus[1]!.caches.translations.some(({ frame }) => frame === old!.pfn),
    ),
  ],
});
