/**
 * Splitting a large anonymous folio into pages. It needs that nobody has a reference but its mappings and the caller.
 *
 * Reduced: putting migration entries in place of the mappings, freezing the count, and mapping the pages again are one
 * step, under the PTE lock of the one table that maps the folio.
 *
 * @see mm/huge_memory.c, split_folio(), Linux v6.12
 */

import { downWrite, upWrite } from "@mmrace/locks";
import { Operation, readOnce, violate, type Cell, type OperationKind, type Steps } from "@mmrace/scheduler";
import { pfnOf, ptePresent } from "@mmrace/x86-paging";
import type { Folio } from "../../state/folio.ts";
import type { PageTable } from "../../state/page-table.ts";
import { AnonVma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";

interface Split {
  readonly w: World;
  readonly folio: Folio;
  readonly table: PageTable;
}

/** Mappings of one page in the table. */
function mappingsOf({ table }: Split, pfn: number): number {
  return table.ptes.values.filter((pte) => ptePresent(pte) && pfnOf(pte) === pfn).length;
}

function canSplit({ refcount, mapcount }: Folio): boolean {
  return refcount.value === mapcount.value + 1;
}

const splitKind: OperationKind<Cell<number>, Split, boolean> = {
  name: "split_folio",
  access: "write",
  accessNow: (_refcount, { folio }) => (canSplit(folio) ? "write" : "read"),
  touches: (_refcount, { w, folio, table }) => [
    { access: canSplit(folio) ? "write" : "read", object: folio.mapcount },
    { access: "read", object: table.ptes },
    { access: canSplit(folio) ? "write" : "read", object: w.memmap },
    { access: "write", object: folio },
  ],
  isIndispensable: true,
  perform: (_refcount, split, thread) => {
    const { w, folio } = split;
    if (!canSplit(folio)) {
      noteFutile(folio, thread.name);
      return false;
    }
    w.splitFolio(folio, (pfn) => mappingsOf(split, pfn));
    return true;
  },
  describe: (_refcount, { folio }, result) => `split_folio(${folio.name}) = ${result}`,
};

/**
 * Ghost state. Two threads have each failed twice, each for the other's reference: both stand where they stood a lap
 * before, the folio is as it was, and the lap can be run for ever.
 */
function noteFutile(folio: Folio, thread: string): void {
  folio.futileSplits.push(thread);
  const laps = Math.min(
    ...[...new Set(folio.futileSplits)].map(
      (name) => folio.futileSplits.filter((one) => one === name).length,
    ),
  );
  if (laps >= 2 && new Set(folio.futileSplits).size >= 2) {
    violate(
      "livelock",
      `${folio.name} is never split: ${[...new Set(folio.futileSplits)].join(" and ")} keep each other from it`,
    );
  }
}

/** Splits a locked folio of which the caller has one reference. False: somebody else has one too. */
export function* splitFolio(w: World, folio: Folio): Steps<boolean> {
  const anonVma = yield* readOnce(folio.mapping);
  if (!(anonVma instanceof AnonVma)) return false;
  yield* downWrite(anonVma.rwsem);
  const index = yield* readOnce(folio.index);
  const vma = (yield* readOnce(anonVma.vmas)).find((one) => one.addressOf(index) !== undefined);
  let isSplit = false;
  if (vma !== undefined) {
    const mapped = yield* w.kernel.__pteOffsetMapLock(w, vma.mm.slotOf(vma.addressOf(index)!));
    if (mapped !== null) {
      isSplit = yield* Operation.of(splitKind, folio.refcount, { w, folio, table: mapped.table });
      yield* w.kernel.pteUnmapUnlock(w, mapped);
    }
  }
  yield* upWrite(anonVma.rwsem);
  return isSplit;
}
