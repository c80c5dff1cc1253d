/**
 * Getting or pinning a user page without a lock: interrupts are off for the whole walk, which keeps tables from being
 * freed, as those who free them wait for an answer to an interrupt, or for a grace period.
 *
 * - v6.1 and later (commit 70cbc3cc78a9): slot and entry are compared after the reference was taken;
 * - v6.0: the entry only, which stays as it is in a table that was unlinked. Known bad.
 *
 * Reduced: one page; where the kernel goes on with the slow way, the answer is `null`; no write_protect_seq, which is for
 * fork; no protection keys, no secret memory.
 *
 * @see mm/gup.c, gup_fast(), gup_fast_pte_range(), gup_fast_pmd_leaf(), try_grab_folio_fast(), Linux v6.12
 */

import { localIrqRestore, localIrqSave } from "@mmrace/locks";
import { atomicAdd, readOnce, type Steps } from "@mmrace/scheduler";
import {
  pfnOf,
  pmdAccessPermitted,
  pmdLeaf,
  pmdPresent,
  pmdSame,
  pteAccessPermitted,
  pteSame,
  type Entry,
} from "@mmrace/x86-paging";
import { folioPut, folioTryGet, type Folio } from "../../state/folio.ts";
import { pteIndex } from "../../state/geometry.ts";
import { along, ghostStep } from "../../state/ghost.ts";
import type { MmStruct } from "../../state/mm-struct.ts";
import { ptepGet, type PageTable } from "../../state/page-table.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { World } from "../../state/world.ts";

/** FOLL_WRITE, and FOLL_PIN rather than FOLL_GET. */
export interface GupFlags {
  readonly write: boolean;
  readonly pin: boolean;
}

/** A page that was got, by its frame. */
export interface Got {
  readonly folio: Folio;
  readonly pfn: number;
}

/** The entry by which it was got, and where that stands. */
interface GotByPte extends Got {
  readonly table: PageTable;
  readonly index: number;
  readonly pte: Entry;
}

/** Gets the page of one address. `null`: not this way. The world needs a machine, whose interrupts can be off. */
export function* gupFast(w: World, mm: MmStruct, address: number, flags: GupFlags): Steps<Folio | null> {
  const slot = mm.slotOf(address);
  const irqs = yield* localIrqSave(); // 1.
  const { change, since } = w.pins.begins();
  const pmd = yield* along(readOnce(slot), change); // 2.
  let got: Got | null = null;
  if (pmdPresent(pmd)) {
    got = pmdLeaf(pmd)
      ? yield* w.kernel.gupFastPmdLeaf(w, slot, pmd, address, flags) // 3.
      : yield* w.kernel.gupFastPteRange(w, slot, pmd, address, flags);
  }
  yield* localIrqRestore(irqs); // 8.
  if (got === null) return null;
  // A page that is only read may be replaced by a copy when somebody writes, unless it is nobody else's.
  if (flags.pin && (flags.write || got.folio.isAnon))
    yield* ghostStep(
      "gup_returns",
      w.pins,
      w.pins.changed(() => w.pins.pin({ mm, address, ...got }, since())),
    );
  w.reached.add(`gup_fast ${flags.pin ? "pinned" : "got"} a page`);
  return got.folio;
}

/** Steps 4 to 7. */
export function* gupFastPteRange(
  w: World,
  slot: PmdSlot,
  pmd: Entry,
  address: number,
  flags: GupFlags,
): Steps<Got | null> {
  const got = yield* grabPtePage(w, slot, pmd, address, flags); // 4. and 5.
  if (got === null) return null;
  const isSame = pmdSame(pmd, yield* readOnce(slot)) && (yield* isPteUnchanged(got)); // 6.
  return yield* keepPtePageIf(w, isSame, got, flags); // 7.
}

/** v6.0: nobody looks at the slot again. */
export function* gupFastPteRange_6_0(
  w: World,
  slot: PmdSlot,
  pmd: Entry,
  address: number,
  flags: GupFlags,
): Steps<Got | null> {
  const got = yield* grabPtePage(w, slot, pmd, address, flags); // 4. and 5.
  if (got === null) return null;
  return yield* keepPtePageIf(w, yield* isPteUnchanged(got), got, flags); // 6. and 7.
}

/** Steps 4 and 5: in the table that the value names which was read, whatever the slot holds by now. */
function* grabPtePage(
  w: World,
  slot: PmdSlot,
  pmd: Entry,
  address: number,
  flags: GupFlags,
): Steps<GotByPte | null> {
  const table = w.tableNamedBy(pmd, slot);
  const index = pteIndex(address);
  const pte = yield* ptepGet(table, index);
  if (!pteAccessPermitted(pte, flags.write)) return null;
  const got = yield* tryGrabFolio(w, pfnOf(pte), flags);
  return got === null ? null : { ...got, table, index, pte };
}

/** Step 6, as far as the entry goes. */
function* isPteUnchanged({ table, index, pte }: GotByPte): Steps<boolean> {
  return pteSame(pte, yield* ptepGet(table, index));
}

function* keepPtePageIf(w: World, isSame: boolean, { folio, pfn }: Got, flags: GupFlags): Steps<Got | null> {
  if (!isSame) w.reached.add("gup_fast noticed a change and let go");
  return yield* keepIf(isSame, { folio, pfn }, flags);
}

/** Step 3: a huge page. */
export function* gupFastPmdLeaf(
  w: World,
  slot: PmdSlot,
  pmd: Entry,
  address: number,
  flags: GupFlags,
): Steps<Got | null> {
  if (!pmdAccessPermitted(pmd, flags.write)) return null;
  const got = yield* tryGrabFolio(w, pfnOf(pmd) + pteIndex(address), flags);
  if (got === null) return null;
  return yield* keepIf(pmdSame(pmd, yield* readOnce(slot)), got, flags);
}

/** Step 5: a reference, unless the folio is free; frames are not used again, so it is still the folio of the frame. */
function* tryGrabFolio(w: World, pfn: number, { pin }: GupFlags): Steps<Got | null> {
  const folio = w.folioOf(pfn);
  if (folio === undefined || folio === w.zeroFolio || !(yield* folioTryGet(folio))) return null;
  if (pin) yield* atomicAdd(folio.pins, 1);
  return { folio, pfn };
}

/** Step 7, and the way back. */
function* keepIf(isSame: boolean, got: Got, flags: GupFlags): Steps<Got | null> {
  const { folio } = got;
  const mustUnshare = flags.pin && !flags.write && folio.isAnon;
  if (isSame && (!mustUnshare || (yield* readOnce(folio.anonExclusive)))) return got;
  if (flags.pin) yield* atomicAdd(folio.pins, -1);
  yield* folioPut(folio);
  return null;
}

/** Gives a pin back. */
export function* unpinUserPage(w: World, folio: Folio): Steps<void> {
  yield* along(
    atomicAdd(folio.pins, -1),
    w.pins.changed(() => w.pins.unpin(folio)),
  );
  yield* folioPut(folio);
}
