/**
 * What a PMD slot holds, as khugepaged tells it apart.
 *
 * @see mm/khugepaged.c, find_pmd_or_thp_or_none(), check_pmd_state(), Linux v6.1, v6.12 and v6.14
 */

import { readOnce, type Steps } from "@mmrace/scheduler";
import { pmdBad, pmdLeaf, pmdNone, pmdPresent, PMD_SIZE, type Entry } from "@mmrace/x86-paging";
import type { MmStruct } from "../../state/mm-struct.ts";
import type { PmdSlot } from "../../state/pmd-table.ts";
import type { World } from "../../state/world.ts";

/** What classifying a PMD slot says (`enum scan_result`, reduced). */
export type PmdState = "SUCCEED" | "PMD_NONE" | "PMD_MAPPED" | "PMD_NULL";

/** How a scan or a collapse ended (`enum scan_result`, reduced). */
export type ScanResult =
  | PmdState
  | "FAIL"
  | "PTE_MAPPED_HUGEPAGE"
  | "PTE_NON_PRESENT"
  | "PTE_UFFD_WP"
  | "EXCEED_NONE_PTE"
  | "PAGE_LOCK"
  | "PAGE_COUNT"
  | "PAGE_LRU"
  | "PAGE_ANON"
  | "PAGE_COMPOUND"
  | "PAGE_NULL"
  | "PAGE_FILLED"
  | "TRUNCATED"
  | "VMA_CHECK"
  | "VMA_NULL";

/** For whom MADV_COLLAPSE collapses a file. */
export interface CollapseTarget {
  readonly mm: MmStruct;
  readonly address: number;
}

function classify(pmd: Entry): PmdState {
  if (pmdNone(pmd)) return "PMD_NONE";
  if (!pmdPresent(pmd)) return "PMD_NULL"; // A migration entry, for one: edb5d0cf5525 (6.2, and 6.1.y).
  if (pmdLeaf(pmd)) return "PMD_MAPPED";
  return pmdBad(pmd) ? "PMD_NULL" : "SUCCEED";
}

/** Walks to the slot of an address without any lock, and says what it holds. */
export function* findPmdOrThpOrNone(_w: World, slot: PmdSlot): Steps<PmdState> {
  return classify(yield* readOnce(slot));
}

/** v6.14 and later: the same of a slot that the caller has locked. */
export function* checkPmdState(_w: World, slot: PmdSlot): Steps<PmdState> {
  return classify(yield* readOnce(slot));
}

/** The addresses that a slot covers, as notifiers are told of them. */
export function rangeOf({ address }: PmdSlot): { readonly start: number; readonly end: number } {
  return { start: address, end: address + PMD_SIZE };
}
