/** T1-13: a fault takes a PTE lock that it remembers from a table that has been replaced. */

import { folioSetLocked, folioUnlock, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, sometimes, writeOnce, type Steps } from "@mmrace/scheduler";
import { pmdNone } from "@mmrace/x86-paging";
import { withFolio, type AddressSpace } from "../state/address-space.ts";
import { folioGet, folioPut, HPAGE_PMD_NR, type Folio } from "../state/folio.ts";
import { USER_BASE } from "../state/geometry.ts";
import { populateTable } from "../state/populate.ts";
import { VM_LOCKED, VM_READ_WRITE, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { collapseArea, emptyTable, load, mapsFile } from "../userspace/calls.ts";

interface Cast extends World {
  file: AddressSpace;
  vma: Vma;
  huge: Folio;
}

/**
 * The end of collapse_file(), steps 8 to 10, for a file whose pages it has read itself, which the model does not do: the
 * cache is empty before. A fault that has filled it is what the collapse would have noticed.
 */
function* endOfCollapse(w: Cast): Steps<void> {
  const { file, huge } = w;
  yield* folioSetLocked(huge.lock);
  yield* writeOnce(huge.mapping, file);
  yield* spinLock(file.xaLock);
  const cache = yield* readOnce(file.iPages);
  const isEmpty = cache.every((folio) => folio === null);
  if (isEmpty) {
    yield* folioGet(huge, huge.pages); // The cache's references.
    yield* writeOnce(file.iPages, withFolio(cache, 0, huge.pages, huge)); // 8.
  }
  yield* spinUnlock(file.xaLock);
  if (isEmpty) yield* w.kernel.retractPageTables(w, file, huge); // 9.
  else yield* writeOnce(huge.mapping, null);
  yield* folioUnlock(huge.lock); // 10.
  yield* folioPut(huge); // The maker's.
}

/**
 * A load from a locked private mapping | a collapse that removes its table, and the beginning of another fault, which brings
 * a new one. With the rest of that fault there are more than three million states, instead of eighty thousand.
 */
export const stalePtlFilemap: ScenarioFamily = defineFamily<Cast>({
  name: "stale-ptl-filemap",
  about: "a fault that rechecks its entry against a collapse and a fault that installs a new table (T1-13)",
  kernelDefault: "6.9",
  userspace: {
    files: { file: { kind: "plain" } },
    areas: {
      vma: mapsFile(0, { shared: false, protection: "rwx" }),
      theirs: mapsFile(0, { process: "collapser", shared: false, protection: "rwx" }),
    },
    setup: [emptyTable("vma"), { call: "mlock", area: "vma" }],
    processes: { collapser: {} },
    threads: {
      fault: { does: [load("vma")] },
      others: {
        does: [collapseArea("theirs")],
        process: "collapser",
        provokes: "the collapse of a file that is not shmem, by MADV_COLLAPSE of another process",
      },
    },
    needs: ["CONFIG_READ_ONLY_THP_FOR_FS"],
    differs: [
      "the fault of another page, which brings a new table, is left out: the old table and its lock are gone without it",
    ],
  },
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const file = w.createFile("text", false);
    const mm = w.createMm();
    const vma = w.createVma(mm, wholePmd(USER_BASE, file), VM_READ_WRITE | VM_LOCKED);
    populateTable(w, vma);
    return Object.assign(w, { file, vma, huge: w.createFolio(HPAGE_PMD_NR, false) });
  },
  threads: {
    *fault(w) {
      if ((yield* readOnce(w.file.iPages))[0] !== null) return; // Then it maps the huge page, and rechecks nothing.
      yield* w.kernel.doUserAddrFault(w, w.vma.mm, USER_BASE, false);
    },
    *others(w) {
      yield* endOfCollapse(w);
      if (!pmdNone(yield* readOnce(w.vma.mm.slotOf(USER_BASE)))) return; // The fault was first: no collapse.
      yield* w.kernel.pteAlloc(w, w.vma.mm, w.vma.mm.slotOf(USER_BASE)); // Of a fault in another page.
    },
  },
  reaches: () => [
    sometimes("the fault looks at its entry again", (w) =>
      w.reached.has("a fault looked again whether its entry is none"),
    ),
    sometimes("the collapse removes the table", (w) => w.reached.has("retract_page_tables removed a table")),
  ],
});
