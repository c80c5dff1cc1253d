/** Entries with the few flags that the processor looks at, for tests of walks and caches. */

import { entry, mkHugePmd, mkPte, PRESENT, type Entry } from "../src/index.ts";

/** A present 4 KiB page with low-half flags. */
export function page(frame: number, flags: number): Entry {
  return mkPte(frame, entry(PRESENT | flags, 0));
}

/** A present 2 MiB page with low-half flags. */
export function largePage(frame: number, flags: number): Entry {
  return mkHugePmd(frame, entry(PRESENT | flags, 0));
}
