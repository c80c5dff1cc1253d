/** Traced operations that take mappings away or elsewhere. */

import type { Steps } from "@mmrace/scheduler";
import { PAGE_SIZE, PMD_SIZE, pteMkdirty } from "@mmrace/x86-paging";
import { cacheFolio, populateFile, populateHugeAnon, populateTable } from "../../state/populate.ts";
import { VM_READ_WRITE, wholePmd, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { TracedOperations } from "../operations.ts";
import { anonymous, operate, shared, writtenPages, type Run } from "./operate.ts";

const SPLIT_OF_VMA = "the VMA is split, which is not modelled";
const MPROTECT = "mprotect() is not modelled";

function onVma(setup: (w: World) => Vma, body: (w: World, vma: Vma) => Steps<unknown>): Run<{ vma: Vma }> {
  return {
    setup: (w) => ({ vma: setup(w) }),
    *body(w) {
      yield* body(w, w.vma);
    },
  };
}

function dontneed(setup: (w: World) => Vma, length: number): Run<{ vma: Vma }> {
  return onVma(setup, (w, { mm, start }) => w.kernel.madviseDontneed(w, mm, start, start + length));
}

function munmap(setup: (w: World) => Vma): Run<{ vma: Vma }> {
  return onVma(setup, (w, { mm, start, end }) => w.kernel.doMunmap(w, mm, start, end));
}

function mremap(setup: (w: World) => Vma): Run<{ vma: Vma }> {
  const withTarget = (w: World): Vma => {
    const vma = setup(w);
    w.createVma(vma.mm, wholePmd(vma.end + PMD_SIZE, null), VM_READ_WRITE); // The program has reserved the place.
    return vma;
  };
  return onVma(withTarget, function* (w, vma) {
    yield* w.kernel.doMremap(w, vma, vma.start + 2 * PMD_SIZE);
  });
}

function hugeAnon(w: World): Vma {
  const vma = anonymous(w);
  populateHugeAnon(w, vma);
  return vma;
}

function sharedPages(w: World, pages: number): Vma {
  const vma = shared(w);
  for (let index = 0; index < pages; index++) cacheFolio(w, vma.file!, index);
  populateFile(w, vma, vma.start, pages);
  // They have been stored to.
  const { ptes } = populateTable(w, vma);
  for (let index = 0; index < pages; index++) ptes.values[index] = pteMkdirty(ptes.values[index]!);
  return vma;
}

const PAGES_4 = 4 * PAGE_SIZE;

/** By the names that traces use. */
export const unmappingOperations: TracedOperations = {
  dontneed_4k: operate(dontneed((w) => writtenPages(w, 4), PAGES_4)),
  dontneed_4k_notifier_mt: operate(
    dontneed((w) => {
      const vma = writtenPages(w, 4);
      w.attachSecondaryMmu(vma.mm);
      return vma;
    }, PAGES_4),
    { hasNotifier: true },
  ),
  dontneed_full_table: operate(dontneed((w) => writtenPages(w, 4), PMD_SIZE)),
  dontneed_thp: operate(dontneed(hugeAnon, PMD_SIZE)),
  dontneed_shmem: operate(dontneed((w) => sharedPages(w, 4), PAGES_4)),
  madv_free: { reason: "MADV_FREE is not modelled" },
  madv_remove_shmem: operate(
    onVma(
      (w) => sharedPages(w, 2),
      // madvise_remove(): the lock is dropped for the file system.
      function* (w, vma) {
        yield* w.kernel.mmapReadLock(w, vma.mm);
        yield* w.kernel.mmapReadUnlock(w, vma.mm);
        yield* w.kernel.punchHole(w, vma.file!, 0, 2);
        yield* w.kernel.mmapReadLock(w, vma.mm);
        yield* w.kernel.mmapReadUnlock(w, vma.mm);
      },
    ),
  ),
  pageout_anon: { reason: "reclaim of anonymous memory is not modelled" },
  munmap_4k: { reason: SPLIT_OF_VMA },
  munmap_frees_table: operate(munmap((w) => writtenPages(w, 16))),
  munmap_frees_pmd_pud: operate(munmap((w) => writtenPages(w, 1))),
  munmap_thp: operate(munmap(hugeAnon)),
  mremap_4k_anon: { reason: SPLIT_OF_VMA },
  mremap_pmd_anon: operate(mremap((w) => writtenPages(w, 4))),
  mremap_thp: operate(mremap(hugeAnon)),
  mremap_pmd_shmem: operate(mremap((w) => sharedPages(w, 4))),
  mremap_pud_anon: { reason: "a whole PMD table is moved, and entries above the PMD level are not modelled" },
  mprotect_rw_to_ro: { reason: MPROTECT },
  mprotect_ro_to_rw: { reason: MPROTECT },
  mprotect_none: { reason: MPROTECT },
  mprotect_thp: { reason: MPROTECT },
  mprotect_shmem: { reason: MPROTECT },
  fork_small: { reason: "fork is not modelled" },
  fork_thp: { reason: "fork is not modelled" },
  clear_refs_soft_dirty: { reason: "soft-dirty bits are not modelled" },
  mlock_range: { reason: "mlock() is not modelled" },
  gup_fast_pipe: {
    reason:
      "nothing to compare: the trace has the RCU section of the map alone, which adds nothing where interrupts are off",
  },
  pagemap_read: { reason: "/proc/pid/pagemap is not modelled" },
};
