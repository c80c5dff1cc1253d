/**
 * From the addresses of a real program to those of a world that has only the first entries of each page table.
 *
 * Where ranges begin and end is all that matters of them: within each 2 MiB, the pages between two such places become one.
 * Order, overlap, containment and the ends of the 2 MiB stay; lengths do not. Ranges that are moved onto each other
 * (mremap, UFFDIO_MOVE) are cut in the same places.
 */

import { SLOT_PAGES, type PageRange } from "./areas.ts";

/** Two ranges of one length of which pages go from one to the other. */
export interface Linked {
  readonly from: number;
  readonly to: number;
  readonly pages: number;
}

/** The new places of pages. */
export class Compaction {
  /** By slot: the places where something begins or ends, in order, from 0 up to the end of the 2 MiB. */
  readonly #cuts: ReadonlyMap<number, readonly number[]>;
  /** The last page that is used. */
  readonly #last: number;

  constructor(ranges: readonly PageRange[], links: readonly Linked[]) {
    const cuts = new Set(ranges.flatMap(({ start, pages }) => [start, start + pages]));
    for (const { from, to, pages } of links)
      for (const place of [from, to]) cuts.add(place).add(place + pages);
    while (addMirrored(cuts, links));
    this.#cuts = bySlot(cuts);
    this.#last = Math.max(0, ...cuts) - 1;
  }

  /** Entries that each table needs. */
  get ptes(): number {
    return Math.max(0, ...[...this.#cuts.values()].map((cuts) => cuts.length - 1));
  }

  /** Slots, up to the last that is used. */
  get pmds(): number {
    return Math.floor(this.#last / SLOT_PAGES) + 1;
  }

  /** The new place of a page at which something begins or ends. */
  place(page: number): number {
    const slot = Math.floor(page / SLOT_PAGES);
    const at = this.#cuts.get(slot)?.indexOf(page % SLOT_PAGES) ?? -1;
    return at < 0 ? page : slot * SLOT_PAGES + at;
  }

  /** The new length of a range. */
  pages({ start, pages }: PageRange): number {
    return this.place(start + pages) - this.place(start);
  }
}

/** Cuts the other side of each link where one side is cut. Says whether there was anything to do. */
function addMirrored(cuts: Set<number>, links: readonly Linked[]): boolean {
  const before = cuts.size;
  for (const { from, to, pages } of links) {
    for (let offset = 0; offset <= pages; offset++) {
      const isCut = cuts.has(from + offset) || cuts.has(to + offset);
      const isSlotEnd = (from + offset) % SLOT_PAGES === 0 || (to + offset) % SLOT_PAGES === 0;
      if (isCut || isSlotEnd) cuts.add(from + offset).add(to + offset);
    }
  }
  return cuts.size > before;
}

function bySlot(cuts: ReadonlySet<number>): ReadonlyMap<number, readonly number[]> {
  const slots = new Map<number, Set<number>>();
  for (const page of cuts) {
    const slot = Math.floor(page / SLOT_PAGES);
    const inSlot = slots.get(slot) ?? new Set([0, SLOT_PAGES]);
    slots.set(slot, inSlot.add(page % SLOT_PAGES));
  }
  return new Map([...slots].map(([slot, places]) => [slot, [...places].toSorted((a, b) => a - b)]));
}
