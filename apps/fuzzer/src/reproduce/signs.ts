/** What a kernel shows of a finding: where to look after a run. */

import {
  COW_BREACH,
  KERNEL_ASSERTION,
  LOST_DIRTY,
  LOST_ENTRY,
  LOST_STORE,
  PAGE_TABLE_USE_AFTER_FREE,
  PAGE_USE_AFTER_FREE,
  PIN_COHERENCE,
  RECOUNT,
  RMAP_INDEX,
  SECONDARY_STALE,
  STALE_TRANSLATION,
  TABLE_SHAPE,
  UFFD_EVENT_LOST,
} from "@mmrace/mm";

const ACCOUNTS =
  'at the exit of the process: "BUG: Bad rss-counter state", or "BUG: non-zero pgtables_bytes" (CONFIG_DEBUG_VM)';

const SIGNS: Readonly<Record<string, string>> = {
  [PAGE_TABLE_USE_AFTER_FREE]:
    "a report of KASAN for the lock of the table (CONFIG_KASAN), of lockdep (CONFIG_PROVE_LOCKING), or entries that appear in a " +
    "page with other contents: page_poison=1 and CONFIG_PAGE_TABLE_CHECK make that visible",
  [PAGE_USE_AFTER_FREE]: "a bad page state, or CONFIG_PAGE_TABLE_CHECK, or page_poison=1",
  [TABLE_SHAPE]:
    'an oops in the walk, a "bad pmd" message, or a process that reads foreign memory: a slot names a table that is none',
  [LOST_ENTRY]: ACCOUNTS,
  [RECOUNT]: ACCOUNTS,
  [PIN_COHERENCE]: "data that a device wrote is not what the process reads",
  [STALE_TRANSLATION]:
    "an access that should fault is served from the old page: let user space compare what it reads",
  [LOST_STORE]: "a store that is not there when it is read again",
  [LOST_DIRTY]: "a store that is not in the file when its page was written back and read again",
  [COW_BREACH]: "a store that another process or the file sees",
  [KERNEL_ASSERTION]: 'a "kernel BUG at" or a warning in the function of the last row',
  [SECONDARY_STALE]: "the guest reads what the host has replaced",
  [UFFD_EVENT_LOST]: "a page is there, and no event was read from the userfaultfd",
  [RMAP_INDEX]:
    "reclaim and migration do not find the page where it is mapped; VM_BUG_ON_FOLIO with CONFIG_DEBUG_VM",
  deadlock: "hung tasks; lockdep says so beforehand. The program ends with 124",
  livelock: "soft lockups, or threads that run for ever. The program ends with 124",
};

/** For the oracle of a finding. */
export function signOf(oracle: string): string {
  return SIGNS[oracle] ?? "what the finding says";
}
