/**
 * An entry as one short line, for traces and assertion messages. Whole sentences are in explain.ts.
 */

import { entryToHex, hasAnyBit, type Entry, type Word } from "./entry.ts";
import { FLAG, PKEY_MASK } from "./flags.ts";
import { LINUX_6_12, type EntryLayout } from "./layout.ts";
import { type Level, levelInfo, type LevelName, levelOf } from "./level.ts";
import { pfnOf } from "./linux/frame.ts";
import { pteMarkerGet } from "./linux/marker.ts";
import { isMigrationEntryDirty, isMigrationEntryYoung, swapKind, swpOffsetPfn } from "./linux/swap-kinds.ts";
import { pteSwpExclusive, pteSwpSoftDirty, pteSwpUffdWp, pteToSwpEntry, swapSlotOf } from "./linux/swap.ts";
import { pteNone } from "./linux/test-pte.ts";

/** What kind of thing an entry of a level is. */
export type EntryKind = "none" | "table" | "page" | "prot-none" | "invalid-large" | "swap" | "malformed";

/**
 * Classifies an entry the way Linux reads user page tables.
 *
 * `prot-none`: a page the processor must not see. `invalid-large`: a large page caught while it is split or
 * its permissions change (PSE alone). `malformed`: not present and not none where only pages may be so.
 */
export function entryKind(word: Entry, level: Level): EntryKind {
  if (pteNone(word)) return "none";
  const mapsPage = level === 1 || ((level === 2 || level === 3) && (word.lo & FLAG.PSE.lo) !== 0);
  if ((word.lo & FLAG.PRESENT.lo) !== 0) return mapsPage ? "page" : "table";
  if (level > 3) return "malformed";
  if ((word.lo & FLAG.PROTNONE.lo) !== 0) return mapsPage ? "prot-none" : "malformed";
  if (level === 1) return "swap";
  if (mapsPage) return level === 2 ? "invalid-large" : "malformed";
  return level === 2 ? "swap" : "malformed";
}

/**
 * One line, for example `none`, `table pfn 0x12 P|RW|US|A|D`, `4K page pfn 0x34 P|RW|US|A|D|NX`,
 * `4K page pfn 0x34 PROT_NONE|A|D`, `uffd-wp marker`, `swap type 3 offset 0x1234 exclusive`.
 */
export function describeEntry(word: Entry, at: Level | LevelName, layout: EntryLayout = LINUX_6_12): string {
  const level = levelOf(at);
  const kind = entryKind(word, level);
  if (kind === "none") return "none";
  if (kind === "swap") return describeSwap(word, layout);
  if (kind === "malformed") return `malformed ${entryToHex(word)}`;
  const pfn = `pfn 0x${pfnOf(word, level).toString(16)}`;
  if (kind === "table") return `table ${pfn} ${flagText(word, level, layout)}`;
  return `${levelInfo(level).page} page ${pfn} ${flagText(word, level, layout)}`;
}

/** The flags of a present, PROT_NONE or invalid entry, lowest bit first, joined by `|`. */
export function flagText(word: Entry, level: Level, layout: EntryLayout = LINUX_6_12): string {
  const isPage = entryKind(word, level) !== "table";
  const present = (word.lo & FLAG.PRESENT.lo) !== 0;
  const names: string[] = [];
  const add = (mask: Word, name: string): void => {
    if (hasAnyBit(word, mask)) names.push(name);
  };
  if (present) names.push("P");
  else names.push((word.lo & FLAG.PROTNONE.lo) !== 0 ? "PROT_NONE" : "INVALID");
  add(FLAG.RW, "RW");
  add(FLAG.USER, "US");
  add(FLAG.PWT, "PWT");
  add(FLAG.PCD, "PCD");
  add(FLAG.ACCESSED, "A");
  add(FLAG.DIRTY, "D");
  if (isPage) {
    add(level === 1 ? FLAG.PAT : FLAG.PAT_LARGE, "PAT");
    if (present) add(FLAG.GLOBAL, "G");
    add(FLAG.SPECIAL, "special");
    add(FLAG.UFFD_WP, "uffd-wp");
    add(FLAG.SOFT_DIRTY, "soft-dirty");
    add(layout.devmap, "devmap");
    add(layout.savedDirty, "saved-dirty");
    if (hasAnyBit(word, PKEY_MASK)) names.push(`pkey=${(word.hi >>> 27) & 15}`);
  }
  add(FLAG.NX, "NX");
  return names.join("|");
}

function describeSwap(word: Entry, layout: EntryLayout): string {
  const slot = swapSlotOf(word);
  const kind = swapKind(slot.type, layout);
  const swp = pteToSwpEntry(word);
  const flags: string[] = [];
  if (pteSwpExclusive(word)) flags.push("exclusive");
  if (pteSwpUffdWp(word)) flags.push("uffd-wp");
  if (pteSwpSoftDirty(word)) flags.push("soft-dirty");
  const tail = flags.length === 0 ? "" : ` ${flags.join("|")}`;
  if (kind === "swap") return `swap type ${slot.type} offset 0x${slot.offset.toString(16)}${tail}`;
  if (kind === "pte marker") return `${markerText(pteMarkerGet(word, layout), layout)} marker${tail}`;
  if (kind === "unknown" || kind === "swapin error") {
    return `${kind} type ${slot.type} offset 0x${slot.offset.toString(16)}${tail}`;
  }
  if (kind.startsWith("migration")) {
    if (isMigrationEntryDirty(swp, layout)) flags.unshift("D");
    if (isMigrationEntryYoung(swp, layout)) flags.unshift("A");
  }
  return `${kind} pfn 0x${swpOffsetPfn(swp, layout).toString(16)}${flags.length === 0 ? "" : ` ${flags.join("|")}`}`;
}

/** The names of a marker's bits joined by `+`, or `empty`. */
export function markerText(marker: number, layout: EntryLayout): string {
  const names: string[] = [];
  if ((marker & layout.markers.uffdWp) !== 0) names.push("uffd-wp");
  if ((marker & layout.markers.poison) !== 0) names.push("poison");
  if ((marker & layout.markers.guard) !== 0) names.push("guard");
  return names.length === 0 ? "empty" : names.join("+");
}
