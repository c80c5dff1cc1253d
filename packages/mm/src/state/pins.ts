/** What GUP has pinned, and must stay mapped where it was: ghost state. */

import type { Folio } from "./folio.ts";
import { Ghost, type GhostChange } from "./ghost.ts";
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
  /** How often pages were thrown away: whoever pins while that happens pins what nobody need keep mapped. */
  #forgets = 0;

  constructor() {
    super("pins");
  }

  override stateValue(): unknown {
    return [this.all, this.#forgets];
  }

  /** What a pin that is begun now must give to `pin`, in the step that looks at the slot. */
  begins(): { readonly change: GhostChange; readonly since: () => number } {
    let since = 0;
    const change: GhostChange = {
      touches: () => [{ access: "read", object: this }],
      apply: () => {
        since = this.#forgets;
      },
    };
    return { change, since: () => since };
  }

  /** GUP has pinned a page. @param since what `begins` has said; without, nothing was thrown away meanwhile. */
  pin(pin: Pin, since: number = this.#forgets): void {
    if (since === this.#forgets) this.all = [...this.all, pin];
  }

  /** One pin of a folio is given back. */
  unpin(folio: Folio): void {
    const first = this.all.find((pin) => pin.folio === folio);
    this.all = this.all.filter((pin) => pin !== first);
  }

  /** What is mapped in a range is going to be thrown away. */
  forget(mm: MmStruct, start: number, end: number): void {
    this.#forgets++;
    this.all = this.all.filter((pin) => pin.mm !== mm || pin.address < start || pin.address >= end);
  }
}
