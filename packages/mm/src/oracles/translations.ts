/** Oracles on what processors have cached, and on who may write a page. */

import { pfnOf, pmdLeaf, pmdPresent, pmdWrite, PAGE_SIZE, ptePresent, pteWrite } from "@mmrace/x86-paging";
import type { MmStruct } from "../state/mm-struct.ts";
import { VM_SHARED } from "../state/vma.ts";
import type { World } from "../state/world.ts";

/** Oracle: a page can be written through one mapping while somebody else has it too. */
export const COW_BREACH = "COW breach";

/** Whether no CPU's TLB leads to a freed page, and no cached table pointer to a freed table. */
export function cachesAreLive(w: World): boolean {
  return w.mms.every((mm) =>
    mm.tlbs.cpus.every(
      ({ caches }) =>
        caches.translations.every(({ frame }) => w.folioOf(frame)?.isFreed !== true) &&
        caches.structures.every(({ frame }) => w.tables.get(frame)?.lifetime.ended !== true),
    ),
  );
}

/** Calls back for the entries of an mm that map pages, until it is told no. Called after every step: it makes no objects. */
function everyMapping(
  w: World,
  mm: MmStruct,
  holds: (pfn: number, isWritable: boolean, address: number) => boolean,
): boolean {
  for (const { value, address } of mm.pmds) {
    if (!pmdPresent(value)) continue;
    const pfn = pfnOf(value);
    if (pmdLeaf(value)) {
      if (!holds(pfn, pmdWrite(value), address)) return false;
      continue;
    }
    const ptes = w.tables.get(pfn)?.ptes.values ?? [];
    for (let index = 0; index < ptes.length; index++) {
      const pte = ptes[index]!;
      if (ptePresent(pte) && !holds(pfnOf(pte), pteWrite(pte), address + index * PAGE_SIZE)) return false;
    }
  }
  return true;
}

function mappingsOf(w: World, pfn: number): number {
  let count = 0;
  for (const mm of w.mms) {
    everyMapping(w, mm, (other) => {
      if (other === pfn) count++;
      return true;
    });
  }
  return count;
}

function isWrittenAlone(w: World, mm: MmStruct, pfn: number, address: number): boolean {
  const vma = mm.vmas.value.find((one) => one.covers(address));
  const isShared = vma !== undefined && vma.file !== null && (vma.flags.value & VM_SHARED) !== 0;
  return vma === undefined || isShared || (w.folioOf(pfn)?.isAnon === true && mappingsOf(w, pfn) === 1);
}

/**
 * Whether every page that a private mapping may write is its own: anonymous, and mapped nowhere else. Pages of files are
 * anybody's, so shared mappings write them and private ones never do.
 */
export function writersAreAlone(w: World): boolean {
  return w.mms.every((mm) =>
    everyMapping(w, mm, (pfn, isWritable, address) => !isWritable || isWrittenAlone(w, mm, pfn, address)),
  );
}
