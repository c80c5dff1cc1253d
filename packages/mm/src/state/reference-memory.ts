/**
 * What user memory must hold: ghost state beside the real pages. Each store that retires says what a page holds from
 * then on; each load is compared. A store that went to a page nobody maps any more is seen by the next load.
 *
 * While a page is being discarded (MADV_DONTNEED, truncation) it may hold either what it held, what is stored meanwhile,
 * or what it is when filled afresh; the first look after that settles it.
 *
 * While mremap() moves a page it is at both places: entries are there before the old translations are flushed. Until
 * `move` says that it has moved, what is stored at either place is stored to one page.
 */

import { violate } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { AddressSpace } from "./address-space.ts";
import type { Folio, PageData } from "./folio.ts";
import { Ghost, type GhostChange } from "./ghost.ts";
import type { MmStruct } from "./mm-struct.ts";
import { VM_SHARED, type Vma } from "./vma.ts";

/** Oracle: a load sees something else than what was stored. */
export const LOST_STORE = "lost store";

interface Holding {
  /** What a load may see. */
  values: Set<number>;
  /** Discards in progress. */
  discards: number;
  /** Whether the page may be the file's again, of a private mapping: then a load may see what that holds. */
  mayBeFiles: boolean;
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
      ([page, { values, discards, mayBeFiles }]) =>
        [page, [...values].toSorted((a, b) => a - b), discards, mayBeFiles] as const,
    ).toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  /** A store of a user thread has retired. */
  onStore(vma: Vma, address: number, value: number): void {
    const holding = this.#used(vma, address);
    if (holding.discards > 0) holding.values.add(value);
    else this.#settle(holding, vma, address, [value]);
  }

  /** A store has retired through a mapping that is no more, but for its entries: it counts if a file has the page. */
  onStoreToFile({ mapping, index, pfn: first }: Folio, pfn: number, value: number): void {
    const file = mapping.value;
    if (!(file instanceof AddressSpace)) return;
    const holding = this.#holdingAt(sharedKey(file, index.value + pfn - first), () => [0]);
    if (holding.discards === 0) holding.values.clear();
    holding.values.add(value);
  }

  /** A load has retired: reports a value that the page must not hold. */
  onLoad(vma: Vma, address: number, value: number): void {
    const holding = this.#seen(vma, address);
    if (!this.#allowed(holding, vma, address).has(value)) {
      const wanted = [...this.#allowed(holding, vma, address)].join(" or ");
      violate(LOST_STORE, `a load of 0x${address.toString(16)} gives ${value}, where ${wanted} was stored`);
    } else if (holding.discards === 0) holding.values = new Set([value]);
  }

  /** Set-up, or a fill by the kernel: the page holds a value from now on. */
  fill(vma: Vma, address: number, value: number): void {
    this.#settle(this.#own(vma, address), vma, address, [value]);
  }

  /** Set-up: the page of the file holds a value, which a private mapping sees as long as nobody has written to it. */
  fillFile(vma: Vma, address: number, value: number): void {
    const holding = this.#holdingAt(sharedKey(vma.file!, vma.indexOf(address)), () => []);
    holding.values = new Set([value]);
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
      if (!isShared(vma) && vma.file !== null) holding.mayBeFiles = true;
      else for (const value of this.#afresh(vma, page)) holding.values.add(value);
    }
  }

  /** They have been. */
  endDiscard(vma: Vma, start: number, end: number): void {
    for (let page = start; page < end; page += PAGE_SIZE) this.#own(vma, page).discards--;
  }

  /** Pages of a file are going to be thrown away, and of some private mappings what was copied from them. */
  beginTruncation(file: AddressSpace, start: number, end: number, copies: readonly Vma[]): void {
    for (let index = start; index < end; index++) {
      const holding = this.#holdingAt(sharedKey(file, index), () => [0]);
      holding.discards++;
      holding.values.add(0);
      for (const page of addressesOf(copies, index))
        this.beginDiscard(page.vma, page.address, page.address + 1);
    }
  }

  /** They have been. */
  endTruncation(file: AddressSpace, start: number, end: number, copies: readonly Vma[]): void {
    for (let index = start; index < end; index++) {
      this.#holdingAt(sharedKey(file, index), () => [0]).discards--;
      for (const page of addressesOf(copies, index))
        this.endDiscard(page.vma, page.address, page.address + 1);
    }
  }

  /** The pages of a private range go to another address. */
  move(from: Vma, start: number, to: Vma, target: number, length: number): void {
    for (let offset = 0; offset < length; offset += PAGE_SIZE) {
      const { values, mayBeFiles } = this.#seen(from, start + offset);
      const holding = this.#own(to, target + offset);
      // By mremap() it has been there for a while, and if it is being thrown away there, stores to it are noted there.
      const stored = to.movedFrom === from && holding.discards > 0 ? holding.values : [];
      this.#settle(holding, to, target + offset, [...values, ...stored]);
      holding.mayBeFiles ||= mayBeFiles;
    }
  }

  /** The private pages of a range have gone with their mapping: what comes there next holds what it is filled with. */
  forget(mm: MmStruct, start: number, end: number): void {
    for (let page = start; page < end; page += PAGE_SIZE) this.#holdings.delete(privateKey(mm, page));
  }

  /** The page holds one of these, or what it is when filled afresh, if somebody is throwing it away. */
  #settle(holding: Holding, vma: Vma, address: number, values: Iterable<number>): void {
    const fresh = holding.discards > 0 ? this.#afresh(vma, address) : [];
    holding.values = new Set([...values, ...fresh]);
    holding.mayBeFiles &&= holding.discards > 0;
  }

  #allowed(holding: Holding, vma: Vma, address: number): ReadonlySet<number> {
    if (!holding.mayBeFiles) return holding.values;
    return new Set([...holding.values, ...this.#afresh(vma, address)]);
  }

  /** What a fresh page would hold: zeroes, or what the file holds. */
  #afresh(vma: Vma, address: number): Iterable<number> {
    if (vma.file === null) return [0];
    return this.#holdings.get(sharedKey(vma.file, vma.indexOf(address)))?.values ?? [0];
  }

  /** What a load of the mapping looks at: a private page that nobody has written is the file's. */
  #seen(vma: Vma, address: number): Holding {
    const own = this.#holdings.get(this.#keyUsed(vma, address));
    if (own !== undefined) return own;
    const mayBeFiles = vma.file !== null;
    return { values: new Set(mayBeFiles ? [] : [0]), discards: 0, mayBeFiles };
  }

  /** What a store of the mapping changes: at a place that its page is still being moved to, what that page holds. */
  #used(vma: Vma, address: number): Holding {
    return this.#holdingAt(this.#keyUsed(vma, address), () => this.#afresh(vma, address));
  }

  #own(vma: Vma, address: number): Holding {
    const atFirst = (): Iterable<number> =>
      this.#holdings.get(this.#keyUsed(vma, address))?.values ?? this.#afresh(vma, address);
    return this.#holdingAt(keyOf(vma, address), atFirst);
  }

  /** Where the page is noted that a mapping has at an address: at its old place until it has moved. */
  #keyUsed(vma: Vma, address: number): string {
    const own = keyOf(vma, address);
    const { mm, movedFrom: from } = vma;
    if (from === null || this.#holdings.has(own) || !mm.vmas.value.includes(from)) return own;
    return this.#keyUsed(from, address - vma.start + from.start);
  }

  #holdingAt(key: string, values: () => Iterable<number>): Holding {
    let holding = this.#holdings.get(key);
    if (holding === undefined) {
      holding = { values: new Set(values()), discards: 0, mayBeFiles: false };
      this.#holdings.set(key, holding);
    }
    return holding;
  }
}

function isShared({ file, flags }: Vma): boolean {
  return file !== null && (flags.value & VM_SHARED) !== 0;
}

function keyOf(vma: Vma, address: number): string {
  return isShared(vma) ? sharedKey(vma.file!, vma.indexOf(address)) : privateKey(vma.mm, address);
}

function privateKey(mm: MmStruct, address: number): string {
  return `${mm.name} ${Math.floor(address / PAGE_SIZE)}`;
}

function sharedKey({ name }: AddressSpace, index: number): string {
  return `${name}[${index}]`;
}

/** Where private mappings have a page of their file. */
function addressesOf(vmas: readonly Vma[], index: number): { readonly vma: Vma; readonly address: number }[] {
  return vmas.flatMap((vma) => {
    const address = isShared(vma) ? undefined : vma.addressOf(index);
    return address === undefined ? [] : [{ vma, address }];
  });
}
