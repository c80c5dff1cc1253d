/**
 * Translation of one linear address: the processor's walk from CR3 to a page, or to a fault.
 *
 * Intel SDM volume 3, sections 5.5.4 (steps), 5.6 (rights), 5.7 (faults), 5.8 (A and D). The walk reads memory
 * and writes nothing: the A and D bits it would set are part of its result. Caches are in tlb.ts.
 */

import { canonicalAddress, virtualBits } from "./address.ts";
import { type AccessedDirtyUpdate, missingAccessedDirty } from "./accessed-dirty.ts";
import type { Access, PagingControls } from "./control.ts";
import { frameField, keepBits, type Entry } from "./entry.ts";
import { FAULT_BIT } from "./fault.ts";
import { GLOBAL, PMD_PAGE_MASK, PRESENT, PUD_PAGE_MASK } from "./flags.ts";
import { ENTRIES_PER_TABLE, type Level, levelInfo, PAGE_SIZE } from "./level.ts";
import type { ReadEntry } from "./memory.ts";
import {
  accessCode,
  ALL_RIGHTS,
  checkAccess,
  narrowRights,
  protectionKeyOf,
  type Rights,
} from "./permission.ts";
import { hasReservedBit, mapsPage } from "./reserved.ts";

/** One entry read on the way. Steps are numbered from the root by their place in the list. */
export interface WalkStep {
  readonly level: Level;
  /** Frame of the table, and index in it. */
  readonly frame: number;
  readonly index: number;
  readonly entry: Entry;
}

/** A page was found and the access is allowed. */
export interface Translated {
  readonly kind: "translated";
  /** Physical address of the byte; below 2^52, so exact. */
  readonly pa: number;
  /** The level of the leaf: 1, 2 or 3. */
  readonly level: Level;
  readonly leaf: Entry;
  readonly rights: Rights;
  readonly global: boolean;
  readonly steps: readonly WalkStep[];
  /** Writes the processor makes before it uses the translation, root first. */
  readonly updates: readonly AccessedDirtyUpdate[];
}

/** #PF. */
export interface Faulted {
  readonly kind: "fault";
  /** {@link FAULT_BIT} bits. */
  readonly code: number;
  /** The level of the entry that ended the walk. */
  readonly level: Level;
  readonly steps: readonly WalkStep[];
  /** Accessed bits the processor may or may not have set on its way to the fault. */
  readonly mayUpdate: readonly AccessedDirtyUpdate[];
}

/** #GP (or #SS): the address is not canonical, so no entry was read. */
export interface NonCanonical {
  readonly kind: "non-canonical";
}

/** What a walk came to. */
export type WalkResult = Translated | Faulted | NonCanonical;

/** Where a walk starts: at the root, or below it, from a paging-structure cache. */
export interface WalkStart {
  /** Level of the table: `controls.levels` at the root. */
  readonly level: Level;
  readonly frame: number;
  /** Rights already narrowed by the entries that are skipped. */
  readonly rights: Rights;
}

/**
 * Walks from the root.
 *
 * @param rootFrame frame of the root table: bits 51..12 of CR3.
 * @param va any 64-bit address; one that is not canonical gives `non-canonical`.
 */
export function walk(
  read: ReadEntry,
  rootFrame: number,
  va: bigint,
  access: Access,
  controls: PagingControls,
): WalkResult {
  return walkFrom(
    read,
    { level: controls.levels, frame: rootFrame, rights: ALL_RIGHTS },
    va,
    access,
    controls,
  );
}

/** Walks from a given table. Entries above it are neither read nor marked accessed. */
export function walkFrom(
  read: ReadEntry,
  start: WalkStart,
  va: bigint,
  access: Access,
  controls: PagingControls,
): WalkResult {
  const width = virtualBits(controls.levels);
  if (canonicalAddress(va, width) !== BigInt.asUintN(64, va)) return { kind: "non-canonical" };
  // 57 bits do not fit a number exactly, so the page number is taken: 45 bits.
  const page = Number(BigInt.asUintN(45, va >> 12n));
  const steps: WalkStep[] = [];
  const updates: AccessedDirtyUpdate[] = [];
  let { level, frame, rights } = start;
  for (;;) {
    const index = indexInTable(page, level);
    const word = read(frame, index);
    steps.push({ level, frame, index, entry: word });
    if ((word.lo & PRESENT) === 0) {
      return { kind: "fault", code: accessCode(access, controls), level, steps, mayUpdate: updates };
    }
    if (hasReservedBit(word, level, controls)) {
      const code = accessCode(access, controls) | FAULT_BIT.present | FAULT_BIT.reserved;
      return { kind: "fault", code, level, steps, mayUpdate: updates };
    }
    rights = narrowRights(rights, word);
    const isLeaf = mapsPage(word, level, controls);
    if (isLeaf) {
      const code = checkAccess(rights, protectionKeyOf(word), access, controls);
      if (code !== 0) return { kind: "fault", code, level, steps, mayUpdate: updates };
    }
    const set = missingAccessedDirty(word, isLeaf, access.kind === "write");
    if (set !== 0) updates.push({ frame, index, seen: word, set });
    if (isLeaf) {
      const global = controls.globalPages && (word.lo & GLOBAL) !== 0;
      return {
        kind: "translated",
        pa: physicalAddress(word, level, va),
        level,
        leaf: word,
        rights,
        global,
        steps,
        updates,
      };
    }
    frame = frameField(word);
    level = (level - 1) as Level;
  }
}

/** The frame a leaf of a level maps, in 4 KiB frames; PAT and the gap of large pages are not part of it. */
export function leafFrame(leaf: Entry, level: Level): number {
  if (level === 1) return frameField(leaf);
  return frameField(keepBits(leaf, level === 2 ? PMD_PAGE_MASK : PUD_PAGE_MASK));
}

function physicalAddress(leaf: Entry, level: Level, va: bigint): number {
  const offset = Number(BigInt.asUintN(levelInfo(level).shift, va));
  return leafFrame(leaf, level) * PAGE_SIZE + offset;
}

function indexInTable(page: number, level: Level): number {
  return Math.floor(page / ENTRIES_PER_TABLE ** (level - 1)) % ENTRIES_PER_TABLE;
}
