/** T2-01: mremap moves entries, and truncation unmaps and frees the page at its new address. */

import { downRead, upRead } from "@mmrace/locks";
import { readOnce, sometimes, writeOnce, type Steps } from "@mmrace/scheduler";
import { ALL_RIGHTS, mkPte, narrowRights, virtualPage } from "@mmrace/x86-paging";
import { PAGE_SIZE, pmdLeaf, PMD_SIZE, pmdNone, pmdPresent, ptePresent } from "@mmrace/x86-paging";
import { userAccess } from "../hardware/user-access.ts";
import { withFolio, type AddressSpace } from "../state/address-space.ts";
import { folioPut, folioRmap, type Folio } from "../state/folio.ts";
import { pteIndex, USER_BASE } from "../state/geometry.ts";
import { addMmCounter } from "../state/mm-struct.ts";
import { ptepGet, ptepGetAndClear } from "../state/page-table.ts";
import { cacheFolio, populateFile, populateTable } from "../state/populate.ts";
import { SHARED_WRITABLE } from "../state/protections.ts";
import { type CpuTlb, flushTlbRange } from "../state/tlb.ts";
import { VM_READ_WRITE, VM_SHARED, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { store, mapsFile, mremap, ofFile } from "../userspace/calls.ts";

interface Cast extends World {
  file: AddressSpace;
  folio: Folio;
  from: Vma;
  to: Vma;
}

/**
 * unmap_mapping_range() of the file's first page, and its removal from the page cache: under i_mmap_rwsem for read and
 * the PTE lock, flushing what was unmapped, where it was unmapped. (mm/memory.c, mm/truncate.c)
 */
function* truncate(w: World, file: AddressSpace, folio: Folio): Steps<void> {
  yield* writeOnce(file.size, 0);
  yield* downRead(file.iMmap);
  for (const vma of yield* readOnce(file.vmas)) yield* unmapFirstPage(w, vma, folio);
  yield* upRead(file.iMmap);
  yield* writeOnce(file.iPages, withFolio(yield* readOnce(file.iPages), 0, 1, null));
  yield* writeOnce(folio.mapping, null);
  yield* folioPut(folio);
}

function* unmapFirstPage(w: World, vma: Vma, folio: Folio): Steps<void> {
  const slot = vma.mm.slotOf(vma.start);
  const pmd = yield* readOnce(slot);
  if (pmdNone(pmd) || !pmdPresent(pmd) || pmdLeaf(pmd)) return;
  const mapped = yield* w.kernel.__pteOffsetMapLock(w, slot);
  if (mapped === null) return;
  const index = pteIndex(vma.start);
  const isThere = ptePresent(yield* ptepGet(mapped.table, index));
  if (isThere) {
    yield* ptepGetAndClear(mapped.table, index);
    yield* addMmCounter(vma.mm, "rss_file", -1);
    yield* folioRmap(folio, -1);
    yield* flushTlbRange(vma.mm, vma.start, vma.start + PAGE_SIZE, false);
  }
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  if (!isThere) return;
  if (vma.start !== USER_BASE) w.reached.add("the page is unmapped at its new address");
  yield* folioPut(folio);
}

/** The processor has written to the page at its old address. */
function populateTlb({ caches }: CpuTlb, folio: Folio): void {
  caches.insertTranslation({
    pcid: 0,
    global: false,
    level: 1,
    page: virtualPage(BigInt(USER_BASE)),
    pages: 1,
    frame: folio.pfn,
    rights: narrowRights(ALL_RIGHTS, mkPte(folio.pfn, SHARED_WRITABLE)),
    protectionKey: 0,
    dirty: true,
  });
}

/** `move_page_tables` without rmap locks | truncation | a store through the old address. T2-01: fixed in 4.19. */
export const mremapVsTruncate: ScenarioFamily = defineFamily<Cast>({
  name: "mremap-vs-truncate",
  about: "mremap entry by entry against truncation at the new address, with a TLB (T2-01, CVE-2018-18281)",
  kernelDefault: "6.18",
  userspace: ofFile(
    1,
    [store("from", 0, 1)],
    {
      mremap: { does: [mremap("from", "to")] },
      truncate: { does: [{ call: "ftruncate", file: "file" }] },
      user: { does: [store("from", 0, 2)] },
    },
    {
      areas: {
        from: mapsFile(0, { pages: 1, protection: "rw" }),
        to: { slot: 1, pages: 1, isReserved: true },
      },
    },
  ),
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const mm = w.createMm();
    w.runOn(2, mm);
    const file = w.createFile("shmem");
    const folio = cacheFolio(w, file, 0);
    const place = (start: number) => ({ start, end: start + PAGE_SIZE, file });
    const from = w.createVma(mm, place(USER_BASE), VM_SHARED | VM_READ_WRITE);
    const to = w.createVma(mm, place(USER_BASE + PMD_SIZE), VM_SHARED | VM_READ_WRITE);
    populateFile(w, from, USER_BASE);
    populateTable(w, to);
    populateTlb(mm.tlbs.cpus[0]!, folio);
    return Object.assign(w, { file, folio, from, to });
  },
  threads: {
    *mremap(w) {
      yield* w.kernel.mmapWriteLock(w, w.from.mm);
      yield* w.kernel.movePageTables(w, w.from, w.to, false);
      yield* w.kernel.mmapWriteUnlock(w, w.from.mm);
    },
    *truncate(w) {
      yield* truncate(w, w.file, w.folio);
    },
    *user(w) {
      const { tlb } = w.current;
      const { kind } = yield* userAccess(tlb, { w, vma: w.from, address: USER_BASE, store: 2 });
      w.reached.add(`the store: ${kind}`);
    },
  },
  reaches: () => [
    sometimes("the page goes at its new address", (w) =>
      w.reached.has("the page is unmapped at its new address"),
    ),
    sometimes("the store succeeds", (w) => w.reached.has("the store: done")),
    sometimes("the store faults", (w) => w.reached.has("the store: fault")),
  ],
});
