/** Traced page faults. */

import { mkPte, pteMkspecial } from "@mmrace/x86-paging";
import { cacheFolio, populateAnon, populateTable } from "../../state/populate.ts";
import { READ_FAULT } from "../../state/protections.ts";
import { VM_NOHUGEPAGE, VM_READ_WRITE, VM_UFFD_MISSING, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { TracedOperations } from "../operations.ts";
import { anonymous, NEW_PMD_TABLE, NEW_PUD_TABLE, operate, shared, type Run } from "./operate.ts";

const on61 = { "6.1": [NEW_PMD_TABLE] };
const onBoth = { "6.1": [NEW_PUD_TABLE, NEW_PMD_TABLE], "6.12": [NEW_PUD_TABLE, NEW_PMD_TABLE] };

/** One access of user code to the first page of a VMA that faults. */
function access(isWrite: boolean, setup: (w: World, kernel: string) => Vma): Run<{ vma: Vma }> {
  return {
    setup: (w, kernel) => ({ vma: setup(w, kernel) }),
    *body(w) {
      yield* w.kernel.doUserAddrFault(w, w.vma.mm, w.vma.start, isWrite);
    },
  };
}

/** Anonymous memory with a table, of which nothing has been written. */
function untouched(w: World): Vma {
  const vma = anonymous(w);
  populateTable(w, vma);
  return vma;
}

function zeroPage(w: World): Vma {
  const vma = anonymous(w);
  populateTable(w, vma).ptes.values[0] = pteMkspecial(mkPte(w.zeroFolio.pfn, READ_FAULT));
  return vma;
}

/** A page of this mm alone whose entry does not allow stores, as mprotect() there and back leaves it. */
function readOnlyPage(w: World): Vma {
  const vma = anonymous(w);
  const folio = populateAnon(w, vma, vma.start);
  populateTable(w, vma).ptes.values[0] = mkPte(folio.pfn, READ_FAULT);
  return vma;
}

/** Nothing mapped: on 6.1 there is no table yet, on 6.12 there is one. */
function sharedHole(w: World, kernel: string): Vma {
  const vma = shared(w);
  if (kernel !== "6.1") populateTable(w, vma);
  return vma;
}

function sharedTable(w: World): Vma {
  const vma = shared(w);
  populateTable(w, vma);
  return vma;
}

function sharedCached(w: World, kernel: string): Vma {
  const vma = sharedHole(w, kernel);
  for (let index = 0; index < 16; index++) cacheFolio(w, vma.file!, index);
  return vma;
}

function sharedHuge(w: World): Vma {
  const vma = shared(w);
  cacheFolio(w, vma.file!, 0, true);
  return vma;
}

const SMALL_ONLY = VM_READ_WRITE | VM_NOHUGEPAGE;

/** By the names that traces use. */
export const faultOperations: TracedOperations = {
  fault_anon_read: operate(access(false, untouched)),
  fault_anon_write: operate(access(true, untouched)),
  fault_anon_write_new_table: operate(
    access(true, (w) => anonymous(w, SMALL_ONLY)),
    { amended: on61 },
  ),
  fault_anon_write_new_pud: operate(
    access(true, (w) => anonymous(w, SMALL_ONLY)),
    { amended: onBoth },
  ),
  fault_zero_page_cow: operate(access(true, zeroPage)),
  fault_anon_reuse: operate(access(true, readOnlyPage)),
  fault_thp_write: operate(
    access(true, (w) => anonymous(w)),
    { amended: on61 },
  ),
  fault_thp_read: { reason: "the huge page of zeroes is not modelled" },
  fault_thp_cow_after_fork: { reason: "fork is not modelled" },
  fault_shmem_read_around: operate(access(false, sharedCached), { amended: on61 }),
  fault_shmem_read_hole: operate(access(false, sharedHole), { amended: on61 }),
  fault_shmem_write_shared: operate(access(true, sharedTable), {
    amended: {
      "6.12": [
        {
          lines: ["-vma_lock#1"],
          as: ["+rcu:r", "-vma_lock#1", "-rcu"],
          reason:
            "fault_dirty_shared_page() drops the lock itself, whose RCU section the tracer does not show there",
        },
      ],
    },
  }),
  fault_shmem_huge_alloc: { reason: "huge folios that shmem allocates itself are not modelled" },
  fault_shmem_huge_map: operate(access(true, sharedHuge)),
  fault_swapin: { reason: "a fault on a swap entry that reads the page back is not modelled" },
  fault_protnone_segv_free: { reason: "nothing to compare: the trace is empty, the fault included" },
  fault_uffd_missing: operate({
    ...access(false, (w) => anonymous(w, SMALL_ONLY | VM_UFFD_MISSING)),
    *other(w) {
      yield* w.kernel.userfaultfdFill(w, w.vma, w.vma.start, "COPY");
    },
  }),
};
