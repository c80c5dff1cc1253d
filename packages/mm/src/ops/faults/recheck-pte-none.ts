/**
 * A page that is locked in memory must not be read from disk again because its entry was none for a moment, under the
 * lock of its table. So the entry is looked at under that lock.
 *
 * - v6.13 and later: table and lock are mapped anew, for reading;
 * - v6.10 to v6.12 (24be02a42181): the same by the older name;
 * - v6.9 (58f327f2ce80): the table is mapped anew, the lock is remembered from before;
 * - earlier: nobody looks.
 *
 * @see mm/filemap.c, filemap_fault_recheck_pte_none()
 */

import { spinLock, spinUnlock, type SpinLock } from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import { pteNone } from "@mmrace/x86-paging";
import { pteIndex } from "../../state/geometry.ts";
import { ptepGet } from "../../state/page-table.ts";
import { VM_LOCKED } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import type { Mapped } from "../pgtable/mapped.ts";
import type { Fault } from "./fault.ts";

type Recheck = Steps<"ok" | "nopage">;

/** @param ptlOf which lock is taken for the table that was mapped. */
function* recheck(
  w: World,
  f: Fault,
  map: (f: Fault) => Steps<Mapped | null>,
  ptlOf: (mapped: Mapped) => SpinLock,
): Recheck {
  if (((yield* readOnce(f.vma.flags)) & VM_LOCKED) === 0 || f.origPte === undefined) return "ok";
  const mapped = yield* map(f);
  if (mapped === null) return "nopage";
  const index = pteIndex(f.address);
  let isNone = pteNone(yield* ptepGet(mapped.table, index));
  if (isNone) {
    const ptl = ptlOf(mapped);
    yield* spinLock(ptl);
    isNone = pteNone(yield* ptepGet(mapped.table, index));
    yield* spinUnlock(ptl);
  }
  yield* w.kernel.pteUnmap(w);
  w.reached.add("a fault looked again whether its entry is none");
  return isNone ? "ok" : "nopage";
}

/** v6.13 and later. */
export function* filemapFaultRecheckPteNone(w: World, f: Fault): Recheck {
  return yield* recheck(
    w,
    f,
    ({ slot }) => w.kernel.pteOffsetMapRoNolock(w, slot),
    ({ ptl }) => ptl,
  );
}

/** v6.10 to v6.12. */
export function* filemapFaultRecheckPteNone_6_12(w: World, f: Fault): Recheck {
  return yield* recheck(
    w,
    f,
    ({ slot }) => w.kernel.pteOffsetMapNolock(w, slot),
    ({ ptl }) => ptl,
  );
}

/** v6.9: known bad. The table that the lock belongs to may be gone. */
export function* filemapFaultRecheckPteNone_6_9(w: World, f: Fault): Recheck {
  return yield* recheck(
    w,
    f,
    ({ slot }) => w.kernel.pteOffsetMap(w, slot),
    () => f.ptl!,
  );
}

/** Up to v6.8. */
export function* filemapFaultRecheckPteNone_6_6(_w: World, _f: Fault): Recheck {
  return "ok";
}
