/**
 * A secondary MMU, as KVM's: page tables of its own, filled from the primary ones, emptied by notifiers.
 *
 * Reduced: one entry per page, no permissions; its faults go away where KVM's would try again, and from huge pages.
 *
 * @see virt/kvm/kvm_main.c, arch/x86/kvm/mmu/mmu.c, Linux v6.12
 */

import { KvmMmu, kvmMmu, kvmSubscriber, writeLock, writeUnlock, type PreemptionTraits } from "@mmrace/locks";
import { Cell, readOnce, smpRmb, update, writeOnce, type Steps } from "@mmrace/scheduler";
import { pfnOf, pmdLeaf, pmdPresent, ptePresent, pteSame } from "@mmrace/x86-paging";
import { folioPut, folioTryGet } from "./folio.ts";
import { pteIndex } from "./geometry.ts";
import type { MmStruct } from "./mm-struct.ts";
import { ptepGet } from "./page-table.ts";
import type { World } from "./world.ts";

/** Oracle: a secondary MMU still maps what the primary one does not, and nobody is about to tell it. */
export const SECONDARY_STALE = "secondary staleness";

/** One of them, for one mm. */
export class SecondaryMmu {
  readonly mm: MmStruct;
  readonly mmu: KvmMmu;
  /** Frames by address. */
  readonly shadow: Cell<ReadonlyMap<number, number>>;

  constructor(mm: MmStruct, traits: PreemptionTraits) {
    this.mm = mm;
    this.mmu = new KvmMmu(mm.lock.lockdep, traits);
    this.shadow = new Cell<ReadonlyMap<number, number>>("shadow", new Map(), {
      name: `secondary MMU of ${mm.name}`,
      show: (pages) => `${pages.size} pages`,
    });
    const { shadow } = this;
    mm.notifiers.subscribers.push(
      kvmSubscriber(this.mmu, ({ start, end }) =>
        update(
          shadow,
          (pages) => new Map([...pages].filter(([address]) => address < start || address >= end)),
        ),
      ),
    );
  }

  /** Whether every page it maps is mapped by the primary MMU, or an invalidation is under way. */
  isFresh(w: World): boolean {
    if (this.mm.notifiers.open.some((open) => open > 0)) return true;
    return [...this.shadow.value].every(([address, pfn]) => {
      const pmd = this.mm.slotOf(address).value;
      if (!pmdPresent(pmd)) return false;
      if (pmdLeaf(pmd)) return pfnOf(pmd, 2) + pteIndex(address) === pfn;
      const pte = w.tables.get(pfnOf(pmd))?.ptes.values[pteIndex(address)];
      return pte !== undefined && ptePresent(pte) && pfnOf(pte) === pfn;
    });
  }
}

/** A fault of the secondary MMU: looks the page up without a lock, and installs it if nothing has changed meanwhile. */
export function* secondaryFault(w: World, secondary: SecondaryMmu, address: number): Steps<void> {
  const { mm, mmu, shadow } = secondary;
  const seq = yield* readOnce(mmu.invalidateSeq);
  yield* smpRmb();
  const slot = mm.slotOf(address); // hva_to_pfn()
  const pmd = yield* readOnce(slot);
  if (!pmdPresent(pmd) || pmdLeaf(pmd)) return;
  const mapped = yield* w.kernel.pteOffsetMap(w, slot);
  if (mapped === null) return;
  const pte = yield* ptepGet(mapped.table, pteIndex(address));
  const folio = ptePresent(pte) ? w.folioOf(pfnOf(pte)) : undefined;
  const isHeld = folio !== undefined && (yield* folioTryGet(folio));
  const isSame = isHeld && pteSame(pte, yield* ptepGet(mapped.table, pteIndex(address)));
  yield* w.kernel.pteUnmap(w);
  if (isSame) {
    yield* writeLock(mmu.mmuLock);
    if (yield* kvmMmu.mmuInvalidateRetry(mmu, seq)) w.reached.add("the secondary fault must try again");
    else yield* writeOnce(shadow, new Map([...(yield* readOnce(shadow)), [address, pfnOf(pte)]]));
    yield* writeUnlock(mmu.mmuLock);
  }
  if (isHeld) yield* folioPut(folio);
}
