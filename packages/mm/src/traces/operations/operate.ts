/** How the model runs a traced operation: set-up, one thread, and what of the trace belongs to parts that the model lacks. */

import type { Steps } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { defineFamily } from "../../scenarios/family.ts";
import { USER_BASE, type Geometry } from "../../state/geometry.ts";
import { populateAnon } from "../../state/populate.ts";
import { VM_READ_WRITE, VM_SHARED, wholePmd, type Vma } from "../../state/vma.ts";
import { World } from "../../state/world.ts";
import type { Amendment, ModelledOperation } from "../operations.ts";

/** What sets one operation apart from the others. */
export interface Run<Cast extends object> {
  readonly setup: (w: World, kernel: string) => Cast;
  readonly body: (w: World & Cast) => Steps<void>;
  /** Another thread, which acts where the operation waits for it. */
  readonly other?: (w: World & Cast) => Steps<void>;
}

/** One thread named `op`, in a world with room for sixteen pages of each table unless it needs more. */
export function operate<Cast extends object>(
  { setup, body, other }: Run<Cast>,
  comparison: Omit<ModelledOperation, "scenario"> = {},
  geometry: Geometry = { ptesPerTable: 16, pmdsPerMm: 4 },
): ModelledOperation {
  const scenario: ModelledOperation["scenario"] = (kernel) =>
    defineFamily<World & Cast>({
      name: "traced-operation",
      about: "one operation of a trace",
      kernelDefault: kernel,
      setup(ops, size) {
        const w = new World(ops, size);
        return Object.assign(w, setup(w, kernel));
      },
      threads: other === undefined ? { op: body } : { op: body, other },
      reaches: () => [],
    }).on(kernel, geometry);
  return { scenario, ...comparison };
}

/** The kernel itself allocated the PMD table: the model's is there from the start. */
export const NEW_PMD_TABLE: Amendment = {
  lines: ["+page_table_lock#1", "-page_table_lock#1"],
  reason:
    "__pmd_alloc() sets the entry of the upper table; in the model all PMD tables are there from the start",
};

/** As the entry before it, one level higher. */
export const NEW_PUD_TABLE: Amendment = {
  ...NEW_PMD_TABLE,
  reason: NEW_PMD_TABLE.reason.replace("__pmd", "__pud"),
};

/** 2 MiB of anonymous memory. */
export function anonymous(w: World, flags: number = VM_READ_WRITE): Vma {
  const mm = w.createMm();
  w.runOn(0, mm);
  return w.createVma(mm, wholePmd(USER_BASE, null), flags);
}

/** 2 MiB of anonymous memory of which the first pages have been written. */
export function writtenPages(w: World, pages: number): Vma {
  const vma = anonymous(w);
  for (let page = 0; page < pages; page++) populateAnon(w, vma, vma.start + page * PAGE_SIZE);
  return vma;
}

/** 2 MiB of shmem, mapped shared. */
export function shared(w: World, flags: number = VM_READ_WRITE | VM_SHARED): Vma {
  const mm = w.createMm();
  w.runOn(0, mm);
  return w.createVma(mm, wholePmd(USER_BASE, w.createFile("shmem")), flags);
}
