/** What GUP has pinned, and must stay mapped where it was: ghost state. */

import type { Folio } from "./folio.ts";
import { Ghost } from "./ghost.ts";
import type { MmStruct } from "./mm-struct.ts";

/** Oracle: a page that GUP has pinned is no longer the page mapped at its address. */
export const PIN_COHERENCE = "pin coherence";

/** A page that GUP has pinned at an address, where it must stay mapped, if any page is. */
export interface Pin {
  readonly mm: MmStruct;
  readonly address: number;
  readonly folio: Folio;
  readonly pfn: number;
}

/** The pins of one world whose pages were not thrown away on purpose. */
export class Pins extends Ghost {
  /** For properties and set-up, in the order in which they were taken. */
  all: readonly Pin[] = [];

  constructor() {
    super("pins");
  }

  override stateValue(): unknown {
    return this.all;
  }

  /** GUP has pinned a page. */
  pin(pin: Pin): void {
    this.all = [...this.all, pin];
  }

  /** One pin of a folio is given back. */
  unpin(folio: Folio): void {
    const first = this.all.find((pin) => pin.folio === folio);
    this.all = this.all.filter((pin) => pin !== first);
  }

  /** What is mapped in a range is going to be thrown away. */
  forget(mm: MmStruct, start: number, end: number): void {
    this.all = this.all.filter((pin) => pin.mm !== mm || pin.address < start || pin.address >= end);
  }
}
