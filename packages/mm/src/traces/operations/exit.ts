/**
 * The traced exit of a program: a small one without shared libraries, whose mappings are made here as the trace shows them,
 * area by area and table by table.
 */

import { mkPte, PAGE_SIZE, PMD_SIZE, pteMkspecial } from "@mmrace/x86-paging";
import type { AddressSpace } from "../../state/address-space.ts";
import { USER_BASE } from "../../state/geometry.ts";
import {
  cacheFolio,
  populateAnon,
  populateAnonVma,
  populateFile,
  populateTable,
} from "../../state/populate.ts";
import { READ_FAULT } from "../../state/protections.ts";
import { VM_READ_WRITE, type AnonVma, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Amendment, ModelledOperation, TracedOperations } from "../operations.ts";
import { operate } from "./operate.ts";

/** A mapping: what it is of, and how many pages of it are mapped in each of the tables that it reaches, from one on. */
interface Area {
  readonly of: "file" | "written file" | "memory" | "kernel";
  readonly table: number;
  readonly pages: readonly number[];
}

/** Text, data and bss share a table; then come the heap, a mapping of the C library, the kernel's pages and the stack. */
const AREAS: Readonly<Record<string, readonly Area[]>> = {
  "6.12": [
    { of: "file", table: 0, pages: [1] },
    { of: "file", table: 0, pages: [143] },
    { of: "file", table: 0, pages: [45] },
    { of: "written file", table: 0, pages: [5] },
    { of: "written file", table: 0, pages: [3] },
    { of: "memory", table: 0, pages: [38] },
    { of: "memory", table: 2, pages: [7, 27] },
    { of: "memory", table: 5, pages: [4] },
    { of: "kernel", table: 7, pages: [0] },
    { of: "kernel", table: 7, pages: [2] },
    { of: "memory", table: 9, pages: [33] },
  ],
  "6.1": [
    { of: "file", table: 0, pages: [1] },
    { of: "file", table: 0, pages: [116] },
    { of: "file", table: 0, pages: [95] },
    { of: "written file", table: 0, pages: [5] },
    { of: "written file", table: 0, pages: [3] },
    { of: "memory", table: 0, pages: [38] },
    { of: "memory", table: 2, pages: [34] },
    { of: "memory", table: 4, pages: [4] },
    { of: "memory", table: 6, pages: [33] },
    { of: "kernel", table: 6, pages: [0] },
    { of: "kernel", table: 6, pages: [1] },
  ],
};

/** Lays the areas out, one after the other in the tables that they share. */
function program(w: World, kernel: string): void {
  const mm = w.createMm();
  w.runOn(0, mm);
  const file = w.createFile("program", false);
  let ofFile: AnonVma | null = null;
  let next = USER_BASE;
  for (const area of AREAS[kernel]!) {
    const first = USER_BASE + area.table * PMD_SIZE;
    const start = Math.max(next, first);
    const end =
      area.pages.length > 1
        ? first + area.pages.length * PMD_SIZE
        : start + Math.max(area.pages[0]!, 1) * PAGE_SIZE;
    next = end;
    const ofWhat = area.of.endsWith("file") ? file : null;
    const pgoff = (start - USER_BASE) / PAGE_SIZE;
    const vma = w.createVma(mm, { start, end, file: ofWhat, pgoff }, VM_READ_WRITE);
    // Both come from one mapping that the loader has split.
    if (area.of === "written file") vma.anonVma.value = ofFile;
    for (const [at, pages] of area.pages.entries()) {
      const from = at === 0 ? start : first + at * PMD_SIZE;
      for (let page = 0; page < pages; page++) fill(w, vma, area, file, from + page * PAGE_SIZE);
      populateTable(w, vma, from);
    }
    if (area.of === "written file") ofFile = vma.anonVma.value;
  }
}

function fill(w: World, vma: Vma, area: Area, file: AddressSpace, address: number): void {
  if (area.of === "file") {
    cacheFolio(w, file, vma.indexOf(address));
    populateFile(w, vma, address);
  } else if (area.of === "kernel") {
    // Nobody's rmap finds the pages of the vDSO.
    populateTable(w, vma, address).ptes.values[(address / PAGE_SIZE) % 512] = pteMkspecial(
      mkPte(w.zeroFolio.pfn, READ_FAULT),
    );
  } else {
    populateAnonVma(w, vma);
    populateAnon(w, vma, address);
  }
}

const LOCK = "+ptl_pte#1";
const UNLOCK = "-ptl_pte#1";

/** A loop over entries that let go of the lock after so many, and went on. `rcu`: what of RCU a release takes besides. */
function rescheduled(count: number, rcu: "rcu" | "" = ""): Amendment {
  const held = ["mmap_lock#1:r", "ptl_pte#1", ...(rcu === "" ? [] : ["rcu:r"])].join(" ");
  const cleared = Array.from({ length: count }, () => `clear_pte under ${held}`);
  const again = rcu === "" ? [UNLOCK, LOCK] : [UNLOCK, "-rcu", "+rcu:r", LOCK];
  return {
    lines: [LOCK, ...cleared, ...again],
    as: [LOCK, ...cleared],
    reason: "somebody else wanted the CPU: zap_pte_range() drops the lock and goes on",
  };
}

/** exit_mm() of the thread, and mmput() by its last user. */
const exit: ModelledOperation = operate(
  {
    setup: (w, kernel) => {
      program(w, kernel);
      return {};
    },
    *body(w) {
      const mm = w.mms[0]!;
      yield* w.kernel.mmapReadLock(w, mm);
      yield* w.kernel.mmapReadUnlock(w, mm);
      yield* w.kernel.mmput(w, mm);
    },
  },
  {
    amended: {
      "6.12": [rescheduled(83, "rcu")],
      "6.1": [rescheduled(30), rescheduled(103), rescheduled(49)],
    },
  },
  { ptesPerTable: 512, pmdsPerMm: 10 },
);

/** By the names that traces use. */
export const exitOperations: TracedOperations = { exit_mmap: exit };
