/**
 * Swap: slots of one swap device with their counts, and the swap cache. Kernel: struct swap_info_struct, mm/swap_state.c.
 *
 * Reduced: one device; what a slot holds on disk is one token; nothing is read or written asynchronously.
 */

import { Cell } from "@mmrace/scheduler";
import { mkSwapPte, SWP_EXCLUSIVE, swapSlotOf, type Entry } from "@mmrace/x86-paging";
import type { Folio } from "./folio.ts";

/** One slot of the device. */
export class SwapEntry {
  readonly offset: number;
  /** Entries that name it: swap_map. */
  readonly count: Cell<number>;
  /** The folio that the swap cache has for it; its bit SWAP_HAS_CACHE is set with it. */
  readonly cached: Cell<Folio | null>;
  /** What it holds. */
  readonly data: Cell<number>;

  constructor(offset: number) {
    const name = `swap slot ${offset}`;
    this.offset = offset;
    this.count = new Cell("swap_map", 0, { name: `count of ${name}` });
    this.cached = new Cell<Folio | null>("swap_cache", null, {
      name: `cache of ${name}`,
      show: (folio) => (folio === null ? "NULL" : folio.name),
    });
    this.data = new Cell("swap_data", 0, { name });
  }

  /** The entry that stands for a page of this slot that belongs to one mm alone. */
  get pte(): Entry {
    return mkSwapPte(0, this.offset, SWP_EXCLUSIVE);
  }
}

/** The slots of a world, made as they are asked for. Slot 0 is the device's header, as in the kernel. */
export class SwapDevice {
  readonly #slots = new Map<number, SwapEntry>();

  slot(offset: number): SwapEntry {
    let found = this.#slots.get(offset);
    if (found === undefined) this.#slots.set(offset, (found = new SwapEntry(offset)));
    return found;
  }

  /** The slot that a swap entry names. */
  slotOf(pte: Entry): SwapEntry {
    return this.slot(swapSlotOf(pte).offset);
  }

  /** All slots that are in use or were, in the order in which they came into being. */
  get slots(): Iterable<SwapEntry> {
    return this.#slots.values();
  }
}
