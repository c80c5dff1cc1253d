/**
 * What MADV_DONTNEED promises: when it returns, nothing of what it found in its range is mapped or cached there any more.
 * Ghost state. A promise is kept for ever, as a frame is never given out again and entries count how often they are set;
 * so it can be looked at in every state. Translations are promised to go for anonymous pages only, as a page of a file
 * may be mapped at the same place again.
 */

import type { Operation, SharedObject } from "@mmrace/scheduler";
import { PAGE_SIZE, pfnOf, pmdLeaf, pmdPresent, ptePresent, virtualPage } from "@mmrace/x86-paging";
import { pteIndex } from "./geometry.ts";
import { Ghost, ghostStep, together } from "./ghost.ts";
import type { MmStruct } from "./mm-struct.ts";
import type { PageTable } from "./page-table.ts";
import type { Vma } from "./vma.ts";
import type { World } from "./world.ts";

/** Oracle: an entry is still there that MADV_DONTNEED should have taken away. */
export const LOST_ZAP = "lost zap";
/** Oracle: a processor still has a translation that a finished system call promised to have flushed. */
export const STALE_TRANSLATION = "stale translation";

const NOTHING = (): void => {};
const NO_OTHERS = (): SharedObject[] => [];

interface Promise {
  readonly mm: MmStruct;
  readonly address: number;
  readonly pfn: number;
  /** The entry that mapped it and how often it had been set; `undefined` when only a TLB knew of the page. */
  readonly entry: { readonly table: PageTable; readonly sets: number } | undefined;
  readonly isAnon: boolean;
}

/** What was found at the beginning of one call. */
export interface Discard {
  readonly start: number;
  readonly end: number;
  readonly vmas: readonly Vma[];
  readonly promises: readonly Promise[];
}

/** The promises of one world. */
export class Discards extends Ghost {
  readonly #kept: Promise[] = [];

  constructor() {
    super("discards");
  }

  override stateValue(): unknown {
    return this.#kept.toSorted((a, b) => a.address - b.address || a.pfn - b.pfn);
  }

  /** A call begins: the step that says what it finds mapped, or cached, in its range. */
  begin(w: World, mm: MmStruct, start: number, end: number): Operation<Discard> {
    const { touches } = together(
      w.reference.changed(NOTHING, NO_OTHERS, "add"),
      w.pins.changed(NOTHING, () => [mm.vmas, ...lookedAt(w, mm, start, end)], "add"),
    );
    return ghostStep("madvise_begins", this, { touches, apply: () => this.#begin(w, mm, start, end) });
  }

  #begin(w: World, mm: MmStruct, start: number, end: number): Discard {
    w.pins.forget(mm, start, end);
    const vmas = mm.vmas.value.filter((vma) => vma.start < end && vma.end > start);
    for (const vma of vmas) w.reference.beginDiscard(vma, Math.max(start, vma.start), Math.min(end, vma.end));
    const promises: Promise[] = [];
    for (let address = start; address < end && mm.covers(address); address += PAGE_SIZE) {
      if (!isMapped(vmas, address)) continue; // What munmap() is about to take away is none of ours.
      const mapped = mappedAt(w, mm, address);
      if (mapped !== undefined) promises.push(mapped);
      for (const pfn of cachedAt(mm, address)) {
        const isAnon = w.folioOf(pfn)?.isAnon ?? false;
        if (pfn !== mapped?.pfn) promises.push({ mm, address, pfn, entry: undefined, isAnon });
      }
    }
    return { start, end, vmas, promises };
  }

  /** It returns: the step from which on what it found must have gone. */
  end(w: World, { start, end, vmas, promises }: Discard): Operation<void> {
    const { touches } = together(
      this.changed(NOTHING, () => vmas.map(({ mm }) => mm.vmas).slice(0, 1), "add"),
      w.reference.changed(NOTHING, NO_OTHERS, "add"),
    );
    const apply = (): void => {
      for (const vma of vmas) w.reference.endDiscard(vma, Math.max(start, vma.start), Math.min(end, vma.end));
      // Nor what has been unmapped or moved meanwhile, whatever is mapped in its place.
      this.#kept.push(...promises.filter(({ mm, address }) => isMapped(vmas.filter(isStillIn(mm)), address)));
    };
    return ghostStep("madvise_returns", this, { touches, apply });
  }

  /** Whether no entry has outlived its call. */
  entriesAreGone(): boolean {
    return this.#kept.every(({ address, entry, pfn }) => {
      if (entry === undefined) return true;
      const { table, sets } = entry;
      const index = pteIndex(address);
      const pte = table.ptes.values[index];
      return !(pte !== undefined && ptePresent(pte) && pfnOf(pte) === pfn && table.ptes.sets[index] === sets);
    });
  }

  /** Whether no translation has. */
  translationsAreGone(): boolean {
    return this.#kept.every(
      ({ mm, address, pfn, isAnon }) => !isAnon || !cachedAt(mm, address).includes(pfn),
    );
  }
}

function isMapped(vmas: readonly Vma[], address: number): boolean {
  return vmas.some((vma) => vma.covers(address));
}

function isStillIn(mm: MmStruct): (vma: Vma) => boolean {
  return (vma) => mm.vmas.value.includes(vma);
}

/** The entries and translations that decide what is mapped, or cached, in a range. */
function lookedAt(w: World, mm: MmStruct, start: number, end: number): SharedObject[] {
  const looked = new Set<SharedObject>();
  for (let address = start; address < end && mm.covers(address); address += PAGE_SIZE) {
    const slot = mm.slotOf(address);
    looked.add(slot);
    const table =
      pmdPresent(slot.value) && !pmdLeaf(slot.value) ? w.tables.get(pfnOf(slot.value)) : undefined;
    if (table !== undefined) looked.add(table.ptes);
  }
  for (const tlb of mm.tlbs.cpus) looked.add(tlb);
  return [...looked];
}

function mappedAt(w: World, mm: MmStruct, address: number): Promise | undefined {
  const pmd = mm.slotOf(address).value;
  if (!pmdPresent(pmd) || pmdLeaf(pmd)) return undefined;
  const table = w.tables.get(pfnOf(pmd));
  const index = pteIndex(address);
  const pte = table?.ptes.values[index];
  if (table === undefined || pte === undefined || !ptePresent(pte)) return undefined;
  const isAnon = w.folioOf(pfnOf(pte))?.isAnon ?? false;
  return { mm, address, pfn: pfnOf(pte), entry: { table, sets: table.ptes.sets[index] ?? 0 }, isAnon };
}

/** The frames that TLBs of the mm have for an address. */
function cachedAt(mm: MmStruct, address: number): number[] {
  const page = virtualPage(BigInt(address));
  return mm.tlbs.cpus.flatMap(({ caches }) =>
    caches.matching(page, 0).map((entry) => entry.frame + page - entry.page),
  );
}
