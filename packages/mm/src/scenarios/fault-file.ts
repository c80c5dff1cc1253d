/** Faults on pages of files: shared, private, and while the VMA goes away. */

import { sometimes, writeOnce } from "@mmrace/scheduler";
import { PMD_SIZE } from "@mmrace/x86-paging";
import { userLoad, userStore } from "../hardware/user-code.ts";
import type { KernelOps } from "../kernel.ts";
import { USER_BASE, type Geometry } from "../state/geometry.ts";
import { cacheFolio, populateTable } from "../state/populate.ts";
import { VM_READ, VM_READ_WRITE, VM_SHARED, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { load, store, emptyTable, mapsFile, unmapAll, ofFile } from "../userspace/calls.ts";

interface Cast extends World {
  vma: Vma;
  other: Vma;
}

/** One page of a file in the cache, and two mms that map it, each on a CPU. */
function setup(
  kernel: KernelOps,
  geometry: Geometry,
  isShmem: boolean,
  flags: number,
  otherFlags: number,
): Cast {
  const w = new World(kernel, geometry);
  const file = w.createFile(isShmem ? "shmem" : "text", isShmem);
  cacheFolio(w, file, 0);
  const [vma, other] = [flags, otherFlags].map((one, cpu) => {
    const mm = w.createMm();
    w.runOn(cpu, mm);
    const area = w.createVma(mm, wholePmd(USER_BASE, file), one);
    populateTable(w, area);
    return area;
  });
  return Object.assign(w, { vma: vma!, other: other! });
}

/** A store and loads through two shared mappings of a page: the loads see all or nothing of it. */
export const sharedStoreVsLoad: ScenarioFamily = defineFamily<Cast>({
  name: "shared-store-vs-load",
  about: "a store that faults in a shared file mapping against loads that fault in another",
  kernelDefault: "6.18",
  userspace: ofFile(
    1,
    [emptyTable("vma")],
    { writer: { does: [store("vma", 0, 1)] }, reader: { does: [load("other")], process: "second" } },
    {
      areas: { vma: mapsFile(0, { protection: "rw" }), other: mapsFile(0, { process: "second" }) },
      processes: { second: { setup: [emptyTable("other")] } },
    },
  ),
  setup: (kernel, geometry) => setup(kernel, geometry, true, VM_READ_WRITE | VM_SHARED, VM_READ | VM_SHARED),
  threads: {
    *writer(w) {
      yield* userStore(w, w.vma, USER_BASE, 1);
    },
    *reader(w) {
      yield* userLoad(w, w.other, USER_BASE);
    },
  },
  reaches: () => [
    sometimes("both map the page", (w) => w.folios[0]!.mapcount.value === 2),
    sometimes("the reader sees the store", (w) => w.folios[0]!.data[0]!.value === 1),
  ],
});

/** A store through a private mapping, which copies, and one through a shared mapping, which does not. */
export const cowVsSharedStore: ScenarioFamily = defineFamily<Cast>({
  name: "cow-vs-shared-store",
  about: "a store that copies a file page into a private mapping against a store to the page itself",
  kernelDefault: "6.18",
  userspace: ofFile(
    1,
    [emptyTable("vma")],
    {
      copier: { does: [store("vma", 0, 1)] },
      writer: { does: [store("other", 0, 2), load("other")], process: "second" },
    },
    {
      areas: {
        vma: mapsFile(0, { shared: false, protection: "rw" }),
        other: mapsFile(0, { process: "second", protection: "rw" }),
      },
      processes: { second: { setup: [emptyTable("other")] } },
    },
  ),
  setup: (kernel, geometry) => setup(kernel, geometry, true, VM_READ_WRITE, VM_READ_WRITE | VM_SHARED),
  threads: {
    *copier(w) {
      yield* userStore(w, w.vma, USER_BASE, 1);
    },
    *writer(w) {
      yield* userStore(w, w.other, USER_BASE, 2);
      yield* userLoad(w, w.other, USER_BASE);
    },
  },
  reaches: () => [
    sometimes("the copy is of the page as it was", (w) =>
      w.folios.some(({ isAnon, data }) => isAnon && data[0]!.value === 0),
    ),
    sometimes("the copy has the store", (w) =>
      w.folios.some(({ isAnon, data }) => isAnon && data[0]!.value === 2),
    ),
  ],
});

/** A load under the VMA's lock, and a writer of the address space that takes the VMA away. */
export const faultVsDetach: ScenarioFamily = defineFamily<Cast>({
  name: "fault-vs-detach",
  about:
    "a load that faults, under the VMA's lock where there is one, against a writer that detaches the VMA",
  kernelDefault: "6.18",
  userspace: ofFile(1, [emptyTable("vma")], {
    fault: { does: [load("vma")] },
    detach: { does: [unmapAll("vma")] },
  }),
  setup: (kernel, geometry) => {
    const w = setup(kernel, geometry, true, VM_READ | VM_SHARED, VM_READ | VM_SHARED);
    w.createVma(
      w.vma.mm,
      { start: USER_BASE + PMD_SIZE, end: USER_BASE + 2 * PMD_SIZE, file: null },
      VM_READ,
    );
    return w;
  },
  threads: {
    *fault(w) {
      if ((yield* userLoad(w, w.vma, USER_BASE)) === "SIGSEGV") w.reached.add("the load is refused");
    },
    *detach(w) {
      const { mm } = w.vma;
      yield* w.kernel.mmapWriteLock(w, mm);
      yield* w.kernel.vmaStartWrite(w, w.vma);
      yield* writeOnce(
        mm.vmas,
        mm.vmas.value.filter((vma) => vma !== w.vma),
      );
      yield* w.kernel.vmaMarkDetached(w, w.vma);
      yield* w.kernel.mmapWriteUnlock(w, mm);
      yield* w.kernel.vmAreaFree(w, w.vma);
    },
  },
  reaches: ({ id }) => [
    sometimes("the load is served", (w) => w.folios[0]!.mapcount.value === 1),
    sometimes("it is refused", (w) => w.reached.has("the load is refused")),
    ...(id === "6.1"
      ? []
      : [
          sometimes("it is served under the VMA's lock", (w: World) =>
            w.reached.has("a fault was served under a VMA lock"),
          ),
        ]),
  ],
});
