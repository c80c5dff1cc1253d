/** Traced calls of userfaultfd. */

import { PAGE_SIZE, PMD_SIZE, pteMkuffdWp } from "@mmrace/x86-paging";
import { USER_BASE } from "../../state/geometry.ts";
import {
  cacheFolio,
  populateAnon,
  populateFile,
  populateHugeAnon,
  populateTable,
} from "../../state/populate.ts";
import {
  VM_NOHUGEPAGE,
  VM_READ_WRITE,
  VM_SHARED,
  VM_UFFD_MISSING,
  VM_UFFD_WP,
  wholePmd,
  type Vma,
} from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { FillMode } from "../../ops/userfaultfd/mfill-atomic.ts";
import type { TracedOperations } from "../operations.ts";
import { anonymous, NEW_PMD_TABLE, operate, shared, type Run } from "./operate.ts";

const MISSING = VM_READ_WRITE | VM_NOHUGEPAGE | VM_UFFD_MISSING;
const WP = VM_READ_WRITE | VM_UFFD_WP;
const after = "-anon_vma_rwsem#1";
const on61 = { "6.1": [NEW_PMD_TABLE] };

function fill(mode: FillMode, setup: (w: World) => Vma): Run<{ vma: Vma }> {
  return {
    setup: (w) => ({ vma: setup(w) }),
    *body(w) {
      yield* w.kernel.userfaultfdFill(w, w.vma, w.vma.start, mode);
    },
  };
}

/** UFFDIO_WRITEPROTECT of some pages. */
function protect(isEnabled: boolean, length: number, setup: (w: World) => Vma): Run<{ vma: Vma }> {
  return {
    setup: (w) => ({ vma: setup(w) }),
    *body(w) {
      const { start } = w.vma;
      yield* w.kernel.userfaultfdWriteprotect(w, w.vma, start, start + length, isEnabled);
    },
  };
}

function written(w: World): Vma {
  const vma = anonymous(w, WP);
  for (let page = 0; page < 4; page++) populateAnon(w, vma, vma.start + page * PAGE_SIZE);
  return vma;
}

function protectedPages(w: World): Vma {
  const vma = written(w);
  const { ptes } = populateTable(w, vma);
  for (let page = 0; page < 4; page++) ptes.values[page] = pteMkuffdWp(ptes.values[page]!);
  return vma;
}

/** Of four pages of shmem the first and the third are mapped. */
function everySecond(w: World): Vma {
  const vma = shared(w, WP | VM_SHARED);
  for (const page of [0, 2]) {
    cacheFolio(w, vma.file!, page);
    populateFile(w, vma, vma.start + page * PAGE_SIZE);
  }
  return vma;
}

function huge(w: World): Vma {
  const vma = anonymous(w, WP);
  populateHugeAnon(w, vma);
  return vma;
}

/** Two VMAs; a page of the second moves to the first. */
function movable(w: World): Vma {
  const dst = anonymous(w, MISSING);
  const src = w.createVma(dst.mm, wholePmd(USER_BASE + PMD_SIZE, null), VM_READ_WRITE);
  populateAnon(w, src, src.start); // Its table first: locks are taken in the order of their addresses, as there.
  populateTable(w, dst);
  return dst;
}

const anonHole = (w: World): Vma => anonymous(w, MISSING);
const sharedHole = (w: World): Vma => shared(w, MISSING | VM_SHARED);

/** By the names that traces use. */
export const userfaultfdOperations: TracedOperations = {
  uffd_copy_anon: operate(fill("COPY", anonHole)),
  uffd_copy_anon_wp: { reason: "UFFDIO_COPY_MODE_WP is not modelled" },
  uffd_copy_shmem: operate(fill("COPY", sharedHole)),
  uffd_zeropage_anon: operate(fill("ZEROPAGE", anonHole), {
    amended: { "6.1": [{ ...NEW_PMD_TABLE, lines: [after, ...NEW_PMD_TABLE.lines], as: [after] }] },
  }),
  uffd_zeropage_shmem: operate(fill("ZEROPAGE", sharedHole), { amended: on61 }),
  uffd_move_anon: operate(
    {
      setup: (w) => ({ vma: movable(w) }),
      *body(w) {
        const { mm, start } = w.vma;
        yield* w.kernel.movePages(w, mm, start, start + PMD_SIZE);
        yield* w.kernel.wakeUserfault(w, mm.userfaultfd);
      },
    },
    { notOn: { "6.1": "nothing to compare: UFFDIO_MOVE came with 6.8, and the call is refused" } },
  ),
  uffd_wp_anon: operate(protect(true, 4 * PAGE_SIZE, written)),
  uffd_unwp_anon: operate(protect(false, 4 * PAGE_SIZE, protectedPages)),
  uffd_wp_shmem_markers: operate(protect(true, 4 * PAGE_SIZE, everySecond)),
  uffd_wp_thp: operate(protect(true, PMD_SIZE, huge)),
};
