/**
 * What user memory must hold: ghost state beside the real pages. Each store that retires says what a page holds from
 * then on; each load is compared. A store that went to a page nobody maps any more is seen by the next load.
 *
 * While a page is being discarded (MADV_DONTNEED, truncation) it may hold either what it held, what is stored meanwhile,
 * or what it is when filled afresh; the first look after that settles it.
 */

import { violate } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import type { PageData } from "./folio.ts";
import { Ghost, type GhostChange } from "./ghost.ts";
import { VM_SHARED, type Vma } from "./vma.ts";

/** Oracle: a load sees something else than what was stored. */
export const LOST_STORE = "lost store";

interface Holding {
  /** What a load may see. */
  values: Set<number>;
  /** Discards in progress. */
  discards: number;
}

/**
 * The reference of one world. One location: whether a load is wrong depends on the stores that retired before it, so
 * loads and stores are kept in order even where they reach different pages, as through a stale translation.
 */
export class ReferenceMemory extends Ghost {
  readonly #holdings = new Map<string, Holding>();

  constructor() {
    super("reference");
  }

  /** What it holds, whatever came first; see `SharedObject.stateValue`. */
  override stateValue(): unknown {
    return Array.from(
      this.#holdings,
      ([page, { values, discards }]) => [page, [...values].toSorted((a, b) => a - b), discards] as const,
    ).toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  /** A store of a user thread has retired. */
  onStore(vma: Vma, address: number, value: number): void {
    const holding = this.#own(vma, address);
    if (holding.discards > 0) holding.values.add(value);
    else holding.values = new Set([value]);
  }

  /** A load has retired: reports a value that the page must not hold. */
  onLoad(vma: Vma, address: number, value: number): void {
    const holding = this.#seen(vma, address);
    if (!holding.values.has(value)) {
      const wanted = [...holding.values].join(" or ");
      violate(LOST_STORE, `a load of 0x${address.toString(16)} gives ${value}, where ${wanted} was stored`);
    } else if (holding.discards === 0) holding.values = new Set([value]);
  }

  /** Set-up, or a fill by the kernel: the page holds a value from now on. */
  fill(vma: Vma, address: number, value: number): void {
    this.#own(vma, address).values = new Set([value]);
  }

  /** The same in the step that maps the page: it holds what `data` does then; without, zeroes. */
  filled(vma: Vma, address: number, data?: PageData): GhostChange {
    return this.changed(
      () => this.fill(vma, address, data?.value ?? 0),
      () => (data === undefined ? [] : [data]),
    );
  }

  /** Pages of a range are going to be thrown away. */
  beginDiscard(vma: Vma, start: number, end: number): void {
    for (let page = start; page < end; page += PAGE_SIZE) {
      const holding = this.#own(vma, page);
      holding.discards++;
      for (const value of this.#afresh(vma, page)) holding.values.add(value);
    }
  }

  /** They have been. */
  endDiscard(vma: Vma, start: number, end: number): void {
    for (let page = start; page < end; page += PAGE_SIZE) this.#own(vma, page).discards--;
  }

  /** The pages of a private range go to another address. */
  move(from: Vma, start: number, to: Vma, target: number, length: number): void {
    for (let offset = 0; offset < length; offset += PAGE_SIZE) {
      const values = this.#seen(from, start + offset).values;
      this.#own(to, target + offset).values = new Set(values);
    }
  }

  /** What a fresh page would hold: zeroes, or what the file holds. */
  #afresh(vma: Vma, address: number): Iterable<number> {
    if (vma.file === null) return [0];
    return this.#holdings.get(sharedKey(vma, address))?.values ?? [0];
  }

  /** What a load of the mapping looks at: a private page that nobody has written is the file's. */
  #seen(vma: Vma, address: number): Holding {
    const own = this.#holdings.get(keyOf(vma, address));
    if (own !== undefined) return own;
    return { values: new Set(this.#afresh(vma, address)), discards: 0 };
  }

  #own(vma: Vma, address: number): Holding {
    const key = keyOf(vma, address);
    let holding = this.#holdings.get(key);
    if (holding === undefined) {
      holding = { values: new Set(this.#afresh(vma, address)), discards: 0 };
      this.#holdings.set(key, holding);
    }
    return holding;
  }
}

function keyOf(vma: Vma, address: number): string {
  const isShared = vma.file !== null && (vma.flags.value & VM_SHARED) !== 0;
  return isShared ? sharedKey(vma, address) : `${vma.mm.name} ${Math.floor(address / PAGE_SIZE)}`;
}

function sharedKey(vma: Vma, address: number): string {
  return `${vma.file!.name}[${vma.indexOf(address)}]`;
}
