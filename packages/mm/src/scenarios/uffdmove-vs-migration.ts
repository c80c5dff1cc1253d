/** T1-15: UFFDIO_MOVE of a part of a huge page that is being migrated. */

import { folioLock, folioUnlock, spinLock, spinUnlock } from "@mmrace/locks";
import { readOnce, sometimes, writeOnce, xchg, type Steps } from "@mmrace/scheduler";
import {
  isMigrationEntry,
  isPmdMigrationEntry,
  isSwapPte,
  migrationPmdWritable,
  mkHugePmd,
  mkPte,
  NONE_ENTRY,
  PMD_SIZE,
  pmdLeaf,
  pmdPresent,
  pmdSame,
  pteToSwpEntry,
  swpOffsetPfn,
} from "@mmrace/x86-paging";
import { linux_6_14, linux_6_6 } from "../kernels/kernels.ts";
import { folioGet, folioPut, folioRmap, HPAGE_PMD_NR, type Folio } from "../state/folio.ts";
import { USER_BASE } from "../state/geometry.ts";
import { addMmCounter } from "../state/mm-struct.ts";
import { ptepGet, setPte } from "../state/page-table.ts";
import { populateAnonVma, populateHugeAnon, populateTable } from "../state/populate.ts";
import { ANON_WRITABLE } from "../state/protections.ts";
import { flushTlbRange } from "../state/tlb.ts";
import { VM_READ_WRITE, VM_UFFD_MISSING, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { at, register, emptyTable, movePage } from "../userspace/calls.ts";

interface Cast extends World {
  dst: Vma;
  src: Vma;
  huge: Folio;
}

const TARGET = USER_BASE + PMD_SIZE;

/**
 * What try_to_migrate() and remove_migration_ptes() do to a huge page, when in the end it stays where it is: under the
 * folio's lock, a migration entry takes the place of the mapping, and is replaced again, whole or in pieces.
 */
function* migrate(w: World, vma: Vma, folio: Folio): Steps<void> {
  const slot = vma.mm.slotOf(vma.start);
  yield* folioLock(folio.lock);
  yield* folioGet(folio); // The isolation's reference.
  yield* spinLock(slot.pmdTable.lock);
  const pmd = yield* readOnce(slot);
  const isOurs = pmdPresent(pmd) && pmdLeaf(pmd) && pmdSame(pmd, mkHugePmd(folio.pfn, ANON_WRITABLE));
  if (isOurs) {
    yield* xchg(slot, NONE_ENTRY);
    yield* flushTlbRange(vma.mm, slot.address, slot.address + PMD_SIZE, false);
    yield* writeOnce(slot, migrationPmdWritable({ lo: folio.pfn, hi: 0 }));
    yield* folioRmap(folio, -1);
    yield* folioPut(folio);
  }
  yield* spinUnlock(slot.pmdTable.lock);
  if (isOurs) {
    w.reached.add("a migration entry was installed");
    yield* restore(w, vma, folio);
  }
  yield* folioUnlock(folio.lock);
  yield* folioPut(folio);
}

function* restore(w: World, vma: Vma, folio: Folio): Steps<void> {
  const slot = vma.mm.slotOf(vma.start);
  yield* spinLock(slot.pmdTable.lock);
  const isWhole = isPmdMigrationEntry(yield* readOnce(slot));
  if (isWhole) {
    yield* folioGet(folio);
    yield* folioRmap(folio, 1);
    yield* writeOnce(slot, mkHugePmd(folio.pfn, ANON_WRITABLE));
  }
  yield* spinUnlock(slot.pmdTable.lock);
  if (isWhole) return;
  const mapped = (yield* w.kernel.__pteOffsetMapLock(w, slot))!;
  yield* addMmCounter(vma.mm, "rss_anon", w.geometry.ptesPerTable - HPAGE_PMD_NR);
  for (let index = 0; index < w.geometry.ptesPerTable; index++) {
    const pte = yield* ptepGet(mapped.table, index);
    if (!isSwapPte(pte) || !isMigrationEntry(pteToSwpEntry(pte))) continue;
    yield* folioGet(folio);
    yield* folioRmap(folio, 1);
    yield* setPte(mapped.table, index, mkPte(swpOffsetPfn(pteToSwpEntry(pte)), ANON_WRITABLE));
  }
  yield* w.kernel.pteUnmapUnlock(w, mapped);
  w.reached.add("the migration found its page split");
}

/** `UFFDIO_MOVE` of one page of a huge one | migration. T1-15: fixed by aba6faec0103 (6.17). */
export const uffdmoveVsMigration: ScenarioFamily = defineFamily<Cast>({
  name: "uffdmove-vs-migration",
  about: "UFFDIO_MOVE of a part of a huge page that is being migrated (T1-15, CVE-2025-38686)",
  kernelDefault: "6.14",
  userspace: {
    areas: { src: { slot: 0 }, dst: { slot: 1 } },
    setup: [{ arrange: "huge-page", area: "src" }, emptyTable("dst", true), register("dst", "missing")],
    threads: {
      move: { does: [movePage(at("src"), at("dst"))] },
      migrate: {
        does: [{ call: "migrate", at: at("src") }],
        provokes:
          "migration, by move_pages(2) to another NUMA node; in the model the page stays where it is in the end",
      },
    },
    needs: ["two NUMA nodes (QEMU: -numa), CONFIG_ARCH_ENABLE_THP_MIGRATION"],
  },
  setup: (kernel, geometry) => {
    const w = new World(kernel, { ...geometry, ptesPerTable: 1 }); // One entry tells enough.
    const mm = w.createMm();
    const src = w.createVma(mm, wholePmd(USER_BASE, null), VM_READ_WRITE);
    const dst = w.createVma(mm, wholePmd(TARGET, null), VM_READ_WRITE | VM_UFFD_MISSING);
    populateAnonVma(w, dst);
    populateTable(w, dst);
    return Object.assign(w, { dst, src, huge: populateHugeAnon(w, src) });
  },
  threads: {
    *move(w) {
      const { dst, src } = w; // Locked for reading, which keeps nobody out here and is left out.
      const step = { dst, src, dstAddress: TARGET, srcAddress: USER_BASE };
      w.reached.add(`move: ${yield* w.kernel.movePagesLocked(w, step)}`);
    },
    *migrate(w) {
      yield* migrate(w, w.src, w.huge);
    },
  },
  reaches: ({ ops }) =>
    ops.movePagesLocked === linux_6_6.movePagesLocked
      ? []
      : [
          sometimes("the page moves", (w: World) => w.reached.has("move: 0")),
          sometimes("migration begins", (w: World) => w.reached.has("a migration entry was installed")),
          ...(ops.mayMoveSplit === linux_6_14.mayMoveSplit
            ? []
            : [
                sometimes("the move splits a migrating page", (w: World) =>
                  w.reached.has("the migration found its page split"),
                ),
              ]),
        ],
});
