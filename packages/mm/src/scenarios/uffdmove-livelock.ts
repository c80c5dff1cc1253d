/** T1-16: two moves of pages of one large folio, which must be split first. */

import { sometimes, type Steps } from "@mmrace/scheduler";
import { mkPte, PAGE_SIZE } from "@mmrace/x86-paging";
import { linux_6_12, linux_6_6 } from "../kernels/kernels.ts";
import type { Result } from "../ops/userfaultfd/mfill-atomic.ts";
import { USER_BASE } from "../state/geometry.ts";
import { populateAnonVma, populateTable } from "../state/populate.ts";
import { ANON_WRITABLE } from "../state/protections.ts";
import { VM_READ_WRITE, VM_UFFD_MISSING, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { at, register, movePage, anonymous } from "../userspace/calls.ts";

interface Cast extends World {
  vma: Vma;
}

const TARGET = USER_BASE + 2 * PAGE_SIZE;

/** Maps a folio of two pages, as a fault of that size does. */
function populateLargeAnon(w: World, vma: Vma, address: number): void {
  const folio = w.createFolio(2, true);
  folio.refcount.value = folio.mapcount.value = 2;
  folio.lru.value = true;
  folio.mapping.value = populateAnonVma(w, vma);
  folio.index.value = vma.indexOf(address);
  const { values } = populateTable(w, vma, address).ptes;
  for (const page of [0, 1]) {
    values[page] = mkPte(folio.pfn + page, ANON_WRITABLE);
    w.uffd.account(vma.mm, address + page * PAGE_SIZE);
  }
  vma.mm.counters.values.rss_anon += 2;
}

/** The VMA and the context are locked for reading by both, which keeps nobody out and is left out here. */
function* move(w: Cast, offset: number): Steps<Result> {
  const [dstAddress, srcAddress] = [TARGET + offset, USER_BASE + offset];
  return yield* w.kernel.movePagesLocked(w, { dst: w.vma, src: w.vma, dstAddress, srcAddress });
}

/** `UFFDIO_MOVE` of the first page | `UFFDIO_MOVE` of the second. T1-16: fixed by 37b338eed105 (6.14). */
export const uffdmoveLivelock: ScenarioFamily = defineFamily<Cast>({
  name: "uffdmove-livelock",
  about: "two UFFDIO_MOVE that want to split one large folio (T1-16)",
  kernelDefault: "6.12",
  userspace: anonymous(
    [{ arrange: "large-folio", area: "vma" }, register("vma", "missing")],
    {
      first: { does: [movePage(at("vma"), at("vma", 4))] },
      second: { does: [movePage(at("vma", 1), at("vma", 5))] },
    },
    {
      // Too short for a huge page, which a store would get otherwise.
      areas: { vma: { slot: 0, pages: 16 } },
      differs: [
        "the folio has four pages, the fewest that the kernel makes, and not two; so the pages move behind it, to 4 and 5 and not to 2 and 3",
      ],
    },
  ),
  setup: (kernel, geometry) => {
    const w = new World(kernel, { ...geometry, ptesPerTable: 4 });
    const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, null), VM_READ_WRITE | VM_UFFD_MISSING);
    populateLargeAnon(w, vma, USER_BASE);
    return Object.assign(w, { vma });
  },
  threads: {
    *first(w) {
      w.reached.add(`first: ${yield* move(w, 0)}`);
    },
    *second(w) {
      w.reached.add(`second: ${yield* move(w, PAGE_SIZE)}`);
    },
  },
  reaches: ({ ops }) => [
    ...(ops.movePagesLocked === linux_6_6.movePagesLocked
      ? []
      : [sometimes("both move", (w: World) => w.reached.has("first: 0") && w.reached.has("second: 0"))]),
    ...(ops.movePagesLocked === linux_6_6.movePagesLocked ||
    ops.lockFolioToMove === linux_6_12.lockFolioToMove
      ? []
      : [
          sometimes("one lets the other split", (w: World) =>
            w.reached.has("UFFDIO_MOVE lets somebody else split a folio"),
          ),
        ]),
  ],
});
