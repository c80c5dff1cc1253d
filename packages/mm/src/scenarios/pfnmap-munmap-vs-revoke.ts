/** T2-06: a driver takes its page back while munmap has unlinked the mapping and not yet flushed it. */

import { sometimes } from "@mmrace/scheduler";
import { mkPte, PMD_SIZE, pteMkspecial } from "@mmrace/x86-paging";
import type { AddressSpace } from "../state/address-space.ts";
import { folioPut, type Folio } from "../state/folio.ts";
import { USER_BASE } from "../state/geometry.ts";
import { populateTable, populateTlb } from "../state/populate.ts";
import { SHARED_WRITABLE } from "../state/protections.ts";
import { VM_PFNMAP, VM_SHARED, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";

interface Cast extends World {
  file: AddressSpace;
  vma: Vma;
  page: Folio;
}

/** `munmap` | `unmap_mapping_range`, then the page is freed; a third CPU has the translation cached. */
export const pfnmapMunmapVsRevoke: ScenarioFamily = defineFamily<Cast>({
  name: "pfnmap-munmap-vs-revoke",
  about:
    "munmap of pages without references against their driver, which revokes and frees them (T2-06, CVE-2022-39188)",
  kernelDefault: "4.12",
  userspace: {
    notExpressible:
      "only the driver of a device maps pages without references and takes them back, by calls of its own",
  },
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const mm = w.createMm();
    w.runOn(2, mm); // A CPU that has cached the page and could use it at any time.
    const file = w.createFile("device");
    const vma = w.createVma(mm, wholePmd(USER_BASE, file), VM_SHARED | VM_PFNMAP);
    const page = w.createFolio(1, false);
    // Mapped without a reference, a count or a place in the page cache: that the driver frees it is all there is.
    populateTable(w, vma).ptes.values[0] = pteMkspecial(mkPte(page.pfn, SHARED_WRITABLE));
    populateTlb(w, 2, vma, USER_BASE);
    return Object.assign(w, { file, vma, page });
  },
  threads: {
    *munmap(w) {
      yield* w.kernel.doMunmap(w, w.vma.mm, USER_BASE, USER_BASE + PMD_SIZE);
    },
    *driver(w) {
      yield* w.kernel.unmapMappingRange(w, w.file, 0, Infinity, true);
      yield* folioPut(w.page);
    },
  },
  reaches: () => [
    sometimes(
      "the driver finds the mapping gone",
      (w) => w.files[0]?.vmas.value.length === 0 && w.folios[0]?.isFreed === true,
    ),
  ],
});
