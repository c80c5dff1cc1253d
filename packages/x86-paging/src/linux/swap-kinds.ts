/**
 * What the types of not-present entries mean: migration, device memory, poisoned memory.
 *
 * All functions here take the generic `swp_entry_t` (see swap.ts) unless they say otherwise. The numbers
 * behind the names belong to the release.
 *
 * @see include/linux/swapops.h
 */

import type { Entry, Word } from "../entry.ts";
import { LINUX_6_12, swapPfnBits, type EntryLayout, type SwapTypes } from "../layout.ts";
import { isSwapPmd, pmdToSwpEntry, swpEntry, swpEntryToPte, swpType } from "./swap.ts";

/** The kinds of not-present entries. */
export type SwapKind =
  | "swap"
  | "hwpoison"
  | "migration read"
  | "migration read-exclusive"
  | "migration write"
  | "device write"
  | "device read"
  | "device-exclusive write"
  | "device-exclusive read"
  | "device-exclusive"
  | "pte marker"
  | "swapin error"
  | "unknown";

const NAMED: readonly (readonly [keyof SwapTypes, SwapKind])[] = [
  ["hwpoison", "hwpoison"],
  ["migrationRead", "migration read"],
  ["migrationReadExclusive", "migration read-exclusive"],
  ["migrationWrite", "migration write"],
  ["deviceWrite", "device write"],
  ["deviceRead", "device read"],
  ["deviceExclusiveWrite", "device-exclusive write"],
  ["deviceExclusiveRead", "device-exclusive read"],
  ["pteMarker", "pte marker"],
  ["swapinError", "swapin error"],
];

/** Names a type number under a release; `unknown` for a number the release has no use for. */
export function swapKind(type: number, layout: EntryLayout = LINUX_6_12): SwapKind {
  if (type < layout.swapTypes.swapFiles) return "swap";
  const kind = NAMED.find(([key]) => layout.swapTypes[key] === type)?.[1] ?? "unknown";
  const hasOneExclusive = layout.swapTypes.deviceExclusiveRead === undefined;
  return kind === "device-exclusive write" && hasOneExclusive ? "device-exclusive" : kind;
}

/** Not a swap file: one of the special types. */
export function nonSwapEntry(swp: Word, layout: EntryLayout = LINUX_6_12): boolean {
  return swpType(swp) >= layout.swapTypes.swapFiles;
}

/** Any of the three migration types: faults must wait until the page has moved. */
export function isMigrationEntry(swp: Word, layout: EntryLayout = LINUX_6_12): boolean {
  const type = swpType(swp);
  return type >= layout.swapTypes.migrationRead && type <= layout.swapTypes.migrationWrite;
}

/** Migrating, and writable once it has moved. */
export function isWritableMigrationEntry(swp: Word, layout: EntryLayout = LINUX_6_12): boolean {
  return swpType(swp) === layout.swapTypes.migrationWrite;
}

/** Migrating, read-only, possibly shared. */
export function isReadableMigrationEntry(swp: Word, layout: EntryLayout = LINUX_6_12): boolean {
  return swpType(swp) === layout.swapTypes.migrationRead;
}

/** Migrating, read-only, anonymous and not shared with another process. */
export function isReadableExclusiveMigrationEntry(swp: Word, layout: EntryLayout = LINUX_6_12): boolean {
  return swpType(swp) === layout.swapTypes.migrationReadExclusive;
}

/** Migration entry for a frame, given as a word so that offsets beyond 40 bits can be tested. */
export function makeWritableMigrationEntry(offset: Word, layout: EntryLayout = LINUX_6_12): Word {
  return swpEntry(layout.swapTypes.migrationWrite, offset);
}

/** See {@link makeWritableMigrationEntry}. */
export function makeReadableMigrationEntry(offset: Word, layout: EntryLayout = LINUX_6_12): Word {
  return swpEntry(layout.swapTypes.migrationRead, offset);
}

/** See {@link makeWritableMigrationEntry}. */
export function makeReadableExclusiveMigrationEntry(offset: Word, layout: EntryLayout = LINUX_6_12): Word {
  return swpEntry(layout.swapTypes.migrationReadExclusive, offset);
}

/** Remembers Accessed in a migration entry, in the first offset bit above the frame. The type is not checked. */
export function makeMigrationEntryYoung(swp: Word, layout: EntryLayout = LINUX_6_12): Word {
  return { lo: swp.lo, hi: swp.hi | youngBit(layout) };
}

/** Remembers Dirty in a migration entry, in the second offset bit above the frame. The type is not checked. */
export function makeMigrationEntryDirty(swp: Word, layout: EntryLayout = LINUX_6_12): Word {
  return { lo: swp.lo, hi: swp.hi | (youngBit(layout) << 1) };
}

/** Was the page young when migration began. */
export function isMigrationEntryYoung(swp: Word, layout: EntryLayout = LINUX_6_12): boolean {
  return (swp.hi & youngBit(layout)) !== 0;
}

/** Was the page dirty when migration began. */
export function isMigrationEntryDirty(swp: Word, layout: EntryLayout = LINUX_6_12): boolean {
  return (swp.hi & (youngBit(layout) << 1)) !== 0;
}

/** Migration entry, ready to be stored as a pte. */
export function migrationPteWritable(offset: Word, layout: EntryLayout = LINUX_6_12): Entry {
  return swpEntryToPte(makeWritableMigrationEntry(offset, layout));
}

/** Read-only migration entry, ready to be stored as a pte. */
export function migrationPteReadable(offset: Word, layout: EntryLayout = LINUX_6_12): Entry {
  return swpEntryToPte(makeReadableMigrationEntry(offset, layout));
}

/** Migration entry of a huge page, ready to be stored as a pmd. */
export const migrationPmdWritable: (offset: Word, layout?: EntryLayout) => Entry = migrationPteWritable;

/** A huge page that is being migrated. Takes the raw pmd. */
export function isPmdMigrationEntry(pmd: Entry, layout: EntryLayout = LINUX_6_12): boolean {
  return isSwapPmd(pmd) && isMigrationEntry(pmdToSwpEntry(pmd), layout);
}

/** Memory of a device the CPU cannot reach; a fault migrates it back. */
export function isDevicePrivateEntry(swp: Word, layout: EntryLayout = LINUX_6_12): boolean {
  const type = swpType(swp);
  return type === layout.swapTypes.deviceRead || type === layout.swapTypes.deviceWrite;
}

/** Device memory, writable by the device. */
export function isWritableDevicePrivateEntry(swp: Word, layout: EntryLayout = LINUX_6_12): boolean {
  return swpType(swp) === layout.swapTypes.deviceWrite;
}

/** Device memory, writable by the device. */
export function makeWritableDevicePrivateEntry(offset: Word, layout: EntryLayout = LINUX_6_12): Word {
  return swpEntry(layout.swapTypes.deviceWrite, offset);
}

/** Device memory, read-only to the device. */
export function makeReadableDevicePrivateEntry(offset: Word, layout: EntryLayout = LINUX_6_12): Word {
  return swpEntry(layout.swapTypes.deviceRead, offset);
}

/** System memory that a device has taken for atomic use; the CPU must fault to take it back. */
export function isDeviceExclusiveEntry(swp: Word, layout: EntryLayout = LINUX_6_12): boolean {
  const type = swpType(swp);
  return type === layout.swapTypes.deviceExclusiveWrite || type === layout.swapTypes.deviceExclusiveRead;
}

/** A frame with a memory error; touching it raises SIGBUS. */
export function isHwpoisonEntry(swp: Word, layout: EntryLayout = LINUX_6_12): boolean {
  return swpType(swp) === layout.swapTypes.hwpoison;
}

/** The offset names a frame rather than a place in a swap file. */
export function isPfnSwapEntry(swp: Word, layout: EntryLayout = LINUX_6_12): boolean {
  return (
    isMigrationEntry(swp, layout) ||
    isDevicePrivateEntry(swp, layout) ||
    isDeviceExclusiveEntry(swp, layout) ||
    isHwpoisonEntry(swp, layout)
  );
}

/** The frame an entry names: the low 34 bits of its offset (40 with five levels), whatever its type. */
export function swpOffsetPfn(swp: Word, layout: EntryLayout = LINUX_6_12): number {
  return (swp.hi & (youngBit(layout) - 1)) * 2 ** 32 + (swp.lo >>> 0);
}

/** The offset bit just above the frame, as a mask of the high half. */
function youngBit(layout: EntryLayout): number {
  return 1 << (swapPfnBits(layout) - 32);
}
