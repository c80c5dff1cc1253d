/** What stands in page-table entries, without frames: for tools that count which transitions they have seen. */

import { HASH_START, hashWord, type SharedObject } from "@mmrace/scheduler";
import { pteNone, ptePresent, type Entry } from "@mmrace/x86-paging";
import { PteArray } from "./page-table.ts";
import { PmdSlot } from "./pmd-table.ts";

/** The low bits of an entry: present, writable, user, accessed, dirty, huge, and what software keeps there. */
const FLAGS = 0xfff;

/** Where the type of a swap entry begins in the high half: bit 59. Migration entries and markers are types of their own. */
const SWAP_TYPE_SHIFT = 27;

/** A hash of what kind of entry stands in each place of a table or slot; `undefined` for what holds no entries. */
export function entryKinds(object: SharedObject): number | undefined {
  if (object instanceof PteArray)
    return object.values.reduce((hash, pte) => hashWord(hash, kindOf(pte)), HASH_START);
  return object instanceof PmdSlot ? hashWord(HASH_START, kindOf(object.value)) : undefined;
}

function kindOf(entry: Entry): number {
  if (pteNone(entry)) return 0;
  return ptePresent(entry) ? 1 + (entry.lo & FLAGS) : -1 - (entry.hi >>> SWAP_TYPE_SHIFT);
}
