/**
 * What userfaultfd and markers owe to user space: ghost state beside the page tables.
 *
 * A *promise* is a fact that stands in an entry and must stay there until somebody entitled drops it: a uffd-wp bit or
 * marker, a poison marker, a guard marker. A page is *accounted for* when it may be present though its area waits for
 * missing pages: it was there before, a fill put it there, or the context was told.
 */

import { violate } from "@mmrace/scheduler";
import { PAGE_SIZE, virtualPage } from "@mmrace/x86-paging";
import { Ghost, type GhostChange } from "./ghost.ts";
import type { MmStruct } from "./mm-struct.ts";

/** Oracle: a page that userfaultfd has write-protected can be written, and it would not hear of it. */
export const SILENT_WRITE = "silent write";
/** Oracle: a page that is userfaultfd's to serve is filled behind its owner's back. */
export const UFFD_EVENT_LOST = "userfaultfd event lost";

/** What may be promised of a page. */
export type Promised = "uffd-wp" | "poison" | "guard";

/** One promise about one page. */
export interface MarkerPromise {
  readonly mm: MmStruct;
  /** First address of the page. */
  readonly address: number;
  readonly what: Promised;
}

/** The promises of one world, and the pages that are accounted for. */
export class UffdLedger extends Ghost {
  readonly #promises = new Map<string, MarkerPromise>();
  readonly #accounted = new Set<string>();

  constructor() {
    super("uffd_ledger");
  }

  override stateValue(): unknown {
    return [
      Array.from(this.#promises, ([page, { what }]) => `${page} ${what}`).toSorted(),
      [...this.#accounted].toSorted(),
    ];
  }

  /** All promises, in the order in which they were first made. */
  get promises(): Iterable<MarkerPromise> {
    return this.#promises.values();
  }

  /** An entry has been written that says so. Call it in the step that writes the entry. */
  promise(mm: MmStruct, address: number, what: Promised): void {
    const key = keyOf(mm, address);
    if (this.#promises.get(key)?.what !== what) {
      this.#promises.set(key, { mm, address: pageOf(address), what });
    }
  }

  /**
   * UFFDIO_WRITEPROTECT returns: reports a page of the range that a processor can still write to without a walk. That is
   * asked here and not when it writes, as such a store meets nothing that would tell the search of an order.
   */
  complete(mm: MmStruct, start: number, end: number): void {
    for (const page of pagesOf(start, end)) {
      if (this.#promises.get(keyOf(mm, page))?.what !== "uffd-wp") continue;
      for (const { cpu, caches } of mm.tlbs.cpus) {
        const isWritable = caches.matching(virtualPage(BigInt(page)), 0).some(({ rights }) => rights.write);
        if (isWritable)
          violate(
            SILENT_WRITE,
            `CPU${cpu} can write to 0x${page.toString(16)}, though UFFDIO_WRITEPROTECT returns`,
          );
      }
    }
  }

  /** The same as a change, which looks at the TLBs of the mm. */
  completed(mm: MmStruct, start: number, end: number): GhostChange {
    return this.changed(
      () => this.complete(mm, start, end),
      () => mm.tlbs.cpus,
    );
  }

  /** The entries of a range are write-protected, or not any more, in this step. */
  wpChanged(mm: MmStruct, start: number, end: number, isEnabled: boolean): GhostChange {
    return this.changed(() => {
      if (!isEnabled) this.release(mm, start, end);
      else for (const page of pagesOf(start, end)) this.promise(mm, page, "uffd-wp");
    });
  }

  /** Somebody entitled drops the promises of a range: a fill, a resolve, an unmapping. */
  release(mm: MmStruct, start: number, end: number = start + 1): void {
    for (const page of pagesOf(start, end)) this.#promises.delete(keyOf(mm, page));
  }

  /** A page's entry has gone to another address, and with it what is known of the page. */
  move(mm: MmStruct, from: number, to: number, keepsUffd: boolean): void {
    const promise = this.#promises.get(keyOf(mm, from));
    this.release(mm, from);
    if (promise !== undefined && (keepsUffd || promise.what !== "uffd-wp")) {
      this.#promises.set(keyOf(mm, to), { ...promise, address: pageOf(to) });
    }
    this.#accounted.delete(keyOf(mm, from));
    this.account(mm, to);
  }

  /** The page may be present from now on. */
  account(mm: MmStruct, address: number): void {
    this.#accounted.add(keyOf(mm, address));
  }

  /** The page has been discarded: if it comes back, then by a fill or with an event. */
  forget(mm: MmStruct, start: number, end: number): void {
    for (const page of pagesOf(start, end)) this.#accounted.delete(keyOf(mm, page));
  }

  isAccounted(mm: MmStruct, address: number): boolean {
    return this.#accounted.has(keyOf(mm, address));
  }
}

function pageOf(address: number): number {
  return address - (address % PAGE_SIZE);
}

function keyOf(mm: MmStruct, address: number): string {
  return `${mm.name} ${Math.floor(address / PAGE_SIZE)}`;
}

function pagesOf(start: number, end: number): readonly number[] {
  const pages: number[] = [];
  for (let page = pageOf(start); page < end; page += PAGE_SIZE) pages.push(page);
  return pages;
}
