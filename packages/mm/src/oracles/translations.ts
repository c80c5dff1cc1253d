/** Oracles on what processors have cached, and on who may write a page. */

import { pfnOf, pmdLeaf, pmdPresent, pmdWrite, PAGE_SIZE, ptePresent, pteWrite } from "@mmrace/x86-paging";
import type { Folio } from "../state/folio.ts";
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

/** An entry that maps a page: where, and whether it may be written. */
interface Mapping {
  readonly address: number;
  readonly pfn: number;
  readonly isWritable: boolean;
}

function mappingsOf(w: World, mm: MmStruct): Mapping[] {
  return mm.pmds.flatMap(({ value, address }) => {
    if (!pmdPresent(value)) return [];
    const pfn = pfnOf(value);
    if (pmdLeaf(value)) return [{ address, pfn, isWritable: pmdWrite(value) }];
    const ptes = w.tables.get(pfn)?.ptes.values ?? [];
    return ptes.flatMap((pte, index) =>
      ptePresent(pte)
        ? [{ address: address + index * PAGE_SIZE, pfn: pfnOf(pte), isWritable: pteWrite(pte) }]
        : [],
    );
  });
}

/**
 * Whether every page that a private mapping may write is its own: anonymous, and mapped nowhere else. Pages of files are
 * anybody's, so shared mappings write them and private ones never do.
 */
export function writersAreAlone(w: World): boolean {
  const all = w.mms.map((mm) => ({ mm, mappings: mappingsOf(w, mm) }));
  const usersOf = (pfn: number): number =>
    all.reduce((sum, { mappings }) => sum + mappings.filter((one) => one.pfn === pfn).length, 0);
  return all.every(({ mm, mappings }) =>
    mappings.every(({ address, pfn, isWritable }) => {
      if (!isWritable) return true;
      const vma = mm.vmas.value.find((one) => one.covers(address));
      const isShared = vma !== undefined && vma.file !== null && (vma.flags.value & VM_SHARED) !== 0;
      if (vma === undefined || isShared) return true;
      const folio: Folio | undefined = w.folioOf(pfn);
      return folio?.isAnon === true && usersOf(pfn) === 1;
    }),
  );
}
