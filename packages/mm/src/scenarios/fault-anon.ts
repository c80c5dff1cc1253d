/** Faults that meet on anonymous memory: two on one page, a page of zeroes that is copied, a huge page and a small one. */

import { atEnd, sometimes } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { userLoad, userStore } from "../hardware/user-code.ts";
import { USER_BASE } from "../state/geometry.ts";
import { populateAnonVma, populateTable } from "../state/populate.ts";
import { VM_UFFD_WP, VM_READ_WRITE, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import type { KernelOps } from "../kernel.ts";
import type { Geometry } from "../state/geometry.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { at, load, store, register, emptyTable, copy, anonymous } from "../userspace/calls.ts";

interface Cast extends World {
  vma: Vma;
}

/** One mm on two CPUs, with anonymous memory that nobody has touched. */
function setup(kernel: KernelOps, geometry: Geometry, hasTable: boolean, hasAnonVma = true): Cast {
  const w = new World(kernel, geometry);
  const mm = w.createMm();
  w.runOn(0, mm);
  w.runOn(1, mm);
  const vma = w.createVma(mm, wholePmd(USER_BASE, null), VM_READ_WRITE);
  if (hasAnonVma) populateAnonVma(w, vma);
  if (hasTable) populateTable(w, vma);
  return Object.assign(w, { vma });
}

/** Two stores to one page that is not there. */
export const faultVsFault: ScenarioFamily = defineFamily<Cast>({
  name: "fault-vs-fault",
  about: "two stores that fault on one anonymous page",
  kernelDefault: "6.18",
  userspace: anonymous([emptyTable("vma", true)], {
    first: { does: [store("vma", 0, 1)] },
    second: { does: [store("vma", 0, 2)] },
  }),
  setup: (kernel, geometry) => setup(kernel, geometry, true),
  threads: {
    *first(w) {
      yield* userStore(w, w.vma, USER_BASE, 1);
    },
    *second(w) {
      yield* userStore(w, w.vma, USER_BASE, 2);
    },
  },
  reaches: () => [
    sometimes("one comes too late", (w) => w.reached.has("an anonymous fault came too late")),
    atEnd("one page is mapped", (w) => w.mms[0]!.counters.values.rss_anon === 1),
  ],
});

/** Loads that map the page of zeroes, and see the store that has it copied. */
export const zeroPageVsStore: ScenarioFamily = defineFamily<Cast>({
  name: "zero-page-vs-store",
  about: "loads of untouched anonymous memory against a store: the page of zeroes is replaced",
  kernelDefault: "6.18",
  userspace: anonymous([emptyTable("vma", true)], {
    reader: { does: [load("vma"), load("vma")] },
    writer: { does: [store("vma", 0, 1)] },
  }),
  setup: (kernel, geometry) => setup(kernel, geometry, true),
  threads: {
    *reader(w) {
      yield* userLoad(w, w.vma, USER_BASE);
      yield* userLoad(w, w.vma, USER_BASE);
    },
    *writer(w) {
      yield* userStore(w, w.vma, USER_BASE, 1);
    },
  },
  reaches: () => [
    sometimes("the page of zeroes is mapped", (w) => w.reached.has("a load mapped the zero page")),
    sometimes("it is replaced", (w) => w.reached.has("wp_page_copy mapped a copy")),
    sometimes("the store is first", (w) => w.reached.has("a store mapped a new anonymous page")),
  ],
});

/** A fault that wants the whole slot, and a fill that wants a table in it. */
export const hugeFaultVsFill: ScenarioFamily = defineFamily<Cast>({
  name: "huge-fault-vs-fill",
  about: "a store that would get a huge page against UFFDIO_COPY of a small one into the same slot",
  kernelDefault: "6.18",
  userspace: anonymous(
    [register("vma", "wp"), { call: "madvise", advice: "MADV_HUGEPAGE", at: at("vma"), pages: "all" }],
    { fault: { does: [store("vma", 0, 1)] }, fill: { does: [copy("vma", 1)] } },
  ),
  setup: (kernel, geometry) => {
    const w = setup(kernel, geometry, false);
    // Registered, but not for missing pages: the fill is allowed, and the store waits for nobody.
    w.vma.flags.value |= VM_UFFD_WP;
    w.vma.uffdCtx.value = w.vma.mm.userfaultfd;
    return w;
  },
  threads: {
    *fault(w) {
      yield* userStore(w, w.vma, USER_BASE, 1);
    },
    *fill(w) {
      yield* w.kernel.mfillAtomic(w, w.vma, USER_BASE + PAGE_SIZE);
    },
  },
  reaches: () => [
    sometimes("the huge page is there first", (w) => w.reached.has("a fault mapped a huge anonymous page")),
    sometimes("a table is", (w) => w.reached.has("a fill installed a page")),
    sometimes("the huge fault comes too late", (w) => w.reached.has("a huge anonymous fault came too late")),
  ],
});

/** The first two pages of a mapping: both faults find that it has no anon_vma. */
export const firstFaultVsFirstFault: ScenarioFamily = defineFamily<Cast>({
  name: "first-fault-vs-first-fault",
  about: "two stores that fault on different pages of a mapping that has no anon_vma yet",
  kernelDefault: "6.18",
  userspace: anonymous([emptyTable("vma")], {
    first: { does: [store("vma", 0, 1)] },
    second: { does: [store("vma", 1, 2)] },
  }),
  setup: (kernel, geometry) => setup(kernel, geometry, true, false),
  threads: {
    *first(w) {
      yield* userStore(w, w.vma, USER_BASE, 1);
    },
    *second(w) {
      yield* userStore(w, w.vma, USER_BASE + PAGE_SIZE, 2);
    },
  },
  reaches: () => [sometimes("both pages are mapped", (w) => w.mms[0]!.counters.values.rss_anon === 2)],
});
