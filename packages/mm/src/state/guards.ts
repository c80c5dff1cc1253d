/** What MADV_GUARD_INSTALL promises: the markers stay until they are removed or the VMA goes. Ghost state. */

import { isGuardMarker, PAGE_SIZE, pfnOf, pmdLeaf, pmdPresent } from "@mmrace/x86-paging";
import { pteIndex } from "./geometry.ts";
import { Ghost } from "./ghost.ts";
import type { MmStruct } from "./mm-struct.ts";
import type { World } from "./world.ts";

/** Oracle: a guard marker has gone, and accesses go through. */
export const LOST_GUARD = "lost guard";

/** The promises of one world. */
export class Guards extends Ghost {
  #kept: { readonly mm: MmStruct; readonly address: number }[] = [];

  constructor() {
    super("guards");
  }

  override stateValue(): unknown {
    return this.#kept.map(({ mm, address }) => `${mm.name} ${address}`).toSorted();
  }

  /** Markers are in a range. */
  promise(mm: MmStruct, start: number, end: number): void {
    for (let address = start; address < end; address += PAGE_SIZE) this.#kept.push({ mm, address });
  }

  /** They need not be any more. */
  forget(mm: MmStruct, start: number, end: number): void {
    this.#kept = this.#kept.filter((kept) => kept.mm !== mm || kept.address < start || kept.address >= end);
  }

  /**
   * Whether all are there, as far as the world's tables have entries. Not asked while somebody holds mmap_lock for writing:
   * then a table may be out of its slot for a while.
   */
  areThere(w: World): boolean {
    return this.#kept.every(({ mm, address }) => {
      if (mm.lock.mmapLock.writer !== undefined) return true;
      if (pteIndex(address) >= w.geometry.ptesPerTable) return true;
      const pmd = mm.slotOf(address).value;
      if (!pmdPresent(pmd) || pmdLeaf(pmd)) return false;
      const pte = w.tables.get(pfnOf(pmd))?.ptes.values[pteIndex(address)];
      return pte !== undefined && isGuardMarker(pte);
    });
  }
}
