/** Traced collapses. */

import type { Steps } from "@mmrace/scheduler";
import { USER_BASE } from "../../state/geometry.ts";
import { cacheFolio, populateFile, populateHugeFile } from "../../state/populate.ts";
import { VM_READ_WRITE, VM_SHARED, wholePmd, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { TracedOperations } from "../operations.ts";
import { operate, shared, writtenPages, type Run } from "./operate.ts";

/** MADV_COLLAPSE of the whole VMA. */
function collapse(setup: (w: World, kernel: string) => Vma): Run<{ vma: Vma }> {
  return {
    setup: (w, kernel) => ({ vma: setup(w, kernel) }),
    *body(w) {
      const { mm, start, end } = w.vma;
      yield* w.kernel.mmapReadLock(w, mm);
      yield* w.kernel.madviseCollapse(w, mm, start, end);
      yield* w.kernel.mmapReadUnlock(w, mm);
    },
  };
}

/** One pass of khugepaged. */
function khugepaged(setup: (w: World) => Vma): Run<{ vma: Vma }> {
  return {
    setup: (w) => ({ vma: setup(w) }),
    body: (w): Steps<void> => w.kernel.khugepagedScanMmSlot(w, w.vma.mm),
  };
}

/** Eight pages of shmem in the cache, four of them mapped, and nothing else of the file. */
function mappedPages(w: World): Vma {
  const vma = shared(w);
  for (let index = 0; index < 8; index++) cacheFolio(w, vma.file!, index);
  populateFile(w, vma, vma.start, 4);
  return vma;
}

/** A second CPU runs code of the same mm. */
function withSecondCpu(vma: Vma, w: World): Vma {
  w.runOn(1, vma.mm);
  return vma;
}

function mappedTwice(w: World): Vma {
  const vma = mappedPages(w);
  const mm = w.createMm();
  const other = w.createVma(mm, wholePmd(USER_BASE, vma.file), VM_READ_WRITE | VM_SHARED);
  populateFile(w, other, other.start, 4);
  return vma;
}

function pinned(w: World): Vma {
  const vma = writtenPages(w, 4);
  const folio = w.folios[0]!;
  folio.refcount.value++;
  folio.pins.value++;
  return vma;
}

function huge(w: World): Vma {
  const vma = shared(w);
  cacheFolio(w, vma.file!, 0, true);
  populateHugeFile(vma);
  return vma;
}

/** The only other lines like these stand at the end of the trace. */
const NEXT_PASS = {
  lines: ["-mmap_lock#1", "+try mmap_lock#1:r", "-mmap_lock#1"],
  as: ["-mmap_lock#1"],
  reason: "the daemon's next pass, which found nothing more to do",
};

const FREE = "pte_free_defer under i_mmap_rwsem#1:r";

const PAGE_TABLE_CHECK = {
  lines: ["+rcu:r", "-rcu", FREE],
  as: [FREE],
  reason: "CONFIG_PAGE_TABLE_CHECK of the traced kernel looks at the table that has left the tree",
};

const NEXT_SCAN = {
  lines: ["-i_mmap_rwsem#1", "+try mmap_lock#1:r", "-mmap_lock#1"],
  as: ["-i_mmap_rwsem#1"],
  reason: NEXT_PASS.reason,
};

const HOLES = "+i_mmap_rwsem#1:r";

const ACCOUNTING = {
  lines: ["+i_pages#1", "-i_pages#1", HOLES],
  as: [HOLES],
  reason: "shmem_charge() counts the holes in the page cache; the accounting of shmem is not modelled",
};

const ofShmem = { amended: { "6.12": [ACCOUNTING, PAGE_TABLE_CHECK] } };

const four = (w: World): Vma => writtenPages(w, 4);

/** By the names that traces use. */
export const collapseOperations: TracedOperations = {
  collapse_anon: operate(collapse(four)),
  collapse_anon_mt: operate(collapse((w) => withSecondCpu(four(w), w))),
  collapse_anon_fail_pinned: operate(collapse(pinned)),
  collapse_shmem: operate(collapse(mappedPages), ofShmem),
  collapse_shmem_mt: operate(
    // The second thread ran elsewhere only in the trace of 6.12: that of 6.1 has no flush of another CPU.
    collapse((w, kernel) => (kernel === "6.1" ? mappedPages(w) : withSecondCpu(mappedPages(w), w))),
    ofShmem,
  ),
  collapse_shmem_notifier: operate(
    collapse((w) => {
      const vma = mappedPages(w);
      w.attachSecondaryMmu(vma.mm);
      return vma;
    }),
    { ...ofShmem, hasNotifier: true },
  ),
  collapse_shmem_other_mm: operate(collapse(mappedTwice), {
    ...ofShmem,
    amended: { "6.12": [ACCOUNTING, PAGE_TABLE_CHECK, PAGE_TABLE_CHECK] },
  }),
  collapse_shmem_already_huge: operate(collapse(huge)),
  khugepaged_anon: operate(khugepaged(four), { amended: { "6.12": [NEXT_PASS], "6.1": [NEXT_PASS] } }),
  khugepaged_shmem: operate(
    khugepaged((w) => withSecondCpu(mappedPages(w), w)),
    {
      amended: { "6.12": [ACCOUNTING, PAGE_TABLE_CHECK, NEXT_SCAN] },
      notOn: {
        "6.1": "nothing to compare: the trace has khugepaged wake and sleep, without looking at any mm",
      },
    },
  ),
};
