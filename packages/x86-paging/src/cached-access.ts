/**
 * Accesses that go through the caches, and fills that nobody asked for.
 *
 * Intel SDM volume 3, section 5.10.2 (use of TLBs), 5.10.3 (paging-structure caches). One call is one atomic
 * step; a model that wants a walk in several steps uses walkFrom and commitUpdates itself.
 */

import { commitUpdates, type WriteEntry } from "./accessed-dirty.ts";
import { isCanonicalAddress, virtualBits } from "./address.ts";
import type { Access, PagingControls } from "./control.ts";
import { frameField } from "./entry.ts";
import { DIRTY } from "./flags.ts";
import { PAGE_SIZE } from "./level.ts";
import type { ReadEntry } from "./memory.ts";
import { ALL_RIGHTS, checkAccess, narrowRights, protectionKeyOf, type Rights } from "./permission.ts";
import { invalidateAfterFault } from "./tlb-invalidate.ts";
import {
  pagesSpanned,
  type StructureEntry,
  type TlbEntry,
  type TranslationCaches,
  virtualPage,
} from "./tlb.ts";
import {
  type Faulted,
  leafFrame,
  type NonCanonical,
  type Translated,
  walkFrom,
  type WalkStart,
} from "./walk.ts";

/** Memory as the walker of one processor sees it. */
export interface TableMemory {
  readonly read: ReadEntry;
  readonly write: WriteEntry;
}

/** What CR3 holds. */
export interface AddressSpace {
  /** Frame of the root table. */
  readonly rootFrame: number;
  /** 0 without CR4.PCIDE. */
  readonly pcid: number;
}

/** The processor's choices where the manual leaves it any. */
export interface CacheChoices {
  /** Which of the matching translations to use: an index into `matching()`, or "none" to walk. Default 0. */
  readonly translation?: number | "none";
  /** Which table pointer to start a walk from: an index into `startingPoints()`, or "none". Default 0. */
  readonly start?: number | "none";
  /** Cache only the 4 KiB fragment of a large page that was touched. Default false. */
  readonly fragment?: boolean;
}

/** The translation came from the TLB; memory was not read. */
export interface Hit {
  readonly kind: "hit";
  readonly pa: number;
  readonly entry: TlbEntry;
}

/** A fault because of what the TLB says, which may be out of date. The entries that caused it are gone now. */
export interface StaleFault {
  readonly kind: "tlb-fault";
  readonly code: number;
  readonly entry: TlbEntry;
}

/** What an access through the caches came to. */
export type CachedResult = Hit | StaleFault | Translated | Faulted | NonCanonical;

/** One access: TLB first, then a walk that fills the caches. A and D are written as the processor does. */
export function accessThroughCaches(
  caches: TranslationCaches,
  memory: TableMemory,
  space: AddressSpace,
  va: bigint,
  access: Access,
  controls: PagingControls,
  choices: CacheChoices = {},
): CachedResult {
  if (!isCanonicalAddress(va, virtualBits(controls.levels))) return { kind: "non-canonical" };
  const page = virtualPage(va);
  const { pcid } = space;
  const chosen = choices.translation ?? 0;
  const entry = chosen === "none" ? undefined : caches.matching(page, pcid)[chosen];
  if (entry !== undefined) {
    const code = checkAccess(entry.rights, entry.protectionKey, access, controls);
    if (code !== 0) {
      invalidateAfterFault(caches, page, pcid);
      return { kind: "tlb-fault", code, entry };
    }
    if (access.kind !== "write" || entry.dirty) {
      const offset = Number(BigInt.asUintN(12, va));
      return { kind: "hit", pa: (entry.frame + page - entry.page) * PAGE_SIZE + offset, entry };
    }
    // Dirty must be set in memory, which takes a walk: the clean translation is of no use for it.
    caches.evictTranslation(entry);
  }
  const result = walkAndFill(caches, memory, space, va, access, controls, choices);
  if (result.kind === "fault") invalidateAfterFault(caches, page, pcid);
  return result;
}

/**
 * A speculative fill: the processor walks and caches without any instruction asking. Possible for every present
 * translation whatever its rights; sets Accessed and never Dirty.
 *
 * @returns true when there was a translation to cache.
 */
export function speculativeFill(
  caches: TranslationCaches,
  memory: TableMemory,
  space: AddressSpace,
  va: bigint,
  controls: PagingControls,
  choices: CacheChoices = {},
): boolean {
  const anyRights: PagingControls = { ...controls, smap: false, pkru: undefined, pkrs: undefined };
  const access: Access = { kind: "read", user: false };
  return walkAndFill(caches, memory, space, va, access, anyRights, choices).kind === "translated";
}

function walkAndFill(
  caches: TranslationCaches,
  memory: TableMemory,
  space: AddressSpace,
  va: bigint,
  access: Access,
  controls: PagingControls,
  choices: CacheChoices,
): Translated | Faulted | NonCanonical {
  const page = virtualPage(va);
  const index = choices.start ?? 0;
  const cached = index === "none" ? undefined : caches.startingPoints(page, space.pcid)[index];
  const start: WalkStart =
    cached === undefined
      ? { level: controls.levels, frame: space.rootFrame, rights: ALL_RIGHTS }
      : { level: (cached.level - 1) as WalkStart["level"], frame: cached.frame, rights: cached.rights };
  const result = walkFrom(memory.read, start, va, access, controls);
  if (result.kind !== "translated") return result;
  commitUpdates(result.updates, memory.read, memory.write);
  cacheStructures(caches, space.pcid, page, start.rights, result);
  caches.insertTranslation(translationOf(result, page, space.pcid, access, choices.fragment === true));
  return result;
}

/** Every table pointer of a finished walk may be cached; here all are. */
function cacheStructures(
  caches: TranslationCaches,
  pcid: number,
  page: number,
  startRights: Rights,
  result: Translated,
): void {
  let rights = startRights;
  for (const { level, entry } of result.steps) {
    rights = narrowRights(rights, entry);
    if (level === result.level) return;
    const prefix = Math.floor(page / pagesSpanned(level));
    const structure: StructureEntry = { pcid, level, prefix, frame: frameField(entry), rights };
    caches.insertStructure(structure);
  }
}

function translationOf(
  result: Translated,
  page: number,
  pcid: number,
  access: Access,
  isFragment: boolean,
): TlbEntry {
  const size = pagesSpanned(result.level);
  const first = isFragment ? page : page - (page % size);
  return {
    pcid,
    global: result.global,
    level: result.level,
    page: first,
    pages: isFragment ? 1 : size,
    frame: leafFrame(result.leaf, result.level) + (isFragment ? page % size : 0),
    rights: result.rights,
    protectionKey: protectionKeyOf(result.leaf),
    dirty: access.kind === "write" || (result.leaf.lo & DIRTY) !== 0,
  };
}
