/** T1-14: UFFDIO_MOVE of a page that is swapped out, while it is swapped in and out again. */

import { folioLock, folioUnlock } from "@mmrace/locks";
import { readOnce, sometimes, writeOnce, type Steps } from "@mmrace/scheduler";
import { isSwapPte, mkPte, PAGE_SIZE, pteSame } from "@mmrace/x86-paging";
import { linux_6_14, linux_6_6 } from "../kernels/kernels.ts";
import { folioGet, folioPut, folioRmap } from "../state/folio.ts";
import { pteIndex, USER_BASE } from "../state/geometry.ts";
import { addMmCounter } from "../state/mm-struct.ts";
import { ptepGet, ptepGetAndClear, setPte } from "../state/page-table.ts";
import { populateAnonVma, populateTable } from "../state/populate.ts";
import { ANON_WRITABLE } from "../state/protections.ts";
import { flushTlbRange } from "../state/tlb.ts";
import { VM_READ_WRITE, VM_UFFD_MISSING, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { at, load, store, register, pageout, movePage, anonymous } from "../userspace/calls.ts";

interface Cast extends World {
  vma: Vma;
}

const TARGET = USER_BASE + PAGE_SIZE;
const SLOT = 1;

/**
 * What do_swap_page() and then try_to_unmap_one() do to one page that its mm has for itself: a new folio enters the swap
 * cache, is mapped, and is unmapped again, to the slot that it still caches. (mm/memory.c, mm/rmap.c)
 */
function* swapInAndOut(w: World, vma: Vma): Steps<void> {
  const slot = w.swap.slot(SLOT);
  const folio = w.createFolio(1, true);
  yield* folioLock(folio.lock);
  yield* writeOnce(slot.cached, folio); // The reference is the swap cache's.
  const isMapped = yield* mapSwapped(w, vma, folio);
  if (isMapped) yield* unmapToSwap(w, vma, folio);
  yield* folioUnlock(folio.lock);
}

function* mapSwapped(w: World, vma: Vma, folio: ReturnType<World["createFolio"]>): Steps<boolean> {
  const mapped = (yield* w.kernel.__pteOffsetMapLock(w, vma.mm.slotOf(USER_BASE)))!;
  const pte = yield* ptepGet(mapped.table, pteIndex(USER_BASE));
  const isStill = isSwapPte(pte) && pteSame(pte, w.swap.slot(SLOT).pte);
  // A folio that no entry needs any more is labelled by nobody, and leaves the cache.
  if (!isStill) yield* writeOnce(w.swap.slot(SLOT).cached, null);
  else {
    yield* writeOnce(folio.mapping, yield* readOnce(vma.anonVma));
    yield* writeOnce(folio.index, vma.indexOf(USER_BASE));
    yield* folioGet(folio);
    yield* folioRmap(folio, 1);
    yield* addMmCounter(vma.mm, "rss_anon", 1);
    yield* addMmCounter(vma.mm, "rss_swapents", -1);
    yield* setPte(mapped.table, pteIndex(USER_BASE), mkPte(folio.pfn, ANON_WRITABLE));
  }
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  if (!isStill) yield* folioPut(folio);
  return isStill;
}

function* unmapToSwap(w: World, vma: Vma, folio: ReturnType<World["createFolio"]>): Steps<void> {
  const mapped = (yield* w.kernel.__pteOffsetMapLock(w, vma.mm.slotOf(USER_BASE)))!;
  // The folio is locked, so nobody has moved it.
  yield* ptepGetAndClear(mapped.table, pteIndex(USER_BASE));
  yield* flushTlbRange(vma.mm, USER_BASE, USER_BASE + PAGE_SIZE, false);
  yield* setPte(mapped.table, pteIndex(USER_BASE), w.swap.slot(SLOT).pte);
  yield* folioRmap(folio, -1);
  yield* addMmCounter(vma.mm, "rss_anon", -1);
  yield* addMmCounter(vma.mm, "rss_swapents", 1);
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  yield* folioPut(folio);
  w.reached.add("the page was swapped in and out");
}

/** `UFFDIO_MOVE` | swap-in and swap-out of the source. T1-14: fixed by 0ea148a79919 (6.16). */
export const uffdmoveVsSwap: ScenarioFamily = defineFamily<Cast>({
  name: "uffdmove-vs-swap",
  about: "UFFDIO_MOVE of a swap entry against a swap-in and swap-out of the page (T1-14)",
  kernelDefault: "6.14",
  userspace: anonymous(
    [store("vma", 0, 1), { arrange: "swapped", at: at("vma") }, register("vma", "missing")],
    {
      move: { does: [movePage(at("vma"), at("vma", 1))] },
      swap: {
        does: [load("vma"), pageout("vma")],
        provokes: "swap-in by a load, and reclaim by MADV_PAGEOUT",
      },
    },
    { needs: ["swap space"] },
  ),
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, null), VM_READ_WRITE | VM_UFFD_MISSING);
    populateAnonVma(w, vma);
    populateTable(w, vma).ptes.values[0] = w.swap.slot(SLOT).pte;
    w.swap.slot(SLOT).count.value = 1;
    w.uffd.account(vma.mm, USER_BASE);
    vma.mm.counters.values.rss_swapents = 1;
    return Object.assign(w, { vma });
  },
  threads: {
    *move(w) {
      yield* w.kernel.movePages(w, w.vma.mm, TARGET, USER_BASE);
    },
    *swap(w) {
      yield* swapInAndOut(w, w.vma);
    },
  },
  reaches: ({ ops }) =>
    ops.movePagesLocked === linux_6_6.movePagesLocked
      ? []
      : [
          sometimes("the page moves", (w: World) => w.reached.has("UFFDIO_MOVE moved a page")),
          sometimes("the page is swapped in and out", (w: World) =>
            w.reached.has("the page was swapped in and out"),
          ),
          ...(ops.moveSwapPte === linux_6_14.moveSwapPte
            ? []
            : [
                sometimes("the move notices", (w: World) =>
                  w.reached.has("UFFDIO_MOVE noticed a folio in the swap cache"),
                ),
              ]),
        ],
});
