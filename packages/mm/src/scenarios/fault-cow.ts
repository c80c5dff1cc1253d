/** Copy-on-write: who copies, who reuses, and who still has the old page in his TLB. */

import { atEnd, sometimes } from "@mmrace/scheduler";
import { pteWrprotect } from "@mmrace/x86-paging";
import { speculativeFill, userLoad, userStore } from "../hardware/user-code.ts";
import type { KernelOps } from "../kernel.ts";
import { folioPut, type Folio } from "../state/folio.ts";
import { USER_BASE, type Geometry } from "../state/geometry.ts";
import { populateAnon, populateAnonVma, populateTable } from "../state/populate.ts";
import { VM_READ_WRITE, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { at, load, store, anonymous } from "../userspace/calls.ts";

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
  userspace: anonymous([store("vma", 0, 5), { arrange: "forked" }, { call: "vmsplice", at: at("vma") }], {
    writer: { does: [store("vma", 0, 6)] },
    reader: { does: [load("vma"), { call: "drain" }, load("vma")] },
  }),
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
  userspace: anonymous([store("vma", 0, 5), { arrange: "forked" }, { call: "vmsplice", at: at("vma") }], {
    first: { does: [store("vma", 0, 6)] },
    second: { does: [store("vma", 0, 7)] },
  }),
  setup: (kernel, geometry) => {
    const w = setup(kernel, geometry);
    w.folio.pins.value = 1; // Somebody keeps the old page to the end.
    return w;
  },
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
  userspace: { notExpressible: "a processor that fills its TLB with nobody asking cannot be made to" },
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

interface Siblings extends Cast {
  sibling: Vma;
}

/** Parent and child after fork: each stores to the page that both map. One copies, and the other has it alone then. */
export const storeVsStoreAfterFork: ScenarioFamily = defineFamily<Siblings>({
  name: "store-vs-store-after-fork",
  about: "parent and child store to a page that they share since fork: a copy and a reuse, or two copies",
  kernelDefault: "6.18",
  userspace: anonymous(
    [store("vma", 0, 5)],
    {
      parent: { does: [store("vma", 0, 6), load("vma")] },
      child: { does: [store("vma", 0, 7), load("vma")], process: "child" },
    },
    { processes: { child: { inherits: true } } },
  ),
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const [vma, sibling] = [0, 1].map((cpu) => {
      const mm = w.createMm();
      w.runOn(cpu, mm);
      const area = w.createVma(mm, wholePmd(USER_BASE, null), VM_READ_WRITE);
      populateAnonVma(w, area);
      return area;
    });
    const folio = populateAnon(w, vma!, USER_BASE, 5);
    const shared = pteWrprotect(populateTable(w, vma!).ptes.values[0]!);
    for (const area of [vma!, sibling!]) populateTable(w, area).ptes.values[0] = shared;
    folio.anonExclusive.value = false;
    folio.refcount.value++;
    folio.mapcount.value++;
    sibling!.mm.counters.values.rss_anon++;
    w.reference.fill(sibling!, USER_BASE, 5);
    return Object.assign(w, { vma: vma!, sibling: sibling!, folio });
  },
  threads: {
    *parent(w) {
      yield* userStore(w, w.vma, USER_BASE, 6);
      yield* userLoad(w, w.vma, USER_BASE);
    },
    *child(w) {
      yield* userStore(w, w.sibling, USER_BASE, 7);
      yield* userLoad(w, w.sibling, USER_BASE);
    },
  },
  reaches: () => [
    sometimes("one copies, one reuses", (w) => w.reached.has("do_wp_page reused the page")),
    sometimes("both copy", (w) => w.folios.length === 3),
  ],
});
