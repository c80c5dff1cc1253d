/** mremap of memory that is in use: a store through the old address counts, or it faults. */

import { sometimes, type Steps } from "@mmrace/scheduler";
import { PAGE_SIZE, PMD_SIZE } from "@mmrace/x86-paging";
import { userAccess } from "../hardware/user-access.ts";
import { userLoad } from "../hardware/user-code.ts";
import type { KernelOps } from "../kernel.ts";
import { USER_BASE, type Geometry } from "../state/geometry.ts";
import { populateAnon, populateAnonVma, populateTable } from "../state/populate.ts";
import { VM_READ_WRITE, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { load, store, mremap } from "../userspace/calls.ts";

interface Cast extends World {
  from: Vma;
  to: Vma;
}

/** @param length what moves: 2 MiB go by their table, less by their entries. */
function setup(kernel: KernelOps, geometry: Geometry, length: number): Cast {
  const w = new World(kernel, geometry);
  const mm = w.createMm();
  w.runOn(0, mm);
  w.runOn(1, mm);
  const place = (start: number) => ({ start, end: start + length, file: null, pgoff: USER_BASE / PAGE_SIZE });
  const from = w.createVma(mm, place(USER_BASE), VM_READ_WRITE);
  const to = w.createVma(mm, place(USER_BASE + PMD_SIZE), VM_READ_WRITE);
  const anonVma = populateAnonVma(w, from);
  to.anonVma.value = anonVma;
  populateAnonVma(w, to);
  populateAnon(w, from, USER_BASE, 1);
  if (length < PMD_SIZE) populateTable(w, to);
  return Object.assign(w, { from, to });
}

function* moveAndLoad(w: Cast): Steps<void> {
  const { mm } = w.from;
  yield* w.kernel.mmapWriteLock(w, mm);
  yield* w.kernel.movePageTables(w, w.from, w.to);
  yield* w.kernel.mmapWriteUnlock(w, mm);
  yield* userLoad(w, w.to, USER_BASE + PMD_SIZE);
}

/** One attempt, which does not fault: behind it the old mapping would be gone. */
function* storeOnce(w: Cast): Steps<void> {
  const { kind } = yield* userAccess(w.current.tlb, { w, vma: w.from, address: USER_BASE, store: 2 });
  w.reached.add(`the store: ${kind}`);
}

function family(name: string, about: string, length: number): ScenarioFamily {
  return defineFamily<Cast>({
    name,
    about,
    kernelDefault: "6.18",
    userspace: {
      areas: {
        from: { slot: 0, pages: length / PAGE_SIZE },
        to: { slot: 1, pages: length / PAGE_SIZE, isReserved: true },
      },
      setup: [store("from", 0, 1)],
      threads: {
        mremap: { does: [mremap("from", "to"), load("to")] },
        user: { does: [store("from", 0, 2)] },
      },
    },
    setup: (kernel, geometry) => setup(kernel, geometry, length),
    threads: { mremap: moveAndLoad, user: storeOnce },
    reaches: () => [
      sometimes("the store is there before", (w) => w.reached.has("the store: done")),
      sometimes("it comes too late", (w) => w.reached.has("the store: fault")),
    ],
  });
}

/** `move_normal_pmd` and a load at the new address | a store at the old one. */
export const mremapTableVsStore: ScenarioFamily = family(
  "mremap-table-vs-store",
  "mremap of a whole table, and a load there, against a store through the old address",
  PMD_SIZE,
);

/** `move_ptes` and a load at the new address | a store at the old one. */
export const mremapEntriesVsStore: ScenarioFamily = family(
  "mremap-entries-vs-store",
  "mremap entry by entry, and a load there, against a store through the old address",
  PAGE_SIZE,
);
